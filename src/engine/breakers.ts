/** Circuit breakers shared by all runs: who may call now, and what each outcome means. Only changes are written. */
import { advanceBreaker, type BreakerEvent } from '../chart/breaker.ts';
import { CircuitOpenError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import type { BreakerPolicy, TaskCall } from '../plan/plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttemptOutcome } from '../ports/executor.ts';
import type { Logger } from '../ports/logger.ts';
import type { BreakerRecord, Store } from '../ports/store.ts';
import type { Settings } from './settings.ts';

export type Admission =
  | { readonly admitted: true; readonly isProbe: boolean }
  | { readonly admitted: false; readonly untilMs: number };

export interface Breakers {
  /** Asks to make a call. `by` names the attempt; `probeMs` is how long it may take at most, should it be the probe. */
  enter(policy: BreakerPolicy, by: string, probeMs: number): Promise<Admission>;
  succeeded(policy: BreakerPolicy, by: string): Promise<void>;
  /** Only failures that speak of the service count: transient ones. */
  failed(policy: BreakerPolicy, by: string): Promise<void>;
  /** The attempt ended without a word about the service. */
  released(policy: BreakerPolicy, by: string): Promise<void>;
  list(): Promise<readonly BreakerRecord[]>;
  /** Closes it. `null`: no call was ever counted under that name. */
  reset(name: string): Promise<BreakerRecord | null>;
}

/** A record of another process is trusted for this long. */
const freshMs = 1_000;

export function createBreakers(store: Store, clock: Clock, log: Logger): Breakers {
  const records = new Map<string, BreakerRecord>();
  let readAtMs = Number.NEGATIVE_INFINITY;

  async function refresh(force: boolean): Promise<void> {
    const nowMs = clock.monotonicMs();
    if (
      !force &&
      readAtMs !== Number.NEGATIVE_INFINITY &&
      (!store.shared || nowMs - readAtMs < freshMs)
    )
      return;
    readAtMs = nowMs;
    for (const record of await store.breakers()) {
      if ((records.get(record.name)?.revision ?? 0) < record.revision)
        records.set(record.name, record);
    }
  }

  function recordOf(policy: BreakerPolicy): BreakerRecord {
    const known = records.get(policy.name);
    const limits = { failureThreshold: policy.failureThreshold, resetAfterMs: policy.resetAfterMs };
    if (known !== undefined) return { ...known, ...limits };
    return {
      name: policy.name,
      revision: 0,
      state: 'closed',
      failures: 0,
      openedAtMs: null,
      probe: null,
      ...limits,
    };
  }

  /** Applies the event and writes the change; tries again if another was faster. */
  async function apply(policy: BreakerPolicy, event: BreakerEvent): Promise<BreakerRecord> {
    for (let tries = 0; ; tries += 1) {
      const record = recordOf(policy);
      const { name, revision, state, ...context } = record;
      const next = advanceBreaker(state, context, event);
      if (next === null) return record;
      const changed: BreakerRecord = {
        ...next.context,
        name,
        state: next.state,
        revision: revision + 1,
      };
      if (await store.saveBreaker(changed)) {
        records.set(name, changed);
        if (state !== next.state)
          log.warn(
            { breaker: name, from: state, to: next.state, failures: record.failures },
            `breaker ${next.state.replace('_', ' ')}`,
          );
        return changed;
      }
      if (tries >= 10) return record;
      await refresh(true);
    }
  }

  async function reset(name: string): Promise<BreakerRecord | null> {
    await refresh(true);
    const known = records.get(name);
    return known === undefined
      ? null
      : apply({ ...known, whenOpen: 'wait' }, { type: 'reset.requested' });
  }

  return {
    reset,
    async enter(policy, by, probeMs) {
      await refresh(false);
      const record = recordOf(policy);
      if (record.state === 'closed') return { admitted: true, isProbe: false };
      const atMs = clock.nowMs();
      const after = await apply(policy, {
        type: 'probe.claimed',
        by,
        atMs,
        expiresAtMs: atMs + probeMs,
      });
      if (after.state === 'closed') return { admitted: true, isProbe: false };
      if (after.probe?.by === by) return { admitted: true, isProbe: true };
      const untilMs =
        after.state === 'open'
          ? (after.openedAtMs ?? atMs) + policy.resetAfterMs
          : (after.probe?.expiresAtMs ?? atMs);
      return { admitted: false, untilMs: Math.max(untilMs, atMs + 1) };
    },
    async succeeded(policy, by) {
      await apply(policy, { type: 'attempt.succeeded', by });
    },
    async failed(policy, by) {
      await apply(policy, { type: 'attempt.failed', by, atMs: clock.nowMs() });
    },
    async released(policy, by) {
      await apply(policy, { type: 'probe.released', by });
    },
    async list() {
      await refresh(true);
      return [...records.values()];
    },
  };
}

/** Tells the breaker how an attempt ended that it let through. */
export async function reportTo(
  breakers: Breakers,
  policy: BreakerPolicy,
  by: string,
  outcome: AttemptOutcome,
): Promise<void> {
  if (outcome.ok) await breakers.succeeded(policy, by);
  else if (outcome.failure.retryable) await breakers.failed(policy, by);
  else await breakers.released(policy, by);
}

/** What an open breaker says in place of an attempt: that it has failed, or how long it is to wait. `null`: go ahead. */
export async function refusalOf(
  deps: { readonly breakers: Breakers; readonly settings: Settings },
  call: TaskCall,
  by: string,
): Promise<
  { readonly outcome: AttemptOutcome } | { readonly outcome: null; readonly untilMs: number } | null
> {
  const { breaker } = call;
  if (breaker === undefined) return null;
  const { leaseMs } = deps.settings;
  const admission = await deps.breakers.enter(breaker, by, (call.timeoutMs ?? leaseMs) + leaseMs);
  if (admission.admitted) return null;
  if (breaker.whenOpen === 'wait') return { outcome: null, untilMs: admission.untilMs };
  const failure = failureOf(new CircuitOpenError(breaker.name));
  return { outcome: { ok: false, failure, durationMs: 0 } };
}
