import { createHash } from 'node:crypto';
import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createMemoryQueue } from '../../src/adapters/memory-queue/index.ts';
import {
  createOrchestrator,
  defineBucketTrigger,
  defineQueueTrigger,
  defineWatch,
  defineWorkflow,
  type Trigger,
} from '../../src/index.ts';
import type { Json } from '../../src/plan/json.ts';
import type { Store } from '../../src/ports/store.ts';
import { createApp } from '../../src/service/app.ts';
import { createQueueRunner } from '../../src/service/feeds/queue-runner.ts';
import { createWatchRunner } from '../../src/service/feeds/watch-runner.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { silent } from '../../src/testing/player/world.ts';
import { eventually } from '../support/eventually.ts';

const importFile = defineWorkflow({
  name: 'import-file',
  version: 1,
  input: z.object({ name: z.string() }),
  steps: (w) => w.finish(w.input, { approve: 'automatic' }),
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function aDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-watch-'));
  closing.push(() => rm(directory, { recursive: true }));
  return directory;
}

async function aService(triggers: readonly Trigger[], clock = new ManualClock()) {
  const store = createMemoryStore();
  const orchestrator = await createOrchestrator({
    workflows: [importFile],
    store,
    clock,
    logger: silent,
  });
  closing.push(() => orchestrator.close());
  const app = await createApp({ orchestrator, store, clock, triggers });
  closing.push(() => app.close());
  const names = async () => {
    const { runs } = await orchestrator.list({ limit: 1_000 });
    const found = await Promise.all(runs.map(({ runId }) => orchestrator.result(runId)));
    return found.map((output) => (output as { name: string }).name).sort();
  };
  const get = async (path: string) => (await app.inject(`/api/v1${path}`)).json();
  return { app, clock, store, orchestrator, names, get };
}

describe('a watched directory', () => {
  const aWatch = (directory: string, maxBytes?: number) =>
    defineWatch({
      name: 'inbox',
      directory,
      ...(maxBytes === undefined ? {} : { maxBytes }),
      workflow: importFile,
      input: ({ name }) => ({ name }),
    });

  function aRunner(
    directory: string,
    {
      store = createMemoryStore(),
      clock = new ManualClock(),
      maxBytes = 100,
    }: { store?: Store; clock?: ManualClock; maxBytes?: number } = {},
  ) {
    const taken: Json[] = [];
    const runner = createWatchRunner(aWatch(directory, maxBytes), {
      accept: async (_source, _id, payload) => {
        taken.push(payload);
        return true;
      },
      store,
      clock,
      log: silent,
      listens: false,
    });
    closing.push(() => runner.close());
    const lookAfter = async (ms: number) => {
      clock.jump(ms);
      await runner.look();
    };
    return { runner, taken, clock, store, lookAfter };
  }

  it('takes a file in when it has stopped changing, with the hash of its content', async () => {
    const directory = aDirectory();
    const file = join(directory, 'orders.csv');
    const { taken, lookAfter } = aRunner(directory);
    writeFileSync(file, 'a,b');
    await lookAfter(0);
    writeFileSync(file, 'a,b\n1,2');
    await lookAfter(2_000);
    await lookAfter(1_999);
    expect(taken).toEqual([]);

    await lookAfter(1);

    expect(taken).toMatchObject([
      {
        path: file,
        name: 'orders.csv',
        sizeBytes: 7,
        sha256: createHash('sha256').update('a,b\n1,2').digest('hex'),
      },
    ]);
  });

  it('takes the same content in once, over restarts and when it is only touched; a changed one again', async () => {
    const directory = aDirectory();
    const file = join(directory, 'orders.csv');
    writeFileSync(file, 'one');
    const first = aRunner(directory);
    await first.lookAfter(0);
    await first.lookAfter(2_000);
    await first.runner.close();

    const next = aRunner(directory, first);
    utimesSync(file, 1, 1);
    await next.lookAfter(0);
    await next.lookAfter(2_000);
    expect([first.taken.length, next.taken.length]).toEqual([1, 0]);
    writeFileSync(file, 'two');
    await next.lookAfter(0);
    await next.lookAfter(2_000);

    expect(next.taken).toHaveLength(1);
  });

  it('forgets files that are gone, leaves hidden ones alone, and does not read what is too large', async () => {
    const directory = aDirectory();
    const { taken, lookAfter, store } = aRunner(directory, { maxBytes: 3 });
    writeFileSync(join(directory, '.part'), 'x');
    writeFileSync(join(directory, 'gone.csv'), 'x');
    writeFileSync(join(directory, 'large.csv'), 'large');
    await lookAfter(0);
    await lookAfter(2_000);
    expect(taken).toMatchObject([{ name: 'gone.csv' }, { name: 'large.csv', sha256: null }]);

    await rm(join(directory, 'gone.csv'));
    await lookAfter(1);

    const records = await store.records('watched-files', { limit: 10 });
    expect(records.map(({ key }) => key)).toEqual(['inbox/large.csv']);
  });

  it('starts runs in a service, and keeps what it refuses among the dead letters', async () => {
    const directory = aDirectory();
    writeFileSync(join(directory, 'small.csv'), 'x');
    writeFileSync(join(directory, 'large.csv'), 'large');
    const { clock, names, get } = await aService([aWatch(directory, 3)]);

    await eventually(async () => {
      await clock.advance(2_000);
      expect(await names()).toEqual(['small.csv']);
      expect((await get('/triggers')).triggers).toMatchObject([{ counts: { accepted: 2 } }]);
    });

    const { deadLetters } = await get('/webhooks/dead-letters');
    expect(deadLetters).toMatchObject([{ source: 'inbox', payload: { name: 'large.csv' } }]);
    expect(deadLetters[0].problem.message).toContain('larger than the trigger reads');
  });
});

describe('a queue of messages', () => {
  const Message = z.object({ file: z.string() });

  function aQueue(clock = new ManualClock()) {
    const queue = createMemoryQueue({ clock });
    const trigger = defineQueueTrigger({
      name: 'files',
      queue,
      payload: Message,
      when: ({ file }) => file !== 'ignored',
      workflow: importFile,
      input: ({ file }) => ({ name: file }),
    });
    return { queue, trigger, clock };
  }

  it('starts a run for each id once, and acknowledges what is kept', async () => {
    const { queue, trigger, clock } = aQueue();
    const { names, orchestrator } = await aService([trigger], clock);

    for (const id of ['1', '2', '1']) queue.send(JSON.stringify({ file: `f-${id}` }), { id });
    queue.send(JSON.stringify({ file: 'ignored' }));
    await clock.advance(0);

    expect(await names()).toEqual(['f-1', 'f-2']);
    expect(queue.size).toBe(0);
    expect((await orchestrator.list({})).runs[0]).toMatchObject({
      actor: 'queue:files',
      labels: { trigger: 'queue:files' },
    });
  });

  it('keeps poison among the dead letters instead of receiving it for ever', async () => {
    const { queue, trigger, clock } = aQueue();
    const { names, get } = await aService([trigger], clock);

    queue.send('{ no json');
    queue.send(JSON.stringify({ nothing: 'useful' }));
    queue.send('x'.repeat(2 * 1024 * 1024));
    queue.send(JSON.stringify({ file: 'good' }));
    await clock.advance(0);

    expect(await names()).toEqual(['good']);
    expect(queue.size).toBe(0);
    expect((await get('/webhooks/dead-letters')).deadLetters).toHaveLength(3);
  });

  it('puts a message back that cannot be kept, and takes it later', async () => {
    const { queue, trigger, clock } = aQueue();
    let isFull = true;
    const kept: Json[] = [];
    const runner = createQueueRunner(trigger, {
      accept: async (_source, _id, payload) => {
        if (isFull) throw new Error('the disk is full');
        kept.push(payload);
        return true;
      },
      clock,
      log: silent,
      random: () => 0,
    });
    runner.start();
    closing.push(() => runner.close());
    queue.send(JSON.stringify({ file: 'f' }));
    await clock.advance(0);
    expect(queue.size).toBe(1);

    isFull = false;
    await clock.advance(500);

    expect([kept, queue.size]).toEqual([[{ file: 'f' }], 0]);
  });

  it('D-12: of 1,000 messages that come while it shuts down, each is kept or still in the queue', async () => {
    const { queue, trigger, clock } = aQueue();
    const kept = new Set<string>();
    const isAtWork = Promise.withResolvers<void>();
    const runner = createQueueRunner(trigger, {
      accept: async (_source, id) => {
        await new Promise((resolve) => setImmediate(resolve));
        kept.add(id);
        if (kept.size > 100) isAtWork.resolve();
        return true;
      },
      clock,
      log: silent,
      random: () => 0,
    });
    for (let index = 0; index < 1_000; index += 1) queue.send('{}', { id: `${index}` });
    runner.start();
    await isAtWork.promise;

    await runner.close();

    expect(kept.size).toBeLessThan(1_000);
    expect(kept.size + queue.size).toBe(1_000);
  });

  it('shows what it would make of a message', async () => {
    const { trigger } = aQueue();
    const { app } = await aService([trigger]);
    const tryOut = async (event: Json) =>
      (
        await app.inject({ method: 'POST', url: '/api/v1/triggers/files/test', payload: { event } })
      ).json();

    expect(await tryOut({ file: 'f' })).toMatchObject({ accepted: true, input: { name: 'f' } });
    expect(await tryOut({ file: 'ignored' })).toMatchObject({ accepted: false, problem: null });
    expect((await tryOut({})).problem).toContain('does not fit');
  });
});

describe('notifications of a bucket', () => {
  const token = 'a-token-of-the-store-1234';
  const uploads = defineBucketTrigger({
    name: 'uploads',
    secrets: [token],
    when: ({ key }) => !key.endsWith('.tmp'),
    workflow: importFile,
    input: ({ bucket, key }) => ({ name: `${bucket}/${key}` }),
  });

  const record = (key: string, eventName = 'ObjectCreated:Put') => ({
    eventName,
    eventTime: '2026-01-01T00:00:00.000Z',
    s3: { bucket: { name: 'in' }, object: { key, size: 3, eTag: 'e', sequencer: '0A' } },
  });

  async function aBucket() {
    const service = await aService([uploads]);
    const send = async (payload: object, headers: Record<string, string> = {}) => {
      const { statusCode } = await service.app.inject({
        method: 'POST',
        url: '/webhooks/uploads',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...headers,
        },
        payload: JSON.stringify(payload),
      });
      // Deliveries of one moment have no order.
      await service.clock.advance(1);
      return statusCode;
    };
    return { ...service, send };
  }

  it('start a run for each object of a notification, once however often it is told', async () => {
    const { send, names } = await aBucket();
    const notification = { Records: [record('a+b%2Fc.csv'), record('d.csv'), record('e.tmp')] };

    expect(await send(notification)).toBe(202);
    expect(await send(notification)).toBe(202);

    expect(await names()).toEqual(['in/a b/c.csv', 'in/d.csv']);
  });

  it('are understood as MinIO, SNS and EventBridge tell them, and what is removed is left alone', async () => {
    const { send, names, get } = await aBucket();
    const basic = `Basic ${Buffer.from(`sns:${token}`).toString('base64')}`;
    const sns = { Type: 'Notification', MessageId: 'm-1' };

    await send({
      EventName: 's3:ObjectCreated:Put',
      Key: 'in/minio.csv',
      Records: [record('minio.csv', 's3:ObjectCreated:Put')],
    });
    await send(
      { ...sns, Message: JSON.stringify({ Records: [record('sns.csv')] }) },
      { authorization: basic, 'content-type': 'text/plain; charset=UTF-8' },
    );
    await send({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2026-01-01T00:00:00Z',
      detail: {
        bucket: { name: 'in' },
        object: { key: 'bridge+.csv', size: 1, etag: 'e', sequencer: '0B' },
      },
    });
    await send({ Records: [record('gone.csv', 'ObjectRemoved:Delete')] });
    await send({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'in' });

    expect(await names()).toEqual(['in/bridge+.csv', 'in/minio.csv', 'in/sns.csv']);
    expect((await get('/webhooks/dead-letters')).deadLetters).toEqual([]);
  });

  it('are kept as dead letters if they are none, and a subscription is confirmed by hand', async () => {
    const { send, names, get } = await aBucket();

    await send({
      Type: 'SubscriptionConfirmation',
      MessageId: 'm-2',
      Message: 'x',
      SubscribeURL: 'u',
    });
    await send({ hello: 'world' });

    expect(await names()).toEqual([]);
    const { deadLetters } = await get('/webhooks/dead-letters');
    expect(deadLetters).toMatchObject([
      { event: null },
      { event: 'sns.SubscriptionConfirmation', payload: { SubscribeURL: 'u' } },
    ]);
  });

  it('F-01: with a missing, wrong or truncated token they are refused, and nothing is stored', async () => {
    const { send, get } = await aBucket();
    const wrong = ['Bearer nonsense', `Bearer ${token.slice(0, -1)}`, 'Digest x', ''];

    for (const authorization of wrong) {
      expect(await send({ Records: [record('x')] }, { authorization })).toBe(401);
    }

    expect(await get('/webhooks/deliveries')).toMatchObject({ deliveries: [], waiting: 0 });
  });
});
