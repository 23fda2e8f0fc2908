import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { agent, tool } from '../../src/agent/index.ts';
import { taskParts } from '../../src/definition/task.ts';
import { defineWorkflow, PermanentError, TransientError } from '../../src/index.ts';
import { callTask } from '../support/call-task.ts';
import { entryOf, openBench, second, until } from '../support/engine-bench.ts';
import { eventually } from '../support/eventually.ts';
import { type ModelServer, startModelServer, testKey } from '../support/model-server.ts';

let lookups: { orderId: string; key: string }[] = [];
let server: ModelServer;
beforeEach(async () => {
  lookups = [];
  server = await startModelServer();
});

const findOrder = tool({
  name: 'find_order',
  description: 'Looks an order up by its id.',
  input: z.object({ orderId: z.string() }),
  output: z.object({ status: z.string() }),
  failures: { unknown_order: z.object({ orderId: z.string() }) },
  compensate: 'none',
  async run({ input: { orderId }, idempotencyKey, fail }) {
    lookups.push({ orderId, key: idempotencyKey });
    if (orderId === 'o-busy') throw new TransientError('Orders are busy');
    if (orderId === 'o-closed') throw new PermanentError('Orders are closed');
    if (orderId === 'o-none') fail('unknown_order', { orderId });
    return { status: 'shipped' };
  },
});

const clerk = agent({
  name: 'clerk',
  system: 'You answer customers.',
  input: z.object({ question: z.string() }),
  prompt: ({ question }) => question,
  tools: [findOrder],
});
const desk = defineWorkflow({
  name: 'desk',
  version: 1,
  input: z.object({ question: z.string() }),
  steps: (w) => w.task('answer', clerk, { input: w.input }),
});
const question = { question: 'Where is o-1?' };
const asksForOrder = { calls: [{ name: 'find_order', input: { orderId: 'o-1' } }] };

describe('an agent with a tool', () => {
  it('calls it, tells the model what came of it, and keeps both in its output', async () => {
    server.reply(asksForOrder, 'It is on its way.');

    const output = await callTask(clerk, question);

    expect(output).toMatchObject({
      answer: 'It is on its way.',
      usage: { calls: 2, input_tokens: 20, output_tokens: 10 },
      toolUses: [
        {
          name: 'find_order',
          input: { orderId: 'o-1' },
          output: { status: 'shipped' },
          failed: false,
        },
      ],
    });
    expect(server.requests[0]?.tools).toMatchObject([
      {
        function: {
          name: 'find_order',
          description: 'Looks an order up by its id.',
          parameters: { required: ['orderId'] },
        },
      },
    ]);
    expect(server.requests[1]?.messages.slice(2)).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'call_1', function: { name: 'find_order' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: '{"status":"shipped"}' },
    ]);
  });

  it('gives every call of a turn a key of its own', async () => {
    const other = { name: 'find_order', input: { orderId: 'o-2' } };
    server.reply({ calls: [...asksForOrder.calls, other] }, 'Both are.');

    await callTask(clerk, question);

    expect(lookups.map(({ orderId }) => orderId)).toEqual(['o-1', 'o-2']);
    expect(new Set(lookups.map(({ key }) => key)).size).toBe(2);
  });

  it.each([
    ['an input that does not fit', 'find_order', { orderId: 7 }, 'orderId: '],
    ['an input that is not JSON', 'find_order', '{"orderId": ', 'The input does not fit'],
    ['a tool that does not exist', 'drop_tables', {}, 'There is no tool'],
    ['a declared failure', 'find_order', { orderId: 'o-none' }, 'unknown_order'],
    ['a permanent failure', 'find_order', { orderId: 'o-closed' }, 'Orders are closed'],
  ])('leaves %s to the model', async (_, name, input, said) => {
    server.reply({ calls: [{ name, input }] }, 'I do not know.');

    const { toolUses } = await callTask(clerk, question);

    expect(toolUses).toMatchObject([{ name, failed: true }]);
    expect(server.requests[1]?.messages.at(-1)?.content).toContain(said);
  });

  it('is tried again as a whole if its tool fails for a while', async () => {
    server.reply({ calls: [{ name: 'find_order', input: { orderId: 'o-busy' } }] });

    await expect(callTask(clerk, question)).rejects.toBeInstanceOf(TransientError);
  });

  it('says what it has so far while the text comes in', async () => {
    server.reply('It is on its way.');
    const beats: unknown[] = [];

    await callTask(clerk, question, { heartbeat: (details) => beats.push(details) });

    expect(beats).toEqual([
      { turn: 1, text: 'It is o' },
      { turn: 1, text: 'It is on its w' },
      { turn: 1, text: 'It is on its way.' },
    ]);
  });

  it('keeps what is sensitive in a tool sensitive in its own output', () => {
    const findKey = tool({
      name: 'find_key',
      description: 'Finds the key of a door.',
      input: z.object({ door: z.string() }),
      output: z.object({ key: z.string().meta({ sensitive: true }) }),
      compensate: 'none',
      run: async () => ({ key: '0000' }),
    });
    const porter = agent({ name: 'porter', input: z.string(), tools: [findKey] });

    expect(taskParts(porter)?.call.sensitive.output).toContainEqual(['toolUses']);
    expect(taskParts(clerk)?.call.sensitive.output).toEqual([]);
  });

  it('may not act by itself: a tool with effects is refused when the agent is defined', () => {
    const pay = tool({
      name: 'pay',
      description: 'Pays.',
      input: z.object({}),
      compensate: 'irreversible',
      run: async () => {},
    });

    expect(() => agent({ name: 'payer', input: z.string(), tools: [pay] })).toThrow(
      'tool "pay" needs approval, so the agent may only propose it; give it to `agentWithApproval` as `proposes`',
    );
    expect(() =>
      tool({
        ...pay,
        description: 'Pays.',
        input: z.object({}),
        compensate: 'irreversible',
        needsApproval: false,
        run: async () => {},
      }),
    ).toThrow('a tool with effects needs approval');
  });
});

