import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Builder,
  defineResource,
  defineTask,
  defineWorkflow,
  TransientError,
} from '../../../src/index.ts';
import { minute, openBench, second, until } from '../../support/engine-bench.ts';

interface Connection {
  readonly id: number;
  isOpen: boolean;
}

/** A resource that writes down what happens to it. */
function aResource(hooks: { open?: (id: number) => unknown; close?: () => unknown } = {}) {
  const connections: Connection[] = [];
  const events: string[] = [];
  const resource = defineResource({
    name: 'connection',
    async open(): Promise<Connection> {
      const connection = { id: connections.length + 1, isOpen: true };
      connections.push(connection);
      events.push(`open ${connection.id}`);
      await hooks.open?.(connection.id);
      return connection;
    },
    async close(connection) {
      connection.isOpen = false;
      events.push(`close ${connection.id}`);
      await hooks.close?.();
    },
  });
  return { resource, connections, events };
}

type Work = (context: {
  readonly connection: Connection;
  readonly attempt: number;
  readonly signal: AbortSignal;
}) => unknown;

function aTask(name: string, { resource }: ReturnType<typeof aResource>, work: Work = () => null) {
  return defineTask({
    name,
    input: z.void(),
    output: z.object({ connection: z.int() }),
    retry: { maxAttempts: 2, backoff: { kind: 'fixed', initial: '1s' } },
    timeout: '30s',
    resources: { db: resource },
    async compensate({ resources }) {
      if (!resources.db.isOpen) throw new Error('undone on a closed connection');
    },
    async run({ resources, attempt, signal }) {
      if (!resources.db.isOpen) throw new Error('run on a closed connection');
      await work({ connection: resources.db, attempt, signal });
      return { connection: resources.db.id };
    },
  });
}

function aWorkflow(steps: (w: Builder<undefined>) => ReturnType<Builder<undefined>['derive']>) {
  return defineWorkflow({
    name: 'shares',
    version: 1,
    input: z.undefined(),
    steps: (w) => steps(w as never),
  });
}
const noInput = { input: undefined };

