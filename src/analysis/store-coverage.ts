import { createCatalogue } from '../engine/catalogue.ts';
import { historyUpTo } from '../engine/history-pages.ts';
import { replayRun } from '../engine/replay.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Store } from '../ports/store.ts';
import { type CoverageReport, coverageOf, createTakenCounter } from '../proof/coverage.ts';
import type { PathReport } from '../proof/paths/paths.ts';
import { isWhollyOf, runsOf } from './observed-runs.ts';

/**
 * Replays the stored runs of the workflow's present plan, and, if asked for, walks the paths of its tests.
 *
 * @param maxRuns - the newest of that many; default: all
 */
export async function cover(
  store: Store | null,
  workflow: RunnableWorkflow,
  withPaths: boolean,
  maxRuns = Number.POSITIVE_INFINITY,
): Promise<CoverageReport> {
  const paths = withPaths ? await pathsOf(workflow) : null;
  return (await coverWith(store, workflow, paths, maxRuns)).report;
}

/** The same with paths that are known already. */
export async function coverWith(
  store: Store | null,
  workflow: RunnableWorkflow,
  paths: PathReport | null,
  maxRuns: number,
): Promise<{ readonly report: CoverageReport; readonly isPartial: boolean }> {
  const { plan } = workflow;
  const counter = createTakenCounter(plan);
  const { isPartial, ...counts } =
    store === null
      ? { runs: 0, otherVersions: 0, isPartial: false }
      : await replayRuns(store, workflow, counter, maxRuns);
  const report = coverageOf(plan, { taken: counter.counts, ...counts, paths });
  return { report, isPartial };
}

async function replayRuns(
  store: Store,
  workflow: RunnableWorkflow,
  counter: ReturnType<typeof createTakenCounter>,
  maxRuns: number,
): Promise<{
  readonly runs: number;
  readonly otherVersions: number;
  readonly isPartial: boolean;
}> {
  const definition = createCatalogue([workflow], store).define(workflow);
  let runs = 0;
  let otherVersions = 0;
  for await (const stored of runsOf(store, workflow)) {
    if (!isWhollyOf(stored, workflow)) {
      otherVersions += 1;
      continue;
    }
    if (runs === maxRuns) return { runs, otherVersions, isPartial: true };
    runs += 1;
    const entries = await historyUpTo(store, stored, stored.state.seq);
    replayRun(stored.header, definition, entries, { onTransition: counter.take });
  }
  return { runs, otherVersions, isPartial: false };
}

/** Generators of values take time to load, which no other command needs to spend. */
export async function pathsOf(workflow: RunnableWorkflow): Promise<PathReport> {
  const { paths } = await import('../testing/player/paths.ts');
  return paths(workflow);
}
