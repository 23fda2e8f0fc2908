import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { endpointOf } from '../../src/agent/endpoint.ts';
import { agent } from '../../src/agent/index.ts';
import { PermanentError, TransientError } from '../../src/index.ts';
import { callTask } from '../support/call-task.ts';
import { eventually } from '../support/eventually.ts';
import {
  type ModelReply,
  type ModelServer,
  startModelServer,
  testKey,
  withoutProvider,
} from '../support/model-server.ts';

const summarise = agent({
  name: 'summarise',
  system: 'You summarise.',
  input: z.object({ text: z.string() }),
  prompt: ({ text }) => `Summarise: ${text}`,
});
const document = { text: 'A long text.' };
const Grade = z.object({ grade: z.int().min(1).max(6), reason: z.string() });
const grade = agent({ name: 'grade', input: z.string(), output: Grade, model: 'gpt-4o' });

describe('a model behind an OpenAI-compatible API', () => {
  let server: ModelServer;
  beforeEach(async () => {
    server = await startModelServer('A short text.');
  });

  it('M037: is asked once, as llama-3.3-70b-versatile, for at most 500 tokens, in a stream', async () => {
    const output = await callTask(summarise, document);

    expect(server.requests).toMatchObject([
      {
        model: 'llama-3.3-70b-versatile',
        max_tokens: 500,
        stream: true,
        authorization: `Bearer ${testKey}`,
        messages: [
          { role: 'system', content: 'You summarise.' },
          { role: 'user', content: 'Summarise: A long text.' },
        ],
      },
    ]);
    expect(output).toEqual({
      answer: 'A short text.',
      source: 'llama-3.3-70b-versatile',
      truncated: false,
      usage: {
        model: 'llama-3.3-70b-versatile',
        calls: 1,
        input_tokens: 10,
        output_tokens: 5,
        cost_usd: null,
      },
      toolUses: [],
    });
  });

  it('says that an answer was cut off at the limit of tokens', async () => {
    server.reply({ text: 'A short', finish: 'length' });

    expect(await callTask(summarise, document)).toMatchObject({
      answer: 'A short',
      truncated: true,
    });
  });

  it('answers as the schema says', async () => {
    server.reply('```json\n{"grade": 2, "reason": "clear"}\n```');

    const { answer } = await callTask(grade, 'An essay.');

    expect(answer).toEqual({ grade: 2, reason: 'clear' });
    expect(server.requests[0]).toMatchObject({
      model: 'gpt-4o',
      response_format: { type: 'json_object' },
      messages: [
        { role: 'system', content: expect.stringContaining('"grade"') },
        { role: 'user', content: 'An essay.' },
      ],
    });
  });

  it('sends an answer that does not fit back once, with what is wrong', async () => {
    server.reply('{"grade": 9, "reason": "?"}', '{"grade": 6, "reason": "better"}');

    const { answer, usage } = await callTask(grade, 'An essay.');

    expect(answer.grade).toBe(6);
    expect(usage).toMatchObject({ calls: 2, input_tokens: 20, output_tokens: 10 });
    expect(server.requests[1]?.messages.at(-1)?.content).toContain('grade: ');
  });

  it('gives up on a model that does not keep to the schema', async () => {
    server.reply('I will not.');

    await expect(callTask(grade, 'An essay.')).rejects.toThrow(
      new PermanentError('The answer of agent "grade" does not fit: it is not JSON'),
    );
    expect(server.requests).toHaveLength(2);
  });

  it('M037: takes a rate limit for transient, keeps the cause, and waits as long as the provider asks', async () => {
    server.reply({ status: 429, headers: { 'retry-after': '7' }, message: 'Slow down' });

    const error = await failureOf();

    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({
      retryAfterMs: 7_000,
      message: 'The language model did not answer: Slow down (HTTP status 429)',
      cause: { name: 'AI_APICallError', message: 'Slow down' },
    });
    expect(server.requests).toHaveLength(1);
  });

  it('reads a date in Retry-After by the clock of the provider', async () => {
    const headers = {
      date: 'Thu, 01 Jan 2026 00:00:00 GMT',
      'retry-after': 'Thu, 01 Jan 2026 00:01:30 GMT',
    };
    server.reply({ status: 503, headers });

    expect(await failureOf()).toMatchObject({ name: 'TransientError', retryAfterMs: 90_000 });
  });

  it.each<[string, ModelReply]>([
    ['an overloaded server', { status: 500 }],
    ['a connection that is reset at once', { reset: 'at once' }],
    ['a connection that is reset in the middle', { reset: 'in the middle' }],
    ['a stream that ends too early', { broken: 'cut off' }],
    ['a stream that is not JSON', { broken: 'garbage' }],
    ['an error in the stream', { broken: 'error' }],
    ['a page of something else', { broken: 'page' }],
  ])('takes %s for transient, and keeps the cause', async (_, reply) => {
    server.reply(reply);

    const error = await failureOf();

    expect(error).toBeInstanceOf(TransientError);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('takes a server that is not there for transient', async () => {
    vi.stubEnv('SIGNALBOX_MODEL_URL', 'http://127.0.0.1:1/v1');

    const error = await failureOf();

    expect(error).toBeInstanceOf(TransientError);
    expect(error.message).toContain('Cannot connect');
  });

  it.each<[string, ModelReply]>([
    ['a wrong key', { status: 401 }],
    ['a wrong request', { status: 400 }],
    ['an unknown model', { status: 404 }],
    ['an account without money', { status: 429, code: 'insufficient_quota' }],
    ['a refusal', { text: 'No.', finish: 'content_filter' }],
  ])('takes %s for permanent', async (_, reply) => {
    server.reply(reply);

    expect(await failureOf()).toBeInstanceOf(PermanentError);
    expect(server.requests).toHaveLength(1);
  });

  it('keeps the key out of errors, also if the provider repeats it', async () => {
    server.reply({ status: 401, message: `Incorrect API key provided: ${testKey}` });

    const error = await failureOf();

    expect(error.message).toContain('Incorrect API key provided: [key]');
    expect(
      JSON.stringify([error, error.message, error.cause, error.stack, String(error.cause)]),
    ).not.toContain(testKey);
  });

  it('stops when the attempt is stopped', async () => {
    server.reply({ hangs: true });
    const abort = new AbortController();

    const asked = callTask(summarise, document, { signal: abort.signal });
    await eventually(() => expect(server.requests).toHaveLength(1));
    abort.abort(new Error('stopped'));

    await expect(asked).rejects.toThrow('stopped');
  });
});

describe('the provider', () => {
  it.each([
    [{}, 'gpt-4o', null],
    [{ GROQ_API_KEY: 'g' }, 'gpt-4o', 'https://api.groq.com/openai/v1 llama-3.3-70b-versatile g'],
    [{ GROQ_API_KEY: 'g' }, 'qwen/qwen3-32b', 'https://api.groq.com/openai/v1 qwen/qwen3-32b g'],
    [{ GROQ_API_KEY: 'g', OPENAI_API_KEY: 'o' }, 'gpt-4o', 'https://api.openai.com/v1 gpt-4o o'],
    [
      { GROQ_API_KEY: 'g', OPENAI_API_KEY: 'o' },
      'llama-3.3-70b-versatile',
      'https://api.groq.com/openai/v1 llama-3.3-70b-versatile g',
    ],
    [{ OPENAI_API_KEY: 'o' }, 'llama-3.3-70b-versatile', 'https://api.openai.com/v1 gpt-4o o'],
    [
      { OPENAI_API_KEY: 'o', SIGNALBOX_MODEL: 'gpt-5' },
      'gpt-4o',
      'https://api.openai.com/v1 gpt-5 o',
    ],
    [
      { SIGNALBOX_MODEL_URL: 'http://box/v1', OPENAI_API_KEY: 'o' },
      'x',
      'http://box/v1 x undefined',
    ],
    [
      { SIGNALBOX_MODEL_URL: 'http://box/v1', SIGNALBOX_MODEL_KEY: 'k', SIGNALBOX_MODEL: 'y' },
      'x',
      'http://box/v1 y k',
    ],
  ])('is chosen by the environment: %o, wanted %s', (environment, wanted, expected) => {
    const endpoint = endpointOf(environment, wanted);

    expect(endpoint && `${endpoint.url} ${endpoint.model} ${endpoint.key}`).toBe(expected);
  });

  it('is refused if its address is none', () => {
    expect(() => endpointOf({ SIGNALBOX_MODEL_URL: 'box' }, 'x')).toThrow('SIGNALBOX_MODEL_URL');
  });
});

describe('without a provider', () => {
  beforeEach(withoutProvider);

  it('the offline model says in text, source and usage that nobody was asked, the same each time', async () => {
    const output = await callTask(summarise, document);

    expect(output).toEqual({
      answer:
        '[offline model] No language model is configured, so summarise was not asked: Summarise: A long text.',
      source: 'offline model, no language model was asked',
      truncated: false,
      usage: { model: 'offline', calls: 1, input_tokens: 0, output_tokens: 0, cost_usd: 0 },
      toolUses: [],
    });
    expect(await callTask(summarise, document)).toEqual(output);
  });

  it('an answer with a schema is the plainest that fits', async () => {
    expect(await callTask(grade, 'An essay.')).toMatchObject({
      answer: { grade: 1, reason: '[offline model]' },
      source: 'offline model, no language model was asked',
    });
  });

  it('an agent says itself what it does offline, and texts are marked all the same', async () => {
    const count = agent({
      name: 'count',
      input: z.string(),
      offline: ({ input }) => ({ answer: `${input.length} letters` }),
    });

    expect(await callTask(count, 'abc')).toMatchObject({ answer: '[offline model] 3 letters' });
  });

  it('an answer that cannot be made up is refused with what to do', async () => {
    const zip = agent({
      name: 'zip',
      input: z.string(),
      output: z.object({ zip: z.string().regex(/^\d{5}$/) }),
    });

    await expect(callTask(zip, 'Berlin')).rejects.toThrow('set GROQ_API_KEY');
  });
});

async function failureOf(): Promise<Error> {
  try {
    await callTask(summarise, document);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('The model answered');
}
