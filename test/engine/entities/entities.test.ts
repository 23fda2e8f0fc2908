import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import {
  createOrchestrator,
  defineEntity,
  defineTask,
  defineWorkflow,
  type Store,
} from '../../../src/index.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { minute, openBench } from '../../support/engine-bench.ts';
import { createLogBook } from '../../support/log-book.ts';

const Stock = z.object({ available: z.int().nonnegative(), taken: z.int() });

const stock = defineEntity({ name: 'stock', state: Stock, initial: { available: 5, taken: 0 } });

const take = stock.command({
  name: 'take',
  input: z.object({ quantity: z.int().positive() }),
  failures: { sold_out: z.object({ available: z.int() }) },
  apply: ({ available, taken }, { quantity }, { fail }) =>
    quantity <= available
      ? { available: available - quantity, taken: taken + quantity }
      : fail('sold_out', { available }),
  undo: ({ available, taken }, { quantity }) => ({
    available: available + quantity,
    taken: taken - quantity,
  }),
});

const Order = z.object({ sku: z.string(), quantity: z.int(), fails: z.boolean().default(false) });

const check = defineTask({
  name: 'check',
  input: z.object({ fails: z.boolean() }),
  compensate: 'none',
  async run({ input }) {
    if (input.fails) throw new Error('the check failed');
  },
});

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: Order,
  steps(w) {
    const left = w.task('take', take, {
      input: { key: w.input.$.sku, quantity: w.input.$.quantity },
    });
    const checked = w.task('check', check, { input: { fails: w.input.$.fails }, after: [left] });
    return w.derive('left', left, ({ available }) => available, { after: [checked] });
  },
});

const count = defineEntity({ name: 'count', state: z.int(), initial: 0 });
const add = count.command({
  name: 'add',
  input: z.object({}),
  apply: (current) => current + 1,
  undo: (current) => current - 1,
});
const counting = defineWorkflow({
  name: 'counting',
  version: 1,
  input: z.object({}),
  steps: (w) => w.task('add', add, { input: { key: 'all' } }),
});
const waiting = defineWorkflow({
  name: 'waiting',
  version: 1,
  input: z.object({}),
  steps(w) {
    const added = w.task('add', add, { input: { key: 'all' } });
    return w.review('approval', { show: added });
  },
});

function temporary(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-entities-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

const stores: readonly (readonly [string, () => Promise<Store>])[] = [
  ['memory', async () => createMemoryStore()],
  ['lowdb', () => openLowdbStore(temporary('store'))],
  ['sqlite', () => openSqliteStore(temporary('store.db'))],
];

/** Methods that write; a process dies before the write, or after it and before it hears of it. */
const writes = new Set(['commit', 'saveEntity', 'saveCheckpoint', 'savePlan', 'send']);

function dyingAt(inner: Store, place: number) {
  let passed = 0;
  const died = Promise.withResolvers<'died'>();
  const never = new Promise<never>(() => {});
  /** `true` from the place on at which the process dies. */
  const dies = (isWrite: boolean) => {
    if (isWrite && passed < place) passed += 1;
    if (passed >= place) died.resolve('died');
    return passed >= place;
  };
  const store = new Proxy(inner, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      const isWrite = writes.has(String(name));
      return async (...args: unknown[]): Promise<unknown> => {
        if (dies(isWrite)) return never;
        const result: unknown = await Reflect.apply(value, target, args);
        return dies(isWrite) ? never : result;
      };
    },
  });
  return { store, died: died.promise };
}

