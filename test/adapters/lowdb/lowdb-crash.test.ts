import { describe, expect, it } from 'vitest';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import type { RunCommit, Store } from '../../../src/ports/store.ts';
import {
  aMessage,
  anItem,
  creation,
  finished,
  next,
  startMs,
} from '../../../src/testing/store-contract/builders.ts';
import { createSimulatedDisk, failure, type SimulatedDisk } from './simulated-disk.ts';

const directory = '/data/store';
const claim = {
  key: 'order/k-1',
  payloadHash: 'p',
  atMs: startMs,
  expiresAtMs: startMs + 1_000_000,
};
const remembered = {
  key: 'r-1',
  output: 7,
  claimant: 'run-1/charge',
  expiresAtMs: startMs + 1_000_000,
};
const child = creation('run-2', { state: { active: true } });
const first = creation('run-1', { claim, state: { active: true } });
const second = next(first, {
  messages: [aMessage({ id: 'm-child', runId: 'run-2' }), aMessage({ id: 'm-all', runId: null })],
  remember: [remembered],
});
const third = next(second, { answers: [{ id: 'm-in', answer: { ok: true } }] });
const last = next(third, {
  state: { ...finished, active: false },
  messages: [aMessage({ id: 'm-end', runId: 'run-2' })],
});
const again = next(last, {
  state: { status: 'pending', finishedAtMs: null, active: true, generation: 2 },
});
const fence = { runId: 'run-1', epoch: 1 };

/** Everything that spans several documents, one step at a time. */
const scenario: readonly (readonly [name: string, step: (store: Store) => Promise<unknown>])[] = [
  ['first', (store) => store.commit([first, child])],
  ['claim', (store) => store.claimResult({ ...remembered, key: 'r-2' }, startMs)],
  ['second', (store) => store.commit([second])],
  ['send', (store) => store.send([aMessage({ id: 'm-in' })])],
  ['third', (store) => store.commit([third])],
  ['items', (store) => store.saveItems([anItem(0), anItem(1)], fence)],
  ['last', (store) => store.commit([last])],
  ['again', (store) => store.commit([again])],
  [
    'more',
    (store) =>
      store.commit([
        next(again, { state: { ...finished, active: false } }),
        creation('run-3', { claim: { ...claim, key: 'order/k-3' } }),
      ]),
  ],
  ['prune', (store) => store.prune({ finishedBeforeMs: startMs, dryRun: false })],
];

async function runScenario(disk: SimulatedDisk): Promise<ReadonlySet<string>> {
  const acknowledged = new Set<string>();
  try {
    const store = await openLowdbStore(directory, { files: disk.files });
    acknowledged.add('open');
    for (const [name, step] of scenario) {
      await step(store);
      acknowledged.add(name);
    }
    await store.close();
  } catch {
    // the crash
  }
  return acknowledged;
}

/** What holds after a crash at any time, given what was acknowledged before it. */
async function expectConsistent(store: Store, acknowledged: ReadonlySet<string>): Promise<void> {
  expect(await store.damaged()).toEqual([]);
  const run = await store.load('run-1');
  const revision = run?.state.revision ?? 0;
  const least = [
    ['more', 6],
    ['again', 5],
    ['last', 4],
    ['third', 3],
    ['second', 2],
    ['first', 1],
  ] as const;
  expect(revision).toBeGreaterThanOrEqual(least.find(([name]) => acknowledged.has(name))?.[1] ?? 0);
  expect(await store.history('run-1', { afterSeq: 0, limit: 100 })).toHaveLength(
    run?.state.seq ?? 0,
  );

  expect((await store.key('order/k-1', startMs))?.runId ?? null).toBe(
    revision > 0 ? 'run-1' : null,
  );
  const [outcome] = await store.commit([creation('run-9', { claim })]);
  expect(outcome?.outcome).toBe(revision > 0 ? 'duplicate' : 'committed');
  if (acknowledged.has('first')) expect(await store.load('run-2')).not.toBeNull();

  expect(await store.answer('m-child')).toEqual(revision >= 2 ? { answer: null } : null);
  expect((await store.inbox(null)).map(({ id }) => id)).toEqual(revision >= 2 ? ['m-all'] : []);
  if (revision >= 2)
    expect((await store.inbox('run-2')).filter(({ id }) => id === 'm-child')).toHaveLength(1);
  expect(await store.answer('m-end')).toEqual(revision >= 4 ? { answer: null } : null);
  const held = await store.claimResult(
    { key: 'r-1', claimant: 'x', expiresAtMs: startMs + 1 },
    startMs,
  );
  expect(held).toEqual(revision >= 2 ? remembered : null);
  if (acknowledged.has('send'))
    expect(await store.answer('m-in')).toEqual({ answer: revision >= 3 ? { ok: true } : null });
  if (acknowledged.has('items'))
    expect(await store.items('run-1', 1, 'each', { afterIndex: -1, limit: 10 })).toHaveLength(2);

  const { runs } = await store.list({ limit: 100 });
  const ids = runs.map(({ header }) => header.id);
  expect(new Set(ids).size).toBe(ids.length);
  if (revision > 0) expect(ids).toContain('run-1');
  expect(await store.claimable({ nowMs: startMs, owner: 'x', anyLease: true, limit: 10 })).toEqual(
    expect.arrayContaining(run?.state.active === true ? ['run-1'] : []),
  );
  if (run !== null) {
    const following: RunCommit = {
      ...next(last),
      expectedRevision: revision,
      state: { ...run.state, revision: revision + 1 },
      history: [],
    };
    expect(await store.commit([following])).toEqual([{ outcome: 'committed' }]);
  }
}