describe('a resource', () => {
  it('M142: is opened once, shared by steps in sequence and in parallel, and closed by the end', async () => {
    const db = aResource();
    const workflow = aWorkflow((w) => {
      const first = w.task('first', aTask('first', db), noInput);
      const left = w.task('left', aTask('left', db), { ...noInput, after: [first] });
      const right = w.task('right', aTask('right', db), { ...noInput, after: [first] });
      return w.derive('all', { first, left, right }, ({ left, right }) => [left, right]);
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, undefined);

    expect(await run.result()).toEqual([{ connection: 1 }, { connection: 1 }]);
    expect(db.events).toEqual(['open 1', 'close 1']);
  });

  it('is one for the items of a map', async () => {
    const db = aResource();
    const each = aTask('each', db);
    const workflow = defineWorkflow({
      name: 'maps',
      version: 1,
      input: z.object({ items: z.array(z.int()) }),
      steps: (w) => w.map('items', w.input.$.items, {}, () => w.task('item', each, noInput)),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, { items: [1, 2, 3] });

    expect(await run.result()).toEqual([{ connection: 1 }, { connection: 1 }, { connection: 1 }]);
    expect(db.events).toEqual(['open 1', 'close 1']);
  });

  it('is not shared with another run', async () => {
    const db = aResource();
    const workflow = aWorkflow((w) => w.task('only', aTask('only', db), noInput));
    const { engine } = await openBench({ workflows: [workflow] });

    const runs = await Promise.all([1, 2].map(() => engine.start(workflow, undefined)));
    const results = await Promise.all(runs.map((run) => run.result()));

    expect(new Set(results)).toEqual(new Set([{ connection: 1 }, { connection: 2 }]));
    expect(db.connections.map(({ isOpen }) => isOpen)).toEqual([false, false]);
  });

  it('M143: is closed after the undo of a failed run, which uses it', async () => {
    const db = aResource();
    const workflow = aWorkflow((w) => {
      const first = w.task('first', aTask('first', db), noInput);
      const last = aTask('last', db, () => {
        throw new Error('refused');
      });
      return w.task('last', last, { ...noInput, after: [first] });
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, undefined);
    const view = await engine.drive(run.runId, 'finished');

    expect(view).toMatchObject({ status: 'failed', outcome: { compensation: 'complete' } });
    // The attempt that failed may have broken its connection: the undo has one of its own.
    expect(db.events).toEqual(['open 1', 'close 1', 'open 2', 'close 2']);
  });

  it('is another one in the attempt after a failure', async () => {
    const db = aResource();
    const seen: number[] = [];
    const flaky = aTask('flaky', db, ({ connection, attempt }) => {
      seen.push(connection.id);
      if (attempt === 1) throw new TransientError('connection lost');
    });
    const workflow = aWorkflow((w) => w.task('flaky', flaky, noInput));
    const { engine, clock } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, undefined);
    await until(() => db.events.includes('close 1'));
    await clock.advance(second);

    expect(await run.result()).toEqual({ connection: 2 });
    expect(seen).toEqual([1, 2]);
    expect(db.events).toEqual(['open 1', 'close 1', 'open 2', 'close 2']);
  });

  it('M143: is closed when the run is cancelled, after the attempt that was drained', async () => {
    const db = aResource();
    const isReached = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const slow = aTask('slow', db, async () => {
      isReached.resolve();
      await mayEnd.promise;
    });
    const workflow = aWorkflow((w) => w.task('slow', slow, noInput));
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, undefined);
    await isReached.promise;

    await engine.cancel(run.runId);
    expect(db.events).toEqual(['open 1']);
    mayEnd.resolve();
    await engine.drive(run.runId, 'finished');

    expect(db.events).toEqual(['open 1', 'close 1']);
  });

  it('M143: is closed under an aborted attempt that does not end', async () => {
    const db = aResource();
    const isReached = Promise.withResolvers<void>();
    const stuck = aTask('stuck', db, () => {
      isReached.resolve();
      return new Promise(() => {});
    });
    const workflow = aWorkflow((w) => w.task('stuck', stuck, noInput));
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, undefined);
    await isReached.promise;

    await engine.cancel(run.runId, { mode: 'abort' });
    await clock.advance(10 * second);
    await engine.drive(run.runId, 'finished');

    expect(db.events).toEqual(['open 1', 'close 1']);
  });

  it('is not held while a person is waited for', async () => {
    const db = aResource();
    const workflow = aWorkflow((w) => {
      const first = w.task('first', aTask('first', db), noInput);
      const review = w.review('approval', { show: first });
      return w.task('last', aTask('last', db), { ...noInput, after: [review] });
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, undefined);

    await engine.drive(run.runId);
    expect(db.events).toEqual(['open 1', 'close 1']);
    await engine.decide(run.runId, 'approval', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toEqual({ connection: 2 });
    expect(db.events).toEqual(['open 1', 'close 1', 'open 2', 'close 2']);
  });

  it('M143: is closed when the orchestrator closes, and opened again by the next process', async () => {
    const db = aResource();
    const isReached = Promise.withResolvers<void>();
    let isFirst = true;
    const slow = aTask('slow', db, () => {
      isReached.resolve();
      if (!isFirst) return null;
      isFirst = false;
      return new Promise(() => {});
    });
    const workflow = aWorkflow((w) => w.task('slow', slow, noInput));
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, undefined);
    await isReached.promise;

    const next = await bench.restart();

    expect(await next.result(runId)).toEqual({ connection: 2 });
    expect(db.events).toEqual(['open 1', 'close 1', 'open 2', 'close 2']);
  });

  it('is opened again after a crash', async () => {
    const db = aResource();
    const isReached = Promise.withResolvers<void>();
    let isFirst = true;
    const second = aTask('second', db, () => {
      isReached.resolve();
      if (!isFirst) return null;
      isFirst = false;
      return new Promise(() => {});
    });
    const workflow = aWorkflow((w) => {
      const first = w.task('first', aTask('first', db), noInput);
      return w.task('second', second, { ...noInput, after: [first] });
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, undefined);
    await isReached.promise;

    const next = await bench.crash();

    expect(await next.result(runId)).toEqual({ connection: 2 });
  });

  it('that cannot be opened fails the attempt, and is tried again by the next', async () => {
    const db = aResource({
      open(id) {
        if (id === 1) throw new TransientError('database is starting');
      },
    });
    const workflow = aWorkflow((w) => w.task('only', aTask('only', db), noInput));
    const { engine, clock, log } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, undefined);
    await until(() => log.saying('retrying in 1s').length > 0);
    await clock.advance(second);

    expect(await run.result()).toEqual({ connection: 2 });
    expect(db.events).toEqual(['open 1', 'open 2', 'close 2']);
  });

  it('that takes too long to open is out of time with its attempt, and closed once it is open', async () => {
    const opening = Promise.withResolvers<void>();
    const db = aResource({ open: (id) => (id === 1 ? opening.promise : null) });
    const workflow = aWorkflow((w) => w.task('only', aTask('only', db), noInput));
    const { engine, clock } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, undefined);
    await until(() => db.events.includes('open 1'));
    await clock.advance(30 * second);
    await clock.advance(second);

    expect(await run.result()).toEqual({ connection: 2 });
    opening.resolve();
    await until(() => db.events.includes('close 1'));
    expect(db.connections.map(({ isOpen }) => isOpen)).toEqual([false, false]);
  });

  it('that cannot be closed is reported in the log and fails nothing', async () => {
    const db = aResource({
      close() {
        throw new Error('already gone');
      },
    });
    const workflow = aWorkflow((w) => w.task('only', aTask('only', db), noInput));
    const { engine, log } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, undefined);

    expect(await run.result()).toEqual({ connection: 1 });
    await engine.close();
    expect(log.saying('resource not closed')).toMatchObject([
      { resource: 'connection', problem: 'already gone' },
    ]);
  });

  it('that never closes does not keep the orchestrator from closing', async () => {
    const db = aResource({ close: () => new Promise(() => {}) });
    const workflow = aWorkflow((w) => w.task('only', aTask('only', db), noInput));
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, undefined);
    await run.result();

    const closing = engine.close();
    await clock.advance(minute);
    await closing;

    expect(db.events).toEqual(['open 1', 'close 1']);
  });

  it('serves the machine in memory, each attempt with its own', async () => {
    const db = aResource();
    const workflow = aWorkflow((w) => w.task('only', aTask('only', db), noInput));
    const { createActor, waitFor } = await import('xstate');

    const actor = createActor(workflow.machine, { input: undefined }).start();
    const { output } = await waitFor(actor, (snapshot) => snapshot.status === 'done');

    expect(output).toEqual({ connection: 1 });
    expect(db.events).toEqual(['open 1', 'close 1']);
  });

  it('is checked when it is defined', () => {
    const misspelt = { name: 'db', open: () => null, shut: () => {} };
    // @ts-expect-error -- close is missing
    expect(() => defineResource(misspelt)).toThrow('Resource "db": option "close" is missing');
    const task = { name: 't', compensate: 'none', input: z.void(), run: async () => {} } as const;
    // @ts-expect-error -- no resource
    expect(() => defineTask({ ...task, resources: { db: {} } })).toThrow(
      'option "resources" must be an object of keys and the resources made by defineResource',
    );
  });
});
