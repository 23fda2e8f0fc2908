/** What people and programs see of a run: nothing marked sensitive, everything that explains why it stands where it stands. */
import { contextOf, type PossibleEvent, possibleEvents } from '../chart/advance.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { Plan, Priority, RunMode, RunStatus } from '../plan/plan.ts';
import { sensitiveValues } from '../plan/sensitive.ts';
import type { StoredRun } from '../ports/store.ts';
import type { Standstill } from './holds.ts';
import { iso } from './iso.ts';
import type { LiveRun } from './live-run.ts';
import { postponed, stopped } from './pausing.ts';
import { redact } from './redact.ts';
import type { RunBody } from './run-body.ts';
import type { RunOutcome } from './run-outcome.ts';
import { isSeenTo } from './undo-by-hand.ts';
import { type Waiting, waitingOn } from './waiting.ts';

/** A pause of all runs, or of those of one workflow. */
export interface HeldBy {
  readonly scope: 'everything' | 'workflow';
  readonly since: string;
  readonly actor: string;
  readonly reason: string;
}

/** A run as people and programs see it. Times are ISO 8601 in UTC; sensitive values are replaced. */
export interface RunView {
  readonly runId: string;
  readonly workflow: string;
  readonly version: number;
  readonly status: RunStatus;
  /** By itself: it stays so when a pause of its workflow is over. */
  readonly paused: boolean;
  /** What else holds it, everything before its workflow; empty: nothing. */
  readonly heldBy: readonly HeldBy[];
  readonly waitingOn: readonly Waiting[];
  readonly milestones: readonly { readonly name: string; readonly at: string }[];
  readonly context: JsonObject;
  readonly actor: string | null;
  readonly key: string | null;
  readonly labels: { readonly [name: string]: string };
  readonly priority: Priority;
  readonly parent: { readonly runId: string; readonly step: string } | null;
  /** The run this one was forked from, and the entry it took over from. */
  readonly forkedFrom: { readonly runId: string; readonly seq: number } | null;
  readonly generation: number;
  readonly durability: 'durable' | 'fast';
  /** `local`: its attempts run past queue and dispatcher. */
  readonly mode: RunMode;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
  readonly outcome: RunOutcome | null;
  /** The parent run that undid what this completed child had done. */
  readonly compensatedBy: string | null;
  /** Number of history entries. */
  readonly entries: number;
}

/** A run, and everything that decides what may happen to it next. */
export interface Explanation extends RunView {
  readonly state: Json;
  readonly facts: { readonly [id: string]: boolean | string };
  /** Events the run listens to now; a shut one names the guards that keep it shut. */
  readonly events: readonly PossibleEvent[];
}

/**
 * @param mode - how runs of the plan are carried out here
 * @param lacking - what the run needs and nobody here has, in words
 */
export function toView(
  stored: StoredRun,
  plan: Plan | null,
  mode: RunMode,
  lacking: readonly string[],
  standstill: Standstill | null = null,
): RunView {
  const { header, state } = stored;
  const body = state.body as unknown as RunBody;
  const hasEnded = state.finishedAtMs !== null && body.open.length === 0;
  const heldBy = hasEnded ? [] : (standstill?.holders ?? []).map(toHeldBy);
  return {
    runId: header.id,
    workflow: header.workflow,
    version: header.version,
    status: state.status,
    paused: state.pausedAtMs !== null,
    heldBy,
    waitingOn: [
      ...heldBy.map((held) => waitingForResume(held, header.workflow)),
      ...waitingOn(state, openAfter(body, standstill), plan, lacking),
    ],
    milestones: (body.milestones ?? []).map(({ name, atMs }) => ({ name, at: iso(atMs) })),
    context: shownContext(body.data ?? {}, plan),
    actor: header.actor,
    key: header.key,
    labels: header.labels,
    priority: header.priority,
    parent: header.parent,
    forkedFrom: header.forkedFrom ?? null,
    generation: state.generation,
    durability: plan?.durability ?? 'durable',
    mode,
    createdAt: iso(header.createdAtMs),
    updatedAt: iso(state.updatedAtMs),
    finishedAt: state.finishedAtMs === null ? null : iso(state.finishedAtMs),
    outcome: body.outcome ?? null,
    compensatedBy: body.compensatedBy ?? null,
    entries: state.seq,
  };
}

function toHeldBy({ scope, holder }: Standstill['holders'][number]): HeldBy {
  const { sinceMs, actor, reason } = holder;
  return { scope: scope === 'all' ? 'everything' : 'workflow', since: iso(sinceMs), actor, reason };
}

function waitingForResume({ scope, since, actor, reason }: HeldBy, workflow: string): Waiting {
  const paused = scope === 'everything' ? 'everything' : `workflow "${workflow}"`;
  return {
    kind: 'pause',
    step: 'run',
    since,
    until: null,
    what: `somebody to resume ${paused}, which ${actor} has paused: ${reason}`,
    afterwards: null,
  };
}

/** What the run waits for, its deadlines moved by what it has missed; while it is held they stand still. */
function openAfter({ open, heldMs = 0 }: RunBody, standstill: Standstill | null) {
  if (standstill === null) return open;
  const missedMs = Math.max(0, standstill.heldMs - heldMs);
  const moved = missedMs === 0 ? open : open.map((item) => postponed(item, missedMs));
  return standstill.holders.length === 0
    ? moved
    : moved.map((item) => stopped(item, standstill.nowMs));
}

function shownContext(data: JsonObject, plan: Plan | null): JsonObject {
  return plan === null ? data : (redact(data, sensitiveValues(plan).of('$context')) as JsonObject);
}

export function explainRun(run: Pick<LiveRun, 'snapshot'>, view: RunView): Explanation {
  return {
    ...view,
    state: run.snapshot.value as Json,
    facts: contextOf(run.snapshot).facts,
    events: isSeenTo(run.snapshot, view.outcome)
      ? possibleEvents(run.snapshot).map((each) =>
          each.event === 'run.retried' ? { ...each, open: true, blockedBy: [] } : each,
        )
      : possibleEvents(run.snapshot),
  };
}
