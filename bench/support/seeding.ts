import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { type FileSystem, nodeFileSystem, openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import type { ExportedRun, RunCommit, Store } from '../../src/ports/store.ts';
import type { StoreKind } from './store-kinds.ts';
import { lowdbFolder, openOrchestrator, openStore } from './stores.ts';
import { helloSeq3 } from './workflows.ts';

/** Commits that share one transaction. */
const batchSize = 1_000;

/** Spread over the past, so that they look like a year's work. */
const apartMs = 5 * 60_000;

/** Writes finished runs numbered `from` to `to - 1` into the store, each with its whole history. */
export async function seedFinishedRuns(
  kind: StoreKind,
  folder: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const model = await finishedRun();
  const store = await openForSeeding(kind, folder);
  try {
    await store.savePlan(helloSeq3.plan);
    for (let next = from; next < to; next += batchSize) {
      const count = Math.min(batchSize, to - next);
      const commits = Array.from({ length: count }, (_, index) => asOne(model, next + index));
      for (const { outcome } of await store.commit(commits)) {
        if (outcome !== 'committed') throw new Error(`A seeded run was not written: ${outcome}`);
      }
    }
  } finally {
    await store.close();
  }
}

function openForSeeding(kind: StoreKind, folder: string): Promise<Store> {
  if (kind !== 'lowdb') return openStore(kind, folder);
  return openLowdbStore(lowdbFolder(folder), { fsync: false, files: quickFiles });
}

/** A hop to another thread for each of some hundred thousand small files would take minutes. */
const quickFiles: FileSystem = {
  ...nodeFileSystem,
  async create(path) {
    const descriptor = openSync(path, 'wx', 0o600);
    return {
      async write(bytes) {
        writeSync(descriptor, bytes);
      },
      async sync() {},
      async close() {
        closeSync(descriptor);
      },
    };
  },
  async rename(from, to) {
    renameSync(from, to);
  },
};

/** A run with its history, from which others are made. */
export async function finishedRun(): Promise<ExportedRun> {
  const store = createMemoryStore();
  const orchestrator = await openOrchestrator(store, [helloSeq3]);
  await (await orchestrator.start(helloSeq3, 1)).result();
  await orchestrator.close();
  for await (const run of store.export()) return run;
  throw new Error('The model of the seeded runs has not run');
}

/** The whole life of a run in one commit; it need not outlive a power cut. */
function asOne({ header, state, history }: ExportedRun, number: number): RunCommit {
  const id = `seed-${String(number).padStart(9, '0')}`;
  const createdAtMs = header.createdAtMs - (number + 1) * apartMs;
  return {
    runId: id,
    expectedRevision: 0,
    expectedEpoch: 0,
    header: { ...header, id, createdAtMs },
    state: { ...state, revision: 1, finishedAtMs: createdAtMs, updatedAtMs: createdAtMs },
    history,
    claim: null,
    messages: [],
    answers: [],
    remember: [],
    durability: 'fast',
  };
}
