/** How the service is: what it works on, what holds it up, and what it has used. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { z } from 'zod';
import type { Breaker, health as calls } from '../../api/health.ts';
import type { RunStatus } from '../../plan/plan.ts';
import type { BreakerRecord } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';
import type { CallLimits } from './calls.ts';
import type { ModelMeter } from './models.ts';
import { type RetryMeter, type StepFailures, windowMinutes } from './retries.ts';
import type { Spend } from './spend.ts';
import type { RetryingStep } from './survey.ts';
import type { Surveyor } from './surveyor.ts';
import type { Writable } from './writable.ts';

export type Health = z.output<(typeof calls)['get']['answer']>;

/** Steps tried again by so many runs at once are a retry storm. */
const stormSize = 100;
/** A timer that is later than this is a problem. */
const lateMs = 30_000;
/** Rows of the list of steps that are tried again. */
const shownSteps = 100;
const nanosecondsOfMs = 1e6;

export interface HealthParts extends Pick<ServiceParts, 'orchestrator' | 'store' | 'clock'> {
  readonly surveyor: Surveyor;
  readonly writable: Writable;
  readonly models: ModelMeter;
  readonly spend: Pick<Spend, 'unreadable'>;
  readonly retries: RetryMeter;
  readonly calls: { read(): CallLimits };
  readonly version: string;
}

export function createHealth({
  orchestrator,
  store,
  clock,
  surveyor,
  writable,
  models,
  spend,
  retries,
  calls,
  version,
}: HealthParts) {
  const startedAt = new Date(clock.nowMs()).toISOString();
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();

  async function read(): Promise<Health> {
    const [counts, reviewed, breakers, nextDueAtMs, fault, pauses] = await Promise.all([
      store.count({}),
      store.count({ hasReview: true }),
      orchestrator.breakers(),
      store.nextDueAtMs(),
      writable.fault(),
      orchestrator.pauses(),
    ]);
    const runs: Partial<Record<RunStatus, number>> = {};
    for (const { status, runs: number } of counts) runs[status] = (runs[status] ?? 0) + number;
    const timerLagMs = nextDueAtMs === null ? 0 : Math.max(0, clock.nowMs() - nextDueAtMs);
    const last = surveyor.last;
    const retrying = retryingSteps(last?.retrying ?? [], retries.list(clock.nowMs()));
    const stuck = last?.stuck.length ?? 0;
    const problems = [
      ...(fault === null ? [] : ['Nothing can be written to the store; the log says why']),
      ...pauses.map(
        ({ scope, actor, reason }) =>
          `${scope === 'all' ? 'Everything' : `Workflow "${scope.workflow}"`} is paused by ${actor}: ${reason}`,
      ),
      ...breakers
        .filter(({ state }) => state !== 'closed')
        .map(({ name, state }) => `Breaker "${name}" is ${state.replace('_', ' ')}`),
      ...retrying.filter(({ isStorm }) => isStorm).map(stormInWords),
      ...(stuck === 0 ? [] : [stuck === 1 ? '1 run is stuck' : `${stuck} runs are stuck`]),
      ...spend
        .unreadable()
        .map((day) => `What models had used on ${day} cannot be read; its sums are too low`),
      ...(timerLagMs > lateMs
        ? [`The earliest timer is ${Math.round(timerLagMs / 1000)} s late`]
        : []),
    ];
    return {
      status: problems.length === 0 ? 'ok' : 'degraded',
      problems,
      version,
      startedAt,
      store: { kind: store.kind, shared: store.shared, readOnly: store.readOnly },
      worker: {
        pid: process.pid,
        memoryBytes: process.memoryUsage.rss(),
        loopDelayMs: Math.round(loop.percentile(99) / nanosecondsOfMs),
      },
      queue: orchestrator.depth,
      limits: {
        attempts: orchestrator.places?.limit ?? null,
        queues: orchestrator.places?.queues ?? [],
        ...calls.read(),
      },
      runs,
      inReview: reviewed.reduce((sum, { runs: number }) => sum + number, 0),
      timerLagMs,
      breakers: breakers.map(toBreaker),
      retrying,
      stuck,
      models: models.list(),
      lookedThroughAt: last === null ? null : new Date(last.atMs).toISOString(),
      isPartial: last?.isPartial ?? false,
    };
  }

  return { read, close: () => loop.disable() };
}

type Retrying = Health['retrying'][number];

/** Those that wait, and those that failed lately, in one list. */
function retryingSteps(
  waiting: readonly RetryingStep[],
  failing: readonly StepFailures[],
): readonly Retrying[] {
  const rows = new Map<string, Retrying>();
  const keyOf = (of: { workflow: string; step: string }) => JSON.stringify([of.workflow, of.step]);
  for (const each of failing) rows.set(keyOf(each), { ...each, runs: 0, nextAt: null });
  for (const { workflow, step, runs, nextAtMs } of waiting) {
    const key = keyOf({ workflow, step });
    const known = rows.get(key) ?? { ...nothingFailed, workflow, step };
    const nextAt = nextAtMs === null ? null : new Date(nextAtMs).toISOString();
    rows.set(key, { ...known, runs, nextAt, isStorm: known.isStorm || runs >= stormSize });
  }
  const rank = ({ isStorm, runs, failures }: Retrying) => (isStorm ? 1e9 : 0) + runs + failures;
  return [...rows.values()].sort((a, b) => rank(b) - rank(a)).slice(0, shownSteps);
}

const nothingFailed = {
  attempts: 0,
  failures: 0,
  usualFailures: null,
  isStorm: false,
  lastError: null,
} as const;

function stormInWords({ workflow, step, runs, failures, attempts }: Retrying): string {
  if (runs >= stormSize) return `${runs} runs try "${step}" of ${workflow} again`;
  return `${failures} of the last ${attempts} attempts of "${step}" of ${workflow} failed within ${windowMinutes} minutes`;
}

export function toBreaker(record: BreakerRecord): Breaker {
  const { name, state, failures, failureThreshold, openedAtMs, resetAfterMs } = record;
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    name,
    state,
    failures,
    failureThreshold,
    openedAt: iso(openedAtMs),
    probesAt: state === 'open' && openedAtMs !== null ? iso(openedAtMs + resetAfterMs) : null,
  };
}