describe('an agent in a run', () => {
  it('repeats no turn and no call that finished when its process dies in the middle', async () => {
    server.reply(asksForOrder, { hangs: true });
    const bench = await openBench({ workflows: [desk] });
    const { runId } = await bench.engine.start(desk, question);
    await until(() => server.requests.length === 2);

    server.reply('It is on its way.');
    const engine = await bench.crash();
    await engine.drive(runId, 'finished');

    expect(await engine.result(runId)).toMatchObject({
      answer: 'It is on its way.',
      usage: { calls: 2 },
    });
    expect(server.requests).toHaveLength(3);
    expect(server.requests[2]?.messages).toEqual(server.requests[1]?.messages);
    expect(lookups).toHaveLength(1);
  });

  it('M037: waits as long as the provider asks, and then asks only the turn that failed again', async () => {
    server.reply(asksForOrder, { status: 429, headers: { 'retry-after': '30' } }, 'On its way.');
    const { engine, clock } = await openBench({ workflows: [desk] });
    const { runId } = await engine.start(desk, question);
    await eventually(async () =>
      expect((await engine.get(runId)).waitingOn).toMatchObject([{ kind: 'retry' }]),
    );

    await clock.advance(29 * second);
    expect(server.requests).toHaveLength(2);
    await clock.advance(second);

    expect(await engine.result(runId)).toMatchObject({ answer: 'On its way.' });
    expect(server.requests).toHaveLength(3);
    expect(lookups).toHaveLength(1);
  });

  it('keeps usage in the history, and the key out of history and log', async () => {
    server.reply({ status: 401, message: `Wrong key ${testKey}` });
    const { engine, log } = await openBench({ workflows: [desk] });
    const { runId } = await engine.start(desk, question);
    await engine.drive(runId);
    server.reply('It is on its way.');
    const next = await engine.start(desk, question);
    await next.result();

    const { output } = await entryOf(engine, next.runId, 'answer.completed');

    expect(output).toMatchObject({ usage: { model: 'llama-3.3-70b-versatile', calls: 1 } });
    const written = JSON.stringify([
      await engine.history(runId),
      await engine.get(runId),
      log.lines,
    ]);
    expect(written).toContain('Wrong key [key]');
    expect(written).not.toContain(testKey);
  });
});

describe('the budget of an agent', () => {
  const limited = (budget: object, prices = {}) =>
    agent({ name: 'limited', input: z.string(), tools: [findOrder], budget, prices });
  const spends = (task: ReturnType<typeof limited>) =>
    defineWorkflow({
      name: 'spends',
      version: 1,
      input: z.string(),
      steps: (w) => w.task('ask', task, { input: w.input, tolerate: ['budget_exceeded'] }),
    });
  const price = { 'llama-3.3-70b-versatile': { inputPerMillion: 100_000, outputPerMillion: 0 } };

  it.each([
    ['calls', { calls: 2 }, { limit: 'calls', allowed: 2, used: 2 }],
    ['tokens', { tokens: 30 }, { limit: 'tokens', allowed: 30, used: 30 }],
    ['cost', { costUsd: 2 }, { limit: 'cost', allowed: 2, used: 2 }],
  ])(
    'of %s ends the step with a declared failure before the next turn',
    async (_, budget, detail) => {
      server.reply(asksForOrder);
      const workflow = spends(limited(budget, price));
      const { engine } = await openBench({ workflows: [workflow] });

      const { result } = await engine.start(workflow, 'Where?');

      expect(await result()).toEqual({ status: 'budget_exceeded', detail });
      expect(server.requests).toHaveLength(2);
    },
  );

  it('of tokens limits what a turn may write', async () => {
    server.reply(asksForOrder, 'Here.');

    await callTask(limited({ tokens: 100 }), 'Where?');

    expect(server.requests.map(({ max_tokens }) => max_tokens)).toEqual([100, 85]);
  });

  it('in dollars needs the price of the model that is asked', async () => {
    await expect(callTask(limited({ costUsd: 1 }), 'Where?')).rejects.toThrow('`prices`');
    expect(server.requests).toHaveLength(0);
  });

  it('M003: one call of a language model for each document, counted by the run and guarded', async () => {
    const summarise = agent({ name: 'summarise', input: z.string(), budget: { calls: 1 } });
    const documents = defineWorkflow({
      name: 'documents',
      version: 1,
      input: z.object({ documents: z.array(z.string()) }),
      context: { calls: { schema: z.int(), initial: 0, reduce: 'sum' } },
      steps(w) {
        const summaries = w.map('summaries', w.input.$.documents, {}, (document) =>
          w.task('summary', summarise, { input: document }),
        );
        const calls = w.derive('calls', summaries, (all) =>
          all.reduce((sum, { usage }) => sum + usage.calls, 0),
        );
        w.update('calls', calls);
        const isOne = w.is(
          { calls, documents: w.input.$.documents },
          'one call a document',
          (value) => value.calls === value.documents.length,
        );
        w.fail('too_many_calls', 'More than one call a document', { when: w.not(isOne) });
        return w.derive('texts', summaries, (all) => all.map(({ answer }) => answer));
      },
    });
    server.reply('Short.');
    const { engine } = await openBench({ workflows: [documents] });

    const { runId, result } = await engine.start(documents, { documents: ['a', 'b', 'c'] });

    expect(await result()).toEqual(['Short.', 'Short.', 'Short.']);
    expect(server.requests).toHaveLength(3);
    expect((await engine.get(runId)).context).toEqual({ calls: 3 });
  });
});
