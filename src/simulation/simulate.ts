/** Many runs of a workflow by chance, meeting in queues and before reviewers. The same seed and model give the same answer. */
import { compileChart } from '../chart/advance.ts';
import type { Plan, PredicateNode, RunStatus } from '../plan/plan.ts';
import { indexPlan } from '../plan/settle.ts';
import { createAgenda } from './agenda.ts';
import { drawMs } from './distribution.ts';
import { memoised } from './memo.ts';
import { assumptionsOf, type Model } from './model.ts';
import { createPool, type Pool, type PoolReport } from './pool.ts';
import { createRandom } from './random.ts';
import { startSampledRun } from './run/sampled-run.ts';
import type { Counted, Subject, World } from './run/world.ts';
import { type Bin, histogramOf, type Spread, spreadOf } from './statistics.ts';

export interface SimulationOptions {
  readonly plan: Plan;
  readonly model: Model;
  /** How many runs. */
  readonly runs: number;
  /** Default 1. */
  readonly seed?: number;
  /** Plans of child workflows by `name@version`; one that is missing takes as long as the model says of its step. */
  readonly children?: ReadonlyMap<string, Plan>;
  /**
   * What a condition says of the way a step ended (`{ outcome: 'approved', … }` of a review), if it does not depend on data; called with the
   * id of the condition (`?label`) and its value. Without it such conditions are left to chance.
   */
  readonly condition?: (id: string, value: unknown) => boolean | undefined;
}

export interface StepFigures {
  readonly step: string;
  readonly attempts: number;
  readonly failures: number;
  readonly reviews: number;
  /** Reviews, waits and time limits that ran out. */
  readonly expiries: number;
  readonly undos: number;
}

export interface SimulationReport {
  readonly workflow: string;
  readonly version: number;
  readonly runs: number;
  readonly seed: number;
  /** From start to end, of the runs that ended. */
  readonly duration: Spread;
  readonly histogram: readonly Bin[];
  /** Parts of all runs, from 0 to 1. */
  readonly rates: {
    readonly complete: number;
    readonly failed: number;
    readonly cancelled: number;
    /** Wait for something that never comes. */
    readonly stuck: number;
    /** Undid something. */
    readonly compensated: number;
    /** Let a review, wait or time limit run out. */
    readonly expired: number;
  };
  readonly steps: readonly StepFigures[];
  /** Reviewers first, then the queues of tasks. */
  readonly queues: readonly PoolReport[];
  readonly assumptions: readonly string[];
  /** Simulated time from the first start to the last end. */
  readonly overMs: number;
}

/** One that is done bit by bit. */
export interface Simulation {
  /** Lets so many things happen at most; `false`: nothing is left that could. */
  advance(events: number): boolean;
  /** Of what has happened so far. */
  report(): SimulationReport;
}

export function simulate(options: SimulationOptions): SimulationReport {
  const simulation = beginSimulation(options);
  simulation.advance(Number.POSITIVE_INFINITY);
  return simulation.report();
}

export function beginSimulation(options: SimulationOptions): Simulation {
  const { plan, model, runs, seed = 1, children = new Map<string, Plan>() } = options;
  const random = createRandom(seed);
  const agenda = createAgenda();
  const queues = new Map<string, Pool>();
  const reviewers = createPool('reviewers', model.reviewers ?? null, agenda);
  const subjects = new Map<Plan, Subject>();
  const counts = new Map<string, Record<Counted, number>>();
  const main = subjectOf(plan);
  const durations: number[] = [];
  const ends = new Map<RunStatus, number>();
  let compensated = 0;
  let expired = 0;
  /** Runs under way of which something has run out. */
  const hasExpired = new Set<object>();

  function subjectOf(given: Plan): Subject {
    const known = subjects.get(given);
    if (known !== undefined) return known;
    const compiled = compileChart(given);
    const index = indexPlan(given);
    const subject: Subject = {
      plan: given,
      compiled,
      index,
      model: given === plan ? model : {},
      step: memoised(compiled),
      condition(id, value) {
        const node = index.nodes.get(id);
        return node?.kind === 'predicate' && isKnown(node, value)
          ? options.condition?.(id, value)
          : undefined;
      },
    };
    subjects.set(given, subject);
    return subject;
  }

  function workers(queue: string): Pool {
    const known = queues.get(queue);
    if (known !== undefined) return known;
    const pool = createPool(queue, model.workers?.[queue] ?? null, agenda);
    queues.set(queue, pool);
    return pool;
  }

  function count({ plan: { name } }: Subject, step: string, what: Counted): void {
    const key = name === plan.name ? step : `${name}/${step}`;
    const known = counts.get(key) ?? { attempt: 0, failure: 0, review: 0, expiry: 0, undo: 0 };
    known[what] += 1;
    counts.set(key, known);
  }

  function start(): void {
    const run = {};
    const startedMs = agenda.nowMs;
    const world: World = {
      agenda,
      random,
      workers,
      reviewers,
      child: (name, version) => {
        const child = children.get(`${name}@${version}`);
        return child === undefined ? null : subjectOf(child);
      },
      count(subject, step, what) {
        if (what === 'expiry') hasExpired.add(run);
        count(subject, step, what);
      },
    };
    startSampledRun(main, world, ({ status, undone }) => {
      durations.push(agenda.nowMs - startedMs);
      ends.set(status, (ends.get(status) ?? 0) + 1);
      if (undone > 0) compensated += 1;
      if (hasExpired.delete(run)) expired += 1;
    });
  }

  let started = 0;
  const arrive = (): void => {
    started += 1;
    start();
    if (started < runs && model.arrivals !== undefined)
      agenda.after(drawMs(model.arrivals, random), arrive);
  };
  if (model.arrivals !== undefined && runs > 0) agenda.after(0, arrive);
  else for (let run = 0; run < runs; run += 1) agenda.after(0, start);

  const part = (some: number) => (runs === 0 ? 0 : some / runs);
  const report = (): SimulationReport => ({
    workflow: plan.name,
    version: plan.version,
    runs,
    seed,
    duration: spreadOf(durations),
    histogram: histogramOf(durations),
    rates: {
      complete: part(ends.get('complete') ?? 0),
      failed: part(ends.get('failed') ?? 0),
      cancelled: part(ends.get('cancelled') ?? 0),
      stuck: part(runs - durations.length),
      compensated: part(compensated),
      expired: part(expired + hasExpired.size),
    },
    steps: [...counts].map(([step, figures]) => ({
      step,
      attempts: figures.attempt,
      failures: figures.failure,
      reviews: figures.review,
      expiries: figures.expiry,
      undos: figures.undo,
    })),
    queues: [reviewers, ...queues.values()]
      .map((pool) => pool.report())
      .filter(({ served }) => served > 0),
    assumptions: assumptionsOf(plan, model),
    overMs: agenda.nowMs,
  });

  return {
    advance(events) {
      for (let event = 0; event < events; event += 1) if (!agenda.next()) return false;
      return true;
    },
    report,
  };
}

/** How steps ended is known, what they yielded is not. */
function isKnown({ of }: PredicateNode, value: unknown): boolean {
  if (of.kind === 'ref') return value !== undefined;
  if (of.kind === 'array') return Array.isArray(value) && value.every((part) => part !== undefined);
  if (of.kind !== 'object' || typeof value !== 'object' || value === null) return false;
  return of.entries.every(([key]) => Object.hasOwn(value, key));
}
