import type { RunState, Store } from '../../ports/store.ts';
import { expect } from '../vitest.ts';
import { aMessage, commitAll, creation, finished, next, startMs } from './builders.ts';
import { storeCase } from './case.ts';

const nowMs = startMs + 1_000;

function claim(
  store: Store,
  query: { owner?: string; anyLease?: boolean; limit?: number; nowMs?: number } = {},
): Promise<readonly string[]> {
  return store.claimable({ nowMs, owner: 'me', anyLease: false, limit: 100, ...query });
}

async function withRuns(
  store: Store,
  runs: { readonly [id: string]: Partial<RunState> },
): Promise<void> {
  await store.commit(Object.entries(runs).map(([id, state]) => creation(id, { state })));
}

function heldBy(owner: string, expiresAtMs: number): Partial<RunState> {
  return { active: true, lease: { owner, expiresAtMs } };
}

export const schedulingCases = [
  storeCase(
    'claims active runs, due runs and runs with unanswered messages, each once',
    async ({ store }) => {
      await withRuns(store, {
        active: { active: true },
        due: { dueAtMs: nowMs },
        later: { dueAtMs: nowMs + 1 },
        idle: {},
        called: {},
        everything: { active: true, dueAtMs: nowMs - 1 },
      });
      await store.send([
        aMessage({ id: 'm-1', runId: 'called' }),
        aMessage({ id: 'm-2', runId: 'everything' }),
        aMessage({ id: 'm-3', runId: 'called' }),
      ]);

      expect([...(await claim(store))].sort()).toEqual(['active', 'called', 'due', 'everything']);
      expect([...(await claim(store, { nowMs: nowMs + 1 }))].sort()).toEqual([
        'active',
        'called',
        'due',
        'everything',
        'later',
      ]);
    },
  ),

  storeCase('stops claiming a run once its message is answered', async ({ store }) => {
    const first = await commitAll(store, creation('run-1', { state: finished }));
    await store.send([aMessage({ id: 'm-1' })]);
    expect(await claim(store)).toEqual(['run-1']);

    await commitAll(store, next(first, { answers: [{ id: 'm-1', answer: {} }] }));

    expect(await claim(store)).toEqual([]);
  }),

  storeCase('claims only runs whose lease is free, over, or its own', async ({ store }) => {
    await withRuns(store, {
      free: { active: true },
      over: heldBy('other', nowMs),
      own: heldBy('me', nowMs + 1),
      others: heldBy('other', nowMs + 1),
      'z-others': heldBy('z', nowMs + 1),
      'due-others': { dueAtMs: nowMs, lease: { owner: 'other', expiresAtMs: nowMs + 1 } },
      'called-others': { lease: { owner: 'other', expiresAtMs: nowMs + 1 } },
    });
    await store.send([aMessage({ id: 'm-1', runId: 'called-others' })]);

    expect([...(await claim(store))].sort()).toEqual(['free', 'over', 'own']);
  }),

  storeCase('claims whatever the lease says when asked to', async ({ store }) => {
    await withRuns(store, {
      others: heldBy('other', nowMs + 1),
      'z-others': heldBy('z', nowMs + 1),
      free: { active: true },
      idle: {},
    });

    expect([...(await claim(store, { anyLease: true }))].sort()).toEqual([
      'free',
      'others',
      'z-others',
    ]);
  }),

  storeCase(
    'keeps to the limit, and does not let its own runs hide the others',
    async ({ store }) => {
      await withRuns(store, {
        a: heldBy('me', nowMs + 1),
        b: heldBy('me', nowMs + 1),
        c: { active: true },
        d: { dueAtMs: nowMs },
      });

      expect([...(await claim(store, { limit: 2 }))].sort()).toEqual(['c', 'd']);
      expect(await claim(store, { limit: 3 })).toHaveLength(3);
    },
  ),

  storeCase('follows a run from active to idle and back', async ({ store }) => {
    let last = await commitAll(store, creation('run-1', { state: { active: true } }));
    expect(await claim(store)).toEqual(['run-1']);
    last = await commitAll(store, next(last, { state: { active: false } }));
    expect(await claim(store)).toEqual([]);
    last = await commitAll(store, next(last, { state: finished }));
    expect(await claim(store)).toEqual([]);
    await commitAll(
      store,
      next(last, { state: { status: 'pending', finishedAtMs: null, active: true, generation: 2 } }),
    );
    expect(await claim(store)).toEqual(['run-1']);
  }),

  storeCase('says when the next run is due, leaving out paused ones', async ({ store }) => {
    expect(await store.nextDueAtMs()).toBeNull();
    await withRuns(store, {
      paused: { dueAtMs: 10, pausedAtMs: 5 },
      done: finished,
      late: { dueAtMs: 30 },
      idle: {},
    });
    const early = await commitAll(store, creation('early', { state: { dueAtMs: 20 } }));

    expect(await store.nextDueAtMs()).toBe(20);
    const paused = await commitAll(store, next(early, { state: { pausedAtMs: 15 } }));
    expect(await store.nextDueAtMs()).toBe(30);
    const resumed = await commitAll(
      store,
      next(paused, { state: { pausedAtMs: null, dueAtMs: 25 } }),
    );
    expect(await store.nextDueAtMs()).toBe(25);
    await commitAll(store, next(resumed, { state: { ...finished, dueAtMs: null } }));
    expect(await store.nextDueAtMs()).toBe(30);
  }),

  storeCase('does not claim a paused run because it is due', async ({ store }) => {
    await withRuns(store, { paused: { dueAtMs: 10, pausedAtMs: 5 } });

    expect(await claim(store)).toEqual([]);
  }),

  storeCase('renews the leases of an owner and names those it has lost', async ({ store }) => {
    await withRuns(store, { mine: heldBy('me', nowMs), others: heldBy('other', nowMs), free: {} });

    expect(await store.renew('me', ['mine', 'others', 'free', 'unknown'], nowMs + 10)).toEqual([
      'others',
      'free',
      'unknown',
    ]);

    expect((await store.load('mine'))?.state.lease).toEqual({
      owner: 'me',
      expiresAtMs: nowMs + 10,
    });
    expect((await store.load('others'))?.state.lease).toEqual({
      owner: 'other',
      expiresAtMs: nowMs,
    });
    expect(await claim(store, { owner: 'third' })).toEqual(['others']);
    expect([...(await claim(store, { owner: 'third', nowMs: nowMs + 10 }))].sort()).toEqual([
      'mine',
      'others',
    ]);
  }),

  storeCase('C-04: renews a lease that is over but was not taken', async ({ store }) => {
    await withRuns(store, { mine: heldBy('me', 5) });

    expect(await store.renew('me', ['mine'], nowMs + 10)).toEqual([]);
  }),

  storeCase('keeps the revision of a run whose lease is renewed', async ({ store }) => {
    const first = await commitAll(store, creation('run-1', { state: heldBy('me', nowMs) }));
    await store.renew('me', ['run-1'], nowMs + 10);

    expect((await store.load('run-1'))?.state).toEqual({
      ...first.state,
      lease: { owner: 'me', expiresAtMs: nowMs + 10 },
    });
    expect(await store.commit([next(first)])).toEqual([{ outcome: 'committed' }]);
  }),

  storeCase('names the runs that wait for an event now', async ({ store }) => {
    const first = await commitAll(
      store,
      creation('run-1', { state: { awaits: ['paid', 'shipped'] } }),
    );
    await withRuns(store, { 'run-2': { awaits: ['paid'], pausedAtMs: 5 }, 'run-3': {} });

    expect([...(await store.awaiting('paid'))].sort()).toEqual(['run-1', 'run-2']);
    expect(await store.awaiting('shipped')).toEqual(['run-1']);
    await commitAll(store, next(first, { state: { awaits: ['shipped', 'returned'] } }));

    expect(await store.awaiting('paid')).toEqual(['run-2']);
    expect(await store.awaiting('shipped')).toEqual(['run-1']);
    expect(await store.awaiting('returned')).toEqual(['run-1']);
    expect(await store.awaiting('unknown')).toEqual([]);
  }),
];
