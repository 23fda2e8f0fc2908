import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import { z } from 'zod';

const Request = z.looseObject({
  model: z.string(),
  stream: z.literal(true),
  max_tokens: z.number().optional(),
  response_format: z.object({ type: z.string() }).optional(),
  messages: z.array(
    z.looseObject({
      role: z.enum(['system', 'user', 'assistant', 'tool']),
      content: z.union([z.string(), z.null()]).optional(),
    }),
  ),
  tools: z
    .array(z.object({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }))
    .optional(),
});
export type ModelRequest = z.infer<typeof Request> & { readonly authorization: string | undefined };

/** What the server does with one request. A text is streamed in pieces of a few letters. */
export type ModelReply =
  | string
  | {
      readonly text: string;
      readonly finish: 'stop' | 'length' | 'content_filter';
      /** Counted as read. Default: as {@link tokensOfRequest} says. */
      readonly tokens?: number;
    }
  | {
      readonly calls: readonly {
        readonly name: string;
        /** JSON as the model writes it, or an object. */
        readonly input: string | object;
      }[];
    }
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
      readonly code?: string;
    }
  /** The connection is reset: at once, or after some text. */
  | { readonly reset: 'at once' | 'in the middle' }
  /** The stream ends without saying so, holds something that is not JSON, or an error. */
  | { readonly broken: 'cut off' | 'garbage' | 'error' | 'page' }
  /** Some text, and then nothing more. */
  | { readonly hangs: true };

export interface ModelServer {
  /** Base URL of the API. */
  readonly url: string;
  /** In order of arrival. */
  readonly requests: readonly ModelRequest[];
  /** For the next requests, one each; the last one stays. */
  reply(...replies: readonly ModelReply[]): void;
}

/** Tokens that the server counts for every request. */
const tokensOfRequest = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

export const testKey = 'sk-test-0123456789';

/**
 * An HTTP server that speaks the wire protocol of OpenAI's chat completions, streamed as server-sent events, and is named in the environment as the
 * provider of this test.
 */
export async function startModelServer(...first: readonly ModelReply[]): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  let replies: ModelReply[] = [...first];

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== '/v1/chat/completions') throw new Error(`Unknown path ${request.url}`);
    const body = Request.parse(JSON.parse(await text(request)));
    requests.push({ ...body, authorization: request.headers.authorization });
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? 'Hello.';
    send(reply, body.model, response);
  }
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  const url = `http://127.0.0.1:${address.port}/v1`;
  vi.stubEnv('SIGNALBOX_MODEL_URL', url);
  vi.stubEnv('SIGNALBOX_MODEL_KEY', testKey);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return {
    url,
    requests,
    reply(...next) {
      replies = [...next];
    },
  };
}

/** No provider in the environment, whatever the machine of the test has. */
export function withoutProvider(): void {
  for (const name of ['SIGNALBOX_MODEL_URL', 'SIGNALBOX_MODEL', 'GROQ_API_KEY', 'OPENAI_API_KEY'])
    vi.stubEnv(name, '');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

function send(reply: ModelReply, model: string, response: ServerResponse): void {
  if (typeof reply === 'object' && 'status' in reply) {
    const { status, headers, message = 'no', code } = reply;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { message, type: 'error', code } }));
    return;
  }
  if (typeof reply === 'object' && 'reset' in reply && reply.reset === 'at once') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (typeof reply === 'object' && 'broken' in reply && reply.broken === 'page') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model };
  const event = (data: unknown) => response.write(`data: ${JSON.stringify(data)}\n\n`);
  const chunk = (delta: object, finish_reason: string | null = null) =>
    event({ ...head, choices: [{ index: 0, delta, finish_reason }] });
  const stream = (words: string) => {
    for (const piece of words.match(/[\s\S]{1,7}/g) ?? []) chunk({ content: piece });
  };
  const end = (reason: string, prompt_tokens = tokensOfRequest.prompt_tokens) => {
    chunk({}, reason);
    event({ ...head, choices: [], usage: { ...tokensOfRequest, prompt_tokens } });
    response.end('data: [DONE]\n\n');
  };

  chunk({ role: 'assistant', content: '' });
  if (typeof reply === 'string') {
    stream(reply);
    return end('stop');
  }
  if ('text' in reply) {
    stream(reply.text);
    return end(reply.finish, reply.tokens);
  }
  if ('calls' in reply) {
    for (const [index, { name, input }] of reply.calls.entries()) {
      const given = typeof input === 'string' ? input : JSON.stringify(input);
      const half = Math.floor(given.length / 2);
      const id = `call_${index + 1}`;
      const begun = { name, arguments: given.slice(0, half) };
      chunk({ tool_calls: [{ index, id, type: 'function', function: begun }] });
      chunk({ tool_calls: [{ index, function: { arguments: given.slice(half) } }] });
    }
    return end('tool_calls');
  }
  stream('This is where');
  if ('hangs' in reply) return;
  if ('reset' in reply) {
    setImmediate(() => response.socket?.resetAndDestroy());
    return;
  }
  if (reply.broken === 'garbage') response.write('data: {"choices": [\n\n');
  if (reply.broken === 'error') event({ error: { message: 'Overloaded', type: 'server_error' } });
  response.end();
}
