/** What a run waits for, in words: for whom or what, until when, and what then. */
import { escalationLevel } from '../chart/review-states.ts';
import type { Json } from '../plan/json.ts';
import type { Plan, PlanNode, ReviewStep } from '../plan/plan.ts';
import { sensitiveValues } from '../plan/sensitive.ts';
import type { RunState } from '../ports/store.ts';
import { iso } from './iso.ts';
import { redact } from './redact.ts';
import { policyOf } from './review-policy.ts';
import { type ReviewWaiting, reviewWaiting } from './review-view.ts';
import type { OpenItem } from './run-body.ts';

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

/** @param lacking - what the run needs and nobody here has, in words */
export function waitingOn(
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

const nodesOfPlans = new WeakMap<Plan, ReadonlyMap<string, PlanNode>>();
const noNodes: ReadonlyMap<string, PlanNode> = new Map();

/** By id; found once for each plan, however large. */
function nodesOf(plan: Plan | null): ReadonlyMap<string, PlanNode> {
  if (plan === null) return noNodes;
  const known = nodesOfPlans.get(plan) ?? new Map(plan.nodes.map((node) => [node.id, node]));
  nodesOfPlans.set(plan, known);
  return known;
}
