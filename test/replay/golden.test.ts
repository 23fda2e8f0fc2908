import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { toStored } from '../../src/chart/advance.ts';
import { createCatalogue } from '../../src/engine/catalogue.ts';
import { replayRun } from '../../src/engine/replay.ts';
import { createOrchestrator, type Orchestrator, type Store } from '../../src/index.ts';
import type { Json } from '../../src/plan/json.ts';
import type { HistoryEntry } from '../../src/ports/store.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { createLogBook } from '../support/log-book.ts';
import {
  type Directory,
  type Export,
  exportOf,
  importInto,
  recordings,
  writeDirectory,
} from './golden.ts';
import { record, recordedAtMs } from './recording.ts';
import { scenarios } from './scenarios.ts';
import { paid, workflows } from './workflows.ts';

const hour = 60 * 60 * 1_000;
const releases = readdirSync(recordings);
const read = (release: string, name: string): unknown =>
  JSON.parse(readFileSync(join(recordings, release, name), 'utf8'));

/** Stores as the release left them, on today's adapters. */
const openings: { readonly [name: string]: (release: string, folder: string) => Promise<Store> } = {
  lowdb(release, folder) {
    writeDirectory(folder, read(release, 'lowdb.json') as Directory);
    return openLowdbStore(folder, { fsync: false });
  },
  async sqlite(release, folder) {
    const store = await openSqliteStore(join(folder, 'runs.db'));
    await importInto(store, read(release, 'sqlite-export.json') as Export);
    return store;
  },
};

async function opened(release: string, kind: string): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-replay-'));
  const store = await openings[kind]?.(release, folder);
  if (store === undefined) throw new Error(`no store "${kind}"`);
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return store;
}

async function resumed(store: Store, clock: ManualClock): Promise<Orchestrator> {
  const { logger } = createLogBook();
  const engine = await createOrchestrator({ workflows, store, clock, logger });
  onTestFinished(() => engine.close({ graceMs: 0 }));
  return engine;
}

async function historyOf(store: Store, runId: string): Promise<readonly HistoryEntry[]> {
  return store.history(runId, { afterSeq: 0, limit: 10_000 });
}

describe.each(releases)('I-01: runs of release %s', (release) => {
  describe.each(Object.keys(openings))('on %s', (kind) => {
    it('stand where they were recorded, each with a sound history', async () => {
      const store = await opened(release, kind);

      for (const { name, status } of scenarios) {
        expect.soft((await store.load(name))?.state.status, name).toBe(status);
      }
      const engine = await resumed(store, new ManualClock(recordedAtMs));
      for (const { name } of scenarios)
        expect.soft(await engine.verify(name), name).toMatchObject({ fault: null });
    });

    it('replayed by today’s chart give every stored snapshot', async () => {
      const store = await opened(release, kind);
      const catalogue = createCatalogue(workflows, store);
      let compared = 0;

      for await (const { header, state } of store.export()) {
        // A run that has moved is recomputed up to where it left its first version.
        if (state.body['moves'] !== undefined) continue;
        const definition = await catalogue.definitionOf(header);
        const history = await historyOf(store, header.id);
        for (const { seq, snapshot } of history) {
          const isLast = seq === state.seq;
          if (snapshot === undefined && !isLast) continue;
          // The snapshots stored on the way are what is to be found again, not what is given.
          const entries = history.slice(0, seq).map(({ snapshot: _, ...entry }) => entry);
          const found = toStored(replayRun(header, definition, entries).snapshot);
          if (snapshot !== undefined) expect.soft(found, header.id).toEqual(snapshot);
          if (isLast) expect.soft(found, header.id).toEqual(state.body['snapshot']);
          compared += 1;
        }
      }

      expect(compared).toBeGreaterThan(scenarios.length);
    });

    it('resumed go on to the end they were meant to have', async () => {
      const store = await opened(release, kind);
      const clock = new ManualClock(recordedAtMs + hour);
      const engine = await resumed(store, clock);

      for (let round = 0; round < 12; round += 1) {
        for (const { name } of scenarios) await push(engine, name);
        for (const { runId } of (await engine.list({ parent: 'parent' })).runs)
          await push(engine, runId);
        clock.jump(24 * hour);
        await engine.sweep();
        await clock.advance(0);
      }

      for (const { name, end } of scenarios) {
        const view = await engine.get(name);
        expect.soft(view.status, name).toBe(end.status);
        if (end.status === 'complete')
          expect.soft(await engine.result(name), name).toEqual(end.output);
        expect.soft(await engine.verify(name), name).toMatchObject({ fault: null });
      }
    });
  });
});

/** Answers whatever a run waits for. */
async function push(engine: Orchestrator, runId: string): Promise<void> {
  const view = await engine.get(runId);
  if (view.paused) await engine.resume(runId);
  const isKept = view.outcome?.compensation === 'nothing' && view.status === 'failed';
  if (isKept) await engine.retry(runId, { actor: 'ann' });
  for (const { kind, step, event } of view.waitingOn) {
    if (kind === 'review') {
      const isInDoubt = step === 'transfer';
      const decision = isInDoubt
        ? ({ outcome: 'happened', output: 'transfer done', actor: 'bob' } as const)
        : ({ outcome: 'approved', actor: 'bob' } as const);
      await engine.decide(runId, step, decision);
    }
    if (kind === 'event' && event === 'paid') await engine.signal(runId, paid, { cents: 250 });
  }
}

it('what is recorded today is the same each time, and on every store', async () => {
  const [one, other] = [createMemoryStore(), createMemoryStore()];

  await record(one);
  await record(other);

  const plain = async (store: Store) => JSON.parse(JSON.stringify(await exportOf(store))) as Json;
  expect(await plain(one)).toEqual(await plain(other));
});