describe.each(stores)('an entity on %s', (_kind, openStore) => {
  it('M155: outlives the run that changed it, and the process', async () => {
    const { engine, restart } = await openBench({ workflows: [order], store: await openStore() });

    const first = await engine.start(order, { sku: 'sku-1', quantity: 2 });
    expect(await first.result()).toBe(3);
    const next = await restart();
    const second = await next.start(order, { sku: 'sku-1', quantity: 1 });

    expect(await second.result()).toBe(2);
    expect(await next.entity(stock, 'sku-1')).toEqual({ available: 2, taken: 3 });
    expect(await next.entity(stock, 'sku-2')).toEqual({ available: 5, taken: 0 });
  });

  it('M155: is changed exactly once, wherever the process dies', async () => {
    const store = await openStore();
    const { logger } = createLogBook();
    const clock = new ManualClock();
    let places = 0;
    for (let place = 1; ; place += 1) {
      const [key, input] = [`order-${place}`, { sku: `sku-${place}`, quantity: 2 }];
      const dying = dyingAt(store, place);
      const options = { workflows: [order], logger, clock };
      const ended = createOrchestrator({ ...options, store: dying.store }).then(async (dead) => {
        const run = await dead.start(order, input, { key });
        return run.result();
      });
      if ((await Promise.race([ended, dying.died])) !== 'died') break;
      places = place;

      // The lease of the dead has run out.
      await clock.advance(minute);
      const next = await createOrchestrator({ ...options, store });
      const again = await next.start(order, input, { key });
      expect(await again.result(), `died at ${place}`).toBe(3);
      expect(await next.entity(stock, input.sku)).toEqual({ available: 3, taken: 2 });
      await next.close();
    }
    // Before and after each of: plan, start, the command, its result, the check, the end.
    expect(places).toBeGreaterThanOrEqual(10);
  });

  it('M155: loses no change of many runs at the same time', async () => {
    const { engine } = await openBench({ workflows: [counting], store: await openStore() });

    const runs = await Promise.all(Array.from({ length: 20 }, () => engine.start(counting, {})));
    const results = await Promise.all(runs.map((run) => run.result()));

    expect(await engine.entity(count, 'all')).toBe(20);
    expect(new Set(results).size).toBe(20);
    const after = await engine.start(counting, {});
    expect(await after.result()).toBe(21);
  });

  it('is undone by a command of its own when the run fails', async () => {
    const { engine } = await openBench({ workflows: [order], store: await openStore() });

    const run = await engine.start(order, { sku: 'sku-1', quantity: 2, fails: true });
    const view = await engine.drive(run.runId, 'finished');

    expect(view).toMatchObject({ status: 'failed', outcome: { compensation: 'complete' } });
    expect(await engine.entity(stock, 'sku-1')).toEqual({ available: 5, taken: 0 });
  });
});