/** The lock names this process, which lives. */
async function openSurvivor({ files }: SimulatedDisk): Promise<Store> {
  const names = await files.list(directory).catch(() => []);
  for (const name of names)
    if (name.startsWith('lock-')) await files.remove(`${directory}/${name}`);
  return openLowdbStore(directory, { files });
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

describe('a lowdb store that crashes', () => {
  it('goes through the whole scenario without a fault', async () => {
    const disk = createSimulatedDisk();

    expect([...(await runScenario(disk))]).toEqual(['open', ...scenario.map(([name]) => name)]);
    const store = await openSurvivor(disk.after('power loss', () => 0));
    await expectConsistent(store, new Set(['more']));
  });

  it.each(['kill', 'power loss'] as const)(
    'A-01, A-03: loses and doubles nothing by a %s at any operation on the disk',
    async (end) => {
      const whole = createSimulatedDisk();
      await runScenario(whole);
      const total = whole.operations.length;
      const seen = new Set<number>();

      for (let at = 1; at <= total; at++) {
        const disk = createSimulatedDisk((operation, count) => {
          if (count >= at) throw failure('EIO', operation);
        });
        const acknowledged = await runScenario(disk);
        seen.add(acknowledged.size);
        try {
          const store = await openSurvivor(disk.after(end, seeded(at)));
          await expectConsistent(store, acknowledged);
          await store.close();
        } catch (error) {
          const where = `operation ${at} of ${total} (${whole.operations[at - 1]})`;
          throw new Error(`${end} at ${where}, after ${[...acknowledged].at(-1)}`, {
            cause: error,
          });
        }
      }

      // the crash hit every step at least once
      expect(seen.size).toBe(scenario.length + 2);
    },
  );

  it.each(['kill', 'power loss'] as const)(
    'A-01: keeps every group of records whole over a %s at any operation on the disk',
    async (end) => {
      const whole = createSimulatedDisk();
      expect(await saveGroups(whole)).toBe(groups);
      const merged = whole.operations.filter((operation) => operation.startsWith('rename')).length;

      for (let at = 1; at <= whole.operations.length; at++) {
        const disk = createSimulatedDisk((operation, count) => {
          if (count >= at) throw failure('EIO', operation);
        });
        const acknowledged = await saveGroups(disk);
        const store = await openSurvivor(disk.after(end, seeded(at)));
        const counter = (await store.record('counters', 'last'))?.revision ?? 0;
        const left = (await store.records('groups', { limit: 100 })).map(({ key }) => key);
        const isWhole =
          counter >= acknowledged &&
          counter <= acknowledged + 1 &&
          left.join() === (counter === 0 ? '' : `group-${counter}`);
        const found = { at, operation: whole.operations[at - 1], acknowledged, counter, left };
        expect({ ...found, isWhole }).toEqual({ ...found, isWhole: true });
        await store.close();
      }
      expect(merged).toBeGreaterThan(groups);
    },
  );
});

/** More than what is merged at once. */
const groups = 10;

/** Each group adds a record, removes the one of the group before and counts; returns how many were acknowledged. */
async function saveGroups(disk: SimulatedDisk): Promise<number> {
  let saved = 0;
  try {
    const store = await openLowdbStore(directory, { files: disk.files });
    for (let group = 1; group <= groups; group++) {
      await store.saveRecords([
        { collection: 'groups', key: `group-${group}`, expectedRevision: 0, value: { group } },
        { collection: 'counters', key: 'last', expectedRevision: group - 1, value: { group } },
        ...(group === 1
          ? []
          : [
              {
                collection: 'groups',
                key: `group-${group - 1}`,
                expectedRevision: 1,
                value: null,
              },
            ]),
      ]);
      saved = group;
    }
    await store.close();
  } catch {
    // the crash
  }
  return saved;
}
