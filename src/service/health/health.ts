/** How the service is: what it works on, what holds it up, and what it has used. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { z } from 'zod';
import type { Breaker, health as calls } from '../../api/health.ts';
import type { RunStatus } from '../../plan/plan.ts';
import type { BreakerRecord } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';
import type { ModelMeter } from './models.ts';
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
  readonly version: string;
}

export function createHealth({
  orchestrator,
  store,
  clock,
  surveyor,
  writable,
  models,
  version,
}: HealthParts) {
  const startedAt = new Date(clock.nowMs()).toISOString();
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();

  async function read(): Promise<Health> {
    const [counts, breakers, nextDueAtMs, fault, pauses] = await Promise.all([
      store.count({}),
      orchestrator.breakers(),
      store.nextDueAtMs(),
      writable.fault(),
      orchestrator.pauses(),
    ]);
    const runs: Partial<Record<RunStatus, number>> = {};
    for (const { status, runs: number } of counts) runs[status] = (runs[status] ?? 0) + number;
    const timerLagMs = nextDueAtMs === null ? 0 : Math.max(0, clock.nowMs() - nextDueAtMs);
    const last = surveyor.last;
    const retrying = (last?.retrying ?? []).slice(0, shownSteps);
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
      ...retrying
        .filter((step) => step.runs >= stormSize)
        .map(
          ({ workflow, step, runs: number }) => `${number} runs try "${step}" of ${workflow} again`,
        ),
      ...(stuck === 0 ? [] : [stuck === 1 ? '1 run is stuck' : `${stuck} runs are stuck`]),
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
      runs,
      timerLagMs,
      breakers: breakers.map(toBreaker),
      retrying: retrying.map(({ nextAtMs, ...step }) => ({
        ...step,
        nextAt: nextAtMs === null ? null : new Date(nextAtMs).toISOString(),
      })),
      stuck,
      models: models.list(),
      lookedThroughAt: last === null ? null : new Date(last.atMs).toISOString(),
      isPartial: last?.isPartial ?? false,
    };
  }

  return { read, close: () => loop.disable() };
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
