/** What people and programs see of a run: nothing marked sensitive, everything that explains why it stands where it stands. */
import { contextOf, type PossibleEvent, possibleEvents } from '../chart/advance.ts';
import { escalationLevel } from '../chart/review-states.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { Plan, PlanNode, Priority, ReviewStep, RunMode, RunStatus } from '../plan/plan.ts';
import { sensitiveValues } from '../plan/sensitive.ts';
import type { HistoryEntry, RunState, StoredRun } from '../ports/store.ts';
import type { Standstill } from './holds.ts';
import type { LiveRun } from './live-run.ts';
import { postponed, stopped } from './pausing.ts';
import { redact } from './redact.ts';
import { policyOf } from './review-policy.ts';
import { type ReviewWaiting, reviewWaiting } from './review-view.ts';
import type { OpenItem, RunBody } from './run-body.ts';
import type { RunOutcome } from './run-outcome.ts';

/** One thing a run waits for. Times are ISO 8601 in UTC. */
export interface Waiting {
  readonly kind:
    | 'review'
    | 'event'
    | 'timer'
    | 'attempt'
    | 'undo'
    | 'child'
    | 'map'
    | 'breaker'
    | 'retry'
    | 'notice'
    | 'definition'
    | 'start'
    | 'pause';
  readonly step: string;
  readonly since: string;
  /** When it ends by itself; `null`: never. */
  readonly until: string | null;
  /** Set while the run is paused, by itself or with its workflow or everything: what is left of the wait, in milliseconds. */
  readonly remainingMs?: number;
  /** For whom or what, in a sentence. */
  readonly what: string;
  /** What happens when `until` has come. */
  readonly afterwards: string | null;
  readonly runId?: string;
  readonly event?: string;
  readonly attempt?: number;
  readonly assignees?: readonly string[] | null;
  readonly shown?: Json;
  readonly shownHash?: string;
  /** Of a review: who may decide it, and how far it has come. */
  readonly review?: ReviewWaiting;
}

/** A pause of all runs, or of those of one workflow. */
export interface HeldBy {
  readonly scope: 'everything' | 'workflow';
  readonly since: string;
  readonly actor: string;
  readonly reason: string;
}

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

export interface Explanation extends RunView {
  readonly state: Json;
  readonly facts: { readonly [id: string]: boolean | string };
  /** Events the run listens to now; a shut one names the guards that keep it shut. */
  readonly events: readonly PossibleEvent[];
}

const iso = (ms: number) => new Date(ms).toISOString();

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

const nodesOfPlans = new WeakMap<Plan, ReadonlyMap<string, PlanNode>>();
const noNodes: ReadonlyMap<string, PlanNode> = new Map();

/** By id; found once for each plan, however large. */
function nodesOf(plan: Plan | null): ReadonlyMap<string, PlanNode> {
  if (plan === null) return noNodes;
  const known = nodesOfPlans.get(plan) ?? new Map(plan.nodes.map((node) => [node.id, node]));
  nodesOfPlans.set(plan, known);
  return known;
}

function waitingOn(
  state: RunState,
  open: readonly OpenItem[],
  plan: Plan | null,
  lacking: readonly string[],
): readonly Waiting[] {
  const nodes = nodesOf(plan);
  const waiting = open.map((item) => toWaiting(item, plan, nodes));
  if ((plan === null || lacking.length > 0) && state.finishedAtMs === null) {
    waiting.push({
      kind: 'definition',
      step: 'run',
      since: iso(state.updatedAtMs),
      until: null,
      what: `${plan === null ? 'its workflow' : lacking.join(', ')}, not registered here`,
      afterwards: null,
    });
  }
  if (state.pausedAtMs !== null)
    waiting.unshift({
      kind: 'pause',
      step: 'run',
      since: iso(state.pausedAtMs),
      until: null,
      what: 'somebody to resume it',
      afterwards: null,
    });
  return waiting;
}

function toWaiting(
  item: OpenItem,
  plan: Plan | null,
  nodes: ReadonlyMap<string, PlanNode>,
): Waiting {
  const base = {
    since: iso(item.sinceMs),
    until: item.dueAtMs === null ? null : iso(item.dueAtMs),
    ...(item.remainingMs === undefined ? {} : { remainingMs: item.remainingMs }),
  };
  switch (item.kind) {
    case 'review': {
      const node = nodes.get(item.step);
      const who = item.assignees?.join(', ') ?? 'a person';
      const sensitive = shownPaths(node, plan);
      return {
        ...base,
        kind: 'review',
        step: item.step,
        what: item.inDoubt
          ? `${who} to say whether the last attempt took effect`
          : `the decision of ${who}`,
        afterwards: !hasDeadline(item)
          ? null
          : node?.kind === 'review'
            ? expiryOf(node)
            : expiryOf({ onExpired: 'fail', ...plan?.finish }),
        assignees: item.assignees,
        shown: redact(item.shown, sensitive),
        shownHash: item.shownHash,
        review: reviewWaiting(item),
      };
    }
    case 'event': {
      const node = nodes.get(item.step);
      const fails = node?.kind !== 'wait' || node.onTimeout === 'fail';
      return {
        ...base,
        kind: 'event',
        step: item.step,
        event: item.event,
        what: `event "${item.event}"`,
        afterwards: !hasDeadline(item)
          ? null
          : fails
            ? 'the run fails'
            : 'the run goes on without it',
      };
    }
    case 'timer':
      return { ...base, ...timerOf(item, plan, nodes), step: item.step };
    case 'attempt':
      return {
        ...base,
        kind: 'attempt',
        step: item.step,
        attempt: item.attempt,
        what: `attempt ${item.attempt} of ${item.fallback ? 'the fallback of ' : ''}"${item.step}"`,
        afterwards: null,
      };
    case 'undo':
      return {
        ...base,
        kind: 'undo',
        step: 'undo',
        attempt: item.attempt,
        what: `undo entry ${item.position + 1}, attempt ${item.attempt}`,
        afterwards: null,
      };
    case 'child':
      return {
        ...base,
        kind: 'child',
        step: item.step,
        runId: item.runId,
        what: `child run "${item.runId}"`,
        afterwards: null,
      };
    case 'map':
      return {
        ...base,
        kind: 'map',
        step: item.step,
        what: `the items of "${item.step}"`,
        afterwards: null,
      };
    case 'notice':
      return {
        ...base,
        kind: 'notice',
        step: item.about?.step ?? 'run',
        attempt: item.attempt,
        what:
          item.about === undefined
            ? 'the task that is told of the failure'
            : `the message about the ${item.about.kind} of "${item.about.step}"`,
        afterwards: null,
      };
    default:
      return item satisfies never;
  }
}

