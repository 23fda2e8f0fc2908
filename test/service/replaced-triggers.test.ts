import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryQueue, type MemoryQueue } from '../../src/adapters/memory-queue/index.ts';
import {
  defineQueueTrigger,
  defineSchedule,
  defineWebhook,
  defineWorkflow,
  onWebhook,
} from '../../src/index.ts';
import { schemes } from '../../src/webhooks/schemes.ts';
import { openService, type ServiceBench } from '../support/service-bench.ts';

const greet = defineWorkflow({
  name: 'greet',
  version: 1,
  input: z.object({ name: z.string() }),
  steps: (w) => w.finish(w.input, { approve: 'automatic' }),
});
const Message = z.object({ name: z.string() });
const [oldSecret, newSecret] = ['o'.repeat(32), 'n'.repeat(32)];

let bench: ServiceBench;
let queue: MemoryQueue;
beforeEach(async () => {
  bench = await openService([greet]);
  queue = createMemoryQueue({ clock: bench.clock });
});
afterEach(() => bench.close());

const messages = (greeting: string) =>
  defineQueueTrigger({
    name: 'messages',
    queue,
    payload: Message,
    workflow: greet,
    input: ({ name }) => ({ name: `${greeting} ${name}` }),
  });
const calls = (secret: string, greeting: string, name = 'calls') =>
  defineWebhook({
    name,
    preset: 'generic',
    secrets: [secret],
    events: {
      '*': onWebhook({
        payload: Message,
        workflow: greet,
        input: ({ name }) => ({ name: `${greeting} ${name}` }),
      }),
    },
  });
const tick = (cron: string) =>
  defineSchedule({ name: 'tick', cron, workflow: greet, input: ({ at }) => ({ name: at }) });

async function names(): Promise<readonly string[]> {
  const { runs } = await bench.orchestrator.list({ limit: 1_000 });
  const outputs = await Promise.all(runs.map(({ runId }) => bench.orchestrator.result(runId)));
  return outputs.map((output) => (output as { name: string }).name).sort();
}

async function call(name: string, secret: string, source = 'calls'): Promise<number> {
  const body = JSON.stringify({ name });
  const signed = schemes.generic.sign({ id: name, body, key: Buffer.from(secret), nowMs: 0 });
  const headers = { 'content-type': 'application/json', ...signed };
  const url = `/webhooks/${source}`;
  return (await bench.service.app.inject({ method: 'POST', url, headers, payload: body }))
    .statusCode;
}

describe('triggers that are replaced while the service works', () => {
  it('lose no message that is being taken in, and take none twice', async () => {
    await bench.service.replaceTriggers([messages('hello')]);
    for (let index = 0; index < 100; index += 1)
      queue.send(JSON.stringify({ name: `n-${index}` }), { id: `${index}` });

    await Promise.all([
      bench.service.replaceTriggers([messages('welcome')]),
      bench.service.replaceTriggers([messages('goodbye')]),
    ]);
    await bench.clock.advance(40_000);

    const taken = (await names()).map((name) => name.split(' ')[1]);
    expect(new Set(taken).size).toBe(100);
    expect([taken.length, queue.size]).toEqual([100, 0]);
  });

  it('know the secrets, rules and names of now, and lose nothing that was accepted before', async () => {
    await bench.service.replaceTriggers([
      calls(oldSecret, 'hello'),
      calls(oldSecret, 'hello', 'b'),
    ]);
    const accepted = await call('before', oldSecret);

    await bench.service.replaceTriggers([calls(newSecret, 'welcome')]);

    expect([
      accepted,
      await call('late', oldSecret),
      await call('after', newSecret),
      await call('nobody', oldSecret, 'b'),
    ]).toEqual([202, 401, 202, 404]);
    await bench.clock.advance(200);
    expect(await names()).toEqual(['hello before', 'welcome after']);
  });

  it('begin no slot of a schedule twice, and go by the new rule', async () => {
    await bench.service.replaceTriggers([tick('*/10 * * * *')]);
    await bench.clock.advance(10 * 60_000);
    const first = await names();

    await bench.service.replaceTriggers([tick('*/5 * * * *')]);
    await bench.clock.advance(5 * 60_000);

    expect(first).toHaveLength(1);
    expect((await names()).slice(0, 1)).toEqual(first);
    expect(await names()).toHaveLength(2);
    expect(await bench.client.schedules.get({ params: { name: 'tick' } })).toMatchObject({
      cron: '*/5 * * * *',
      source: 'code',
    });
  });

  it('stay whole as they are if two have one name', async () => {
    await bench.service.replaceTriggers([
      messages('hello'),
      calls(oldSecret, 'hello'),
      tick('0 0 * * *'),
    ]);

    await expect(
      bench.service.replaceTriggers([calls(newSecret, 'a'), tick('0 1 * * *'), tick('0 2 * * *')]),
    ).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      message: expect.stringContaining('tick'),
    });

    queue.send(JSON.stringify({ name: 'x' }));
    expect(await call('y', oldSecret)).toBe(202);
    await bench.clock.advance(200);
    expect(await names()).toEqual(['hello x', 'hello y']);
    expect(await bench.client.schedules.get({ params: { name: 'tick' } })).toMatchObject({
      cron: '0 0 * * *',
    });
  });

  it('begin nothing after the service was closed', async () => {
    await bench.service.close();

    await bench.service.replaceTriggers([messages('hello'), tick('* * * * *')]);
    queue.send(JSON.stringify({ name: 'x' }));
    await bench.clock.advance(60_000);

    expect(await names()).toEqual([]);
  });
});
