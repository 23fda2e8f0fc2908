/** The files of a recording, and stores made of them. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan } from '../../src/plan/plan.ts';
import type { ExportedRun, Store } from '../../src/ports/store.ts';

/** One folder a release. */
export const recordings = fileURLToPath(new URL('recorded', import.meta.url));

/** The directory of a lowdb store: by path the text of a document, or `null` for a folder. */
export type Directory = { readonly [path: string]: string | null };

/** Everything a store holds, whatever its kind. */
export interface Export {
  readonly plans: readonly Plan[];
  readonly runs: readonly ExportedRun[];
}

export function readDirectory(root: string): Directory {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const place = join(root, path);
      return [path, statSync(place).isDirectory() ? null : readFileSync(place, 'utf8')];
    }),
  );
}

export function writeDirectory(root: string, directory: Directory): void {
  for (const [path, text] of Object.entries(directory)) {
    const place = join(root, path);
    mkdirSync(text === null ? place : dirname(place), { recursive: true });
    if (text !== null) writeFileSync(place, text);
  }
}

export async function exportOf(store: Store): Promise<Export> {
  const plans: Plan[] = [];
  for (const { name, version, hash } of await store.plans()) {
    const plan = await store.plan(name, version, hash);
    if (plan !== null) plans.push(plan);
  }
  const runs: ExportedRun[] = [];
  for await (const run of store.export()) runs.push(run);
  return {
    plans: plans.sort((a, b) => (a.hash < b.hash ? -1 : 1)),
    runs: runs.sort((a, b) => (a.header.id < b.header.id ? -1 : 1)),
  };
}

/** Puts an export into an empty store. Commits are counted anew, everything else is as it was. */
export async function importInto(store: Store, { plans, runs }: Export): Promise<void> {
  for (const plan of plans) await store.savePlan(plan);
  for (const { header, state, history, checkpoints, items } of runs) {
    const { id } = header;
    await store.commit([
      {
        runId: id,
        expectedRevision: 0,
        expectedEpoch: 0,
        header,
        state: { ...state, revision: 1, lease: null },
        history,
        claim: null,
        messages: [],
        answers: [],
        remember: [],
        durability: 'durable',
      },
    ]);
    const fence = { runId: id, epoch: state.epoch };
    for (const checkpoint of checkpoints) await store.saveCheckpoint(checkpoint, fence);
    await store.saveItems(items, fence);
  }
}
