/** Who may decide what in memory: the rules of the plan, with the values the run has. */
import type { Decider } from '../../chart/events.ts';
import { anyApprover } from '../../chart/quorum.ts';
import type { DecisionPolicy, Wiring } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import {
  type MachineContext,
  type MachineEvent,
  type Memory,
  type Parts,
  readerOf,
  stepOf,
} from './memory.ts';
import { escalationsOf } from './timers.ts';

/** The decider with what the plan says of the review; `null` if the event names none. */
export function deciderOf(
  parts: Parts,
  { memory }: MachineContext,
  event: MachineEvent,
): Decider | null {
  const given: unknown = event.decider;
  if (typeof given !== 'object' || given === null) return null;
  const { actor, groups } = given as { readonly actor?: unknown; readonly groups?: unknown };
  if (typeof actor !== 'string') return null;
  const step = stepOf(event.type);
  const node = parts.index.nodes.get(step);
  const review = node?.kind === 'review' ? node : null;
  const assignTo = step === 'completion' ? parts.plan.finish.assignTo : review?.assignTo;
  const read = readerOf(parts, memory);
  const named = (wiring: Wiring) => namesOf(resolveWiring(wiring, read));
  const votes = memory.votes?.[step] ?? [];
  const rejectedBy = memory.objections?.[step] ?? [];
  const policy: DecisionPolicy = (step === 'completion' ? parts.plan.finish : review) ?? {};
  // What a retry recalls was the last of those it took.
  if (event.isRecalled === true) {
    const { approvals = 1, rejections = 1, from } = policy;
    const recalled = { given: approvals - 1, rejections: rejections - 1 };
    const facts = { ...recalled, ...anyApprover(from, approvals - 1) };
    return { actor, groups: [], assignees: null, excluded: [], ...facts };
  }
  return {
    actor,
    groups: Array.isArray(groups) ? groups.map(String) : [],
    assignees: escalated(parts, memory, step, assignTo === undefined ? null : named(assignTo)),
    ...(votes.length === 0
      ? {}
      : { approvedBy: votes.map((voter) => voter.actor), given: votes.length }),
    ...(policy.from === undefined ? {} : { givenFrom: votes.map((voter) => voter.groups) }),
    ...(rejectedBy.length === 0 ? {} : { rejectedBy, rejections: rejectedBy.length }),
    excluded: (review?.notBy ?? []).flatMap((wiring) => named(wiring) ?? []),
  };
}

function escalated(
  parts: Parts,
  { escalations }: Memory,
  step: string,
  assignees: readonly string[] | null,
): readonly string[] | null {
  const levels = escalationsOf(parts, step);
  return (escalations?.[step] ?? []).reduce<readonly string[] | null>((before, level) => {
    const { to = [], replace } = levels[level - 1] ?? {};
    if (replace === true) return to;
    return before === null ? null : [...before, ...to];
  }, assignees);
}

/** An approval brings the form the review asks for; a decision that does not is not accepted. */
export function hasForm({ index, bindings }: Parts, event: MachineEvent): boolean {
  const node = index.nodes.get(stepOf(event.type));
  if (event.isRecalled === true || node?.kind !== 'review') return true;
  if (event.outcome === 'rejected' && event.form === undefined) return true;
  const contract = bindings.forms.get(node.id);
  return contract === undefined
    ? event.form === undefined
    : contract.parse(event.form === undefined ? {} : event.form).ok;
}

function namesOf(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  if (typeof value !== 'object') return null;
  if (Array.isArray(value)) return value.map(String);
  const actor: unknown = Reflect.get(value, 'actor');
  return typeof actor === 'string' ? [actor] : null;
}