function hasDeadline({ dueAtMs, remainingMs }: OpenItem): boolean {
  return dueAtMs !== null || remainingMs !== undefined;
}

function expiryOf({
  onExpired,
  expiryPolicy = '',
}: Pick<ReviewStep, 'onExpired' | 'expiryPolicy'>): string {
  if (onExpired === 'approve') return `it is approved by policy "${expiryPolicy}"`;
  if (onExpired === 'fail') return 'the run fails';
  return onExpired === 'reject'
    ? 'it counts as rejected'
    : 'the run goes on with outcome "expired"';
}

function timerOf(
  item: Extract<OpenItem, { kind: 'timer' }>,
  plan: Plan | null,
  nodes: ReadonlyMap<string, PlanNode>,
): Pick<Waiting, 'kind' | 'what' | 'afterwards'> {
  const level = escalationLevel(item.name);
  if (level !== null) {
    const escalation =
      plan === null ? undefined : policyOf(plan, nodes, item.step).escalate?.[level - 1];
    return {
      kind: 'timer',
      what: `the time at which "${item.step}" is escalated`,
      afterwards: `${escalation?.to.join(', ') ?? 'others'} are asked ${escalation?.replace === true ? 'instead' : 'as well'}`,
    };
  }
  switch (item.name) {
    case 'retry_due':
      return {
        kind: 'retry',
        what: `the next attempt of "${item.step}"`,
        afterwards: 'it is tried again',
      };
    case 'deferral_over':
      return { kind: 'breaker', what: item.why ?? 'a breaker', afterwards: 'it is tried again' };
    case 'started':
      return { kind: 'start', what: 'its starting time', afterwards: 'the run starts' };
    case 'timed_out':
      return { kind: 'timer', what: 'its time limit', afterwards: 'the run fails' };
    case 'deadline_passed':
      return {
        kind: 'timer',
        what: `the time limit of "${item.step}"`,
        afterwards: 'the step fails',
      };
    case 'grace_over':
      return { kind: 'timer', what: 'running attempts to stop', afterwards: 'they are given up' };
    default:
      return { kind: 'timer', what: 'time to pass', afterwards: 'the run goes on' };
  }
}

/** Sensitive paths of what a review shows: those of the step it shows, if it shows one as a whole. */
function shownPaths(node: PlanNode | undefined, plan: Plan | null): readonly (readonly string[])[] {
  if (node?.kind !== 'review') return plan?.sensitiveOutput ?? [];
  return node.show === undefined || plan === null ? [] : sensitiveValues(plan).ofWiring(node.show);
}

/** An entry without sensitive values; salts stay inside, so that digests of short secrets cannot be guessed. */
export function toHistoryView(entry: HistoryEntry, plan: Plan | null): HistoryEntry {
  const { output, data } = entry;
  const paths = outputPaths(entry, plan);
  const { snapshot: _snapshot, ...shown } = entry;
  return {
    ...shown,
    salt: null,
    ...(output === undefined ? {} : { output: redact(output, paths) }),
    data: data === null ? null : (redact(data, dataPaths(entry, plan)) as JsonObject),
  };
}

function outputPaths(entry: HistoryEntry, plan: Plan | null): readonly (readonly string[])[] {
  if (plan === null) return [];
  if (entry.step === 'completion') return plan.sensitiveOutput;
  const signalled = entry.event === 'signal.kept' ? entry.data?.['event'] : undefined;
  if (typeof signalled === 'string') return plan.events[signalled]?.sensitive ?? [];
  return sensitiveValues(plan).of(entry.step ?? '');
}

/** Beside its output, an entry tells what was filled in and what was derived. */
function dataPaths(entry: HistoryEntry, plan: Plan | null): readonly (readonly string[])[] {
  if (plan === null) return [];
  const values = sensitiveValues(plan);
  const derived = Object.keys(entry.data?.['derived'] ?? {});
  return [
    ...values.ofForm(entry.step ?? '').map((path) => ['form', ...path]),
    ...derived.flatMap((id) => values.of(id).map((path) => ['derived', id, ...path])),
  ];
}

export function explainRun(run: Pick<LiveRun, 'snapshot'>, view: RunView): Explanation {
  return {
    ...view,
    state: run.snapshot.value as Json,
    facts: contextOf(run.snapshot).facts,
    events: possibleEvents(run.snapshot),
  };
}
