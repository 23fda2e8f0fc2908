import { createCatalogue } from '../engine/catalogue.ts';
import { historyUpTo } from '../engine/history-pages.ts';
import { replayRun } from '../engine/replay.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Store } from '../ports/store.ts';
import { type CoverageReport, coverageOf, createTakenCounter } from '../proof/coverage.ts';
import type { PathReport } from '../proof/paths/paths.ts';
import { isWhollyOf, runsOf } from './observed-runs.ts';

/** Replays every stored run of the workflow's present plan, and, if asked for, walks the paths of its tests. */
export async function cover(
  store: Store | null,
  workflow: RunnableWorkflow,
  withPaths: boolean,
): Promise<CoverageReport> {
  const { plan } = workflow;
  const counter = createTakenCounter(plan);
  const counts =
    store === null ? { runs: 0, otherVersions: 0 } : await replayAll(store, workflow, counter);
  const paths = withPaths ? await pathsOf(workflow) : null;
  return coverageOf(plan, { taken: counter.counts, ...counts, paths });
}

async function replayAll(
  store: Store,
  workflow: RunnableWorkflow,
  counter: ReturnType<typeof createTakenCounter>,
): Promise<{ readonly runs: number; readonly otherVersions: number }> {
  const definition = createCatalogue([workflow], store).define(workflow);
  let runs = 0;
  let otherVersions = 0;
  for await (const stored of runsOf(store, workflow)) {
    if (!isWhollyOf(stored, workflow)) {
      otherVersions += 1;
      continue;
    }
    runs += 1;
    const entries = await historyUpTo(store, stored, stored.state.seq);
    replayRun(stored.header, definition, entries, { onTransition: counter.take });
  }
  return { runs, otherVersions };
}

/** Generators of values take time to load, which no other command needs to spend. */
async function pathsOf(workflow: RunnableWorkflow): Promise<PathReport> {
  const { paths } = await import('../testing/player/paths.ts');
  return paths(workflow);
}
