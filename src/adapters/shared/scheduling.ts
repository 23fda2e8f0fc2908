/** Which runs need an engine, answered from the tables. */
import type { Lease, RunState } from '../../ports/store.ts';
import { dueAtMsOf } from './run-query.ts';
import type { Tables } from './tables.ts';

export interface ClaimableQuery {
  readonly nowMs: number;
  readonly owner: string;
  readonly anyLease: boolean;
  readonly limit: number;
}

/** Runs that `owner` does not hold come first, so that a limit cannot hide them behind its own; then the oldest. */
export function claimableRuns(tables: Tables, query: ClaimableQuery): readonly string[] {
  const own: string[] = [];
  const others: string[] = [];
  for (const runId of new Set([...tables.live, ...tables.addressees()])) {
    const state = tables.runs.published.get(runId)?.state;
    if (state === undefined || !(needsEngine(state, query.nowMs) || tables.hasOpenMessages(runId)))
      continue;
    if (!query.anyLease && !isFree(state.lease, query)) continue;
    (state.lease?.owner === query.owner ? own : others).push(runId);
  }
  return [...others, ...own].slice(0, query.limit);
}

function needsEngine(state: RunState, nowMs: number): boolean {
  const dueAtMs = dueAtMsOf(state);
  return state.active || (dueAtMs !== null && dueAtMs <= nowMs);
}

function isFree(lease: Lease | null, { owner, nowMs }: ClaimableQuery): boolean {
  return lease === null || lease.owner === owner || lease.expiresAtMs <= nowMs;
}

export function earliestDueAtMs(tables: Tables): number | null {
  let earliest: number | null = null;
  for (const runId of tables.live) {
    const state = tables.runs.published.get(runId)?.state;
    const dueAtMs = state === undefined ? null : dueAtMsOf(state);
    if (dueAtMs !== null && (earliest === null || dueAtMs < earliest)) earliest = dueAtMs;
  }
  return earliest;
}

export function runsAwaiting(tables: Tables, event: string): readonly string[] {
  return [...tables.live].filter((runId) =>
    tables.runs.published.get(runId)?.state.awaits.includes(event),
  );
}

/** Leases of document stores live in memory: they are not shared, and at start-up every lease is void. */
export function renewLeases(
  tables: Tables,
  owner: string,
  runIds: readonly string[],
  expiresAtMs: number,
): readonly string[] {
  const lost: string[] = [];
  for (const runId of runIds) {
    const document = tables.runs.published.get(runId);
    if (document?.state.lease?.owner === owner)
      tables.runs.keep(runId, {
        ...document,
        state: { ...document.state, lease: { owner, expiresAtMs } },
      });
    else lost.push(runId);
  }
  return lost;
}