describe('an entity', () => {
  it('refuses a command by a declared failure, which a workflow tolerates, and stays as it is', async () => {
    const tolerant = defineWorkflow({
      name: 'tolerant',
      version: 1,
      input: z.object({ quantity: z.int() }),
      steps: (w) =>
        w.task('take', take, {
          input: { key: 'sku-1', quantity: w.input.$.quantity },
          tolerate: ['sold_out'],
        }),
    });
    const { engine } = await openBench({ workflows: [tolerant] });

    const run = await engine.start(tolerant, { quantity: 6 });

    expect(await run.result()).toEqual({ status: 'sold_out', detail: { available: 5 } });
    expect(await engine.entity(stock, 'sku-1')).toEqual({ available: 5, taken: 0 });
  });

  it('is read by a step', async () => {
    const reading = defineWorkflow({
      name: 'reading',
      version: 1,
      input: z.object({ sku: z.string() }),
      steps: (w) => w.task('read', stock.read, { input: { key: w.input.$.sku } }),
    });
    const { engine } = await openBench({ workflows: [order, reading] });
    await (await engine.start(order, { sku: 'sku-1', quantity: 2 })).result();

    const run = await engine.start(reading, { sku: 'sku-1' });

    expect(await run.result()).toEqual({ available: 3, taken: 2 });
  });

  it('forgets the commands of complete runs, and keeps those that may be repeated', async () => {
    const { engine, store } = await openBench({ workflows: [counting, waiting] });
    const waits = await engine.start(waiting, {});
    await engine.drive(waits.runId);

    for (let run = 0; run < 65; run += 1) await (await engine.start(counting, {})).result();

    expect(await engine.entity(count, 'all')).toBe(66);
    const kept = (await store.entity('count', 'all'))?.applied ?? [];
    expect(kept.map(({ runId }) => runId)).toContain(waits.runId);
    expect(kept.length).toBeLessThan(5);
  });

  it('takes a state that was stored before its schema grew, if the new field has a default', async () => {
    const { engine, restart } = await openBench({ workflows: [order] });
    await (await engine.start(order, { sku: 'sku-1', quantity: 1 })).result();
    const grown = defineEntity({
      name: 'stock',
      state: Stock.extend({ reorder: z.boolean().default(false) }),
      initial: { available: 0, taken: 0 },
    });
    const broken = defineEntity({
      name: 'stock',
      state: Stock.extend({ place: z.string() }),
      initial: { available: 0, taken: 0, place: 'a' },
    });

    const next = await restart();

    expect(await next.entity(grown, 'sku-1')).toEqual({ available: 4, taken: 1, reorder: false });
    await expect(next.entity(broken, 'sku-1')).rejects.toMatchObject({
      code: 'OUTPUT_INVALID',
      message: expect.stringContaining('entity "stock" with key "sku-1".place'),
    });
  });

  it('refuses a state that is too large or invalid, and stays as it is', async () => {
    const notes = defineEntity({ name: 'notes', state: z.string().max(400_000), initial: '' });
    const write = notes.command({
      name: 'write',
      input: z.object({ length: z.int() }),
      apply: (_current, { length }) => 'x'.repeat(length),
      undo: 'none',
    });
    const writing = defineWorkflow({
      name: 'writing',
      version: 1,
      input: z.object({ length: z.int() }),
      steps: (w) => w.task('write', write, { input: { key: 'all', length: w.input.$.length } }),
    });
    const { engine } = await openBench({ workflows: [writing] });

    const failureOf = async (length: number) => {
      const run = await engine.start(writing, { length });
      return (await engine.drive(run.runId, 'finished')).outcome?.failure?.message;
    };

    expect(await failureOf(300_000)).toContain('has 300002 bytes; at most 262144 are kept');
    expect(await failureOf(500_000)).toContain('new state of entity "notes"');
    expect(await engine.entity(notes, 'all')).toBe('');
  });

  it('serves the machine in memory', async () => {
    const { createActor, waitFor } = await import('xstate');
    const actor = createActor(order.machine, {
      input: { sku: 'sku-1', quantity: 2, fails: false },
    });

    const { output } = await waitFor(actor.start(), ({ status }) => status === 'done');

    expect(output).toBe(3);
  });

  it('is checked when it is defined', () => {
    expect(() =>
      // @ts-expect-error -- initial does not fit
      defineEntity({ name: 'stock', state: Stock, initial: { available: 'many', taken: 0 } }),
    ).toThrow('Entity "stock": "initial.available" does not fit "state"');
    const base = { name: 'take', undo: 'none' } as const;
    expect(() =>
      stock.command({ ...base, input: z.object({ key: z.string() }), apply: (s) => s }),
    ).toThrow('has a field "key" in its input');
    expect(() =>
      // @ts-expect-error -- asynchronous
      stock.command({ ...base, input: z.object({}), apply: async (s) => s }),
    ).toThrow('must be synchronous');
  });
});

describe('two processes on one sqlite file', () => {
  it('M155: change one entity without losing a change of the other', async () => {
    const file = temporary('store.db');
    const logger = createLogBook().logger;
    const orchestrators = await Promise.all(
      [1, 2].map(async () =>
        createOrchestrator({ workflows: [order], store: await openSqliteStore(file), logger }),
      ),
    );
    onTestFinished(async () => {
      for (const each of orchestrators) await each.close();
    });

    const runs = await Promise.all(
      orchestrators.flatMap((each) =>
        [1, 2].map(async () => (await each.start(order, { sku: 'sku-1', quantity: 1 })).result()),
      ),
    );

    expect(runs.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    expect(await orchestrators[0]?.entity(stock, 'sku-1')).toEqual({ available: 1, taken: 4 });
  });
});
