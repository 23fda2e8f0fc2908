/** Which transitions of a chart were taken, by the paths that tests walk and by runs that have happened. */
import type { AnyMachineSnapshot } from 'xstate';
import { compileChart, fromStored, toStored } from '../chart/advance.ts';
import type { ChartEvent } from '../chart/events.ts';
import { type NamedTransition, traced, transitionsOf } from '../chart/transitions.ts';
import type { Plan } from '../plan/plan.ts';
import type { PathReport } from './paths/paths.ts';

export interface TransitionCoverage
  extends Pick<NamedTransition, 'id' | 'state' | 'event' | 'index'> {
  /** Times it stands on the paths of the tests; `null`: they were not looked at. */
  readonly byTests: number | null;
  /** Times stored runs took it. */
  readonly byRuns: number;
  /** Why no path comes to it; `null` if one does, or paths were not looked at. */
  readonly unreachable: string | null;
}

export interface CoverageReport {
  readonly workflow: string;
  readonly version: number;
  /** Stored runs of this plan. */
  readonly runs: number;
  /** Stored runs of other versions: their charts are others, and they don't count here. */
  readonly otherVersions: number;
  /** Number of paths; `null`: they were not looked at. */
  readonly paths: number | null;
  readonly transitions: readonly TransitionCoverage[];
  /** Ids of those on no path, although some path could take them. */
  readonly neverTested: readonly string[];
  /** On no path, and yet taken; most often first. */
  readonly untestedButTaken: readonly { readonly id: string; readonly count: number }[];
  /** Taken by no stored run. */
  readonly neverTaken: readonly string[];
}

export interface TakenCounter {
  /** Counts what the event took from there. */
  readonly take: (before: AnyMachineSnapshot, event: ChartEvent) => void;
  readonly counts: ReadonlyMap<string, number>;
}

/** Counts the transitions of a plan's chart; snapshots may come from any machine of the same plan. */
export function createTakenCounter(plan: Plan): TakenCounter {
  const compiled = compileChart(plan);
  const advance = traced(compiled);
  const counts = new Map<string, number>();
  return {
    counts,
    take(before, event) {
      const taken = advance(fromStored(compiled, toStored(before)), event)?.taken ?? [];
      for (const id of taken) counts.set(id, (counts.get(id) ?? 0) + 1);
    },
  };
}

export interface CoverageSources {
  readonly taken: ReadonlyMap<string, number>;
  readonly runs: number;
  readonly otherVersions: number;
  readonly paths: PathReport | null;
}

export function coverageOf(plan: Plan, sources: CoverageSources): CoverageReport {
  const { taken, runs, otherVersions, paths } = sources;
  const tested = new Map<string, number>();
  for (const { steps } of paths?.paths ?? [])
    for (const id of steps.flatMap((step) => step.taken)) tested.set(id, (tested.get(id) ?? 0) + 1);
  const reasons = new Map(
    paths?.unreachable.map(({ transition, reason }) => [transition, reason]) ?? [],
  );
  const transitions = transitionsOf(compileChart(plan).chart).map(
    ({ id, state, event, index }) => ({
      id,
      state,
      event,
      index,
      byTests: paths === null ? null : (tested.get(id) ?? 0),
      byRuns: taken.get(id) ?? 0,
      unreachable: reasons.get(id) ?? null,
    }),
  );
  const untested = transitions.filter(({ byTests }) => byTests === 0);
  return {
    workflow: plan.name,
    version: plan.version,
    runs,
    otherVersions,
    paths: paths?.paths.length ?? null,
    transitions,
    neverTested: untested.filter(({ unreachable }) => unreachable === null).map(({ id }) => id),
    untestedButTaken: untested
      .filter(({ byRuns }) => byRuns > 0)
      .map(({ id, byRuns }) => ({ id, count: byRuns }))
      .sort((a, b) => b.count - a.count),
    neverTaken: transitions.filter(({ byRuns }) => byRuns === 0).map(({ id }) => id),
  };
}
