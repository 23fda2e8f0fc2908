/** Asking people: what a review shows, whom it asks, and what a policy says in their place. */
import { contextOf } from '../../chart/advance.ts';
import { holdsIn } from '../../chart/conditions.ts';
import { copyJson } from '../../plan/json-value.ts';
import type { Approval, DecisionPolicy, Wiring } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import { digest } from '../canonical.ts';
import { type Draft, openItem } from '../draft.ts';
import type { Incoming } from '../incoming.ts';
import { readerOf } from '../live-run.ts';
import { policyOf } from '../review-policy.ts';

export function openReview(draft: Draft, step: string, inDoubt: boolean, fallback: boolean): void {
  const { run, tools } = draft;
  const { plan, index } = run.definition;
  const node = index.nodes.get(step);
  const read = readerOf(run);
  // An attempt in doubt has no policy of its own: anybody says what became of it.
  const review = node?.kind === 'review' ? node : null;
  const asked = step === 'completion' ? plan.finish : review;
  const show = step === 'completion' ? plan.output : review?.show;
  const namesOf = (wiring: Wiring) => toNames(resolveWiring(wiring, read));
  const excluded = [
    ...(asked?.requesterMayDecide === false && run.header.actor !== null ? [run.header.actor] : []),
    ...(review?.notBy ?? []).flatMap((wiring) => namesOf(wiring) ?? []),
  ];
  const plain = copyJson(show === undefined ? null : (resolveWiring(show, read) ?? null));
  const shown = plain.ok ? plain.value : null;
  const { approvals, from, rejections }: DecisionPolicy = inDoubt
    ? {}
    : policyOf(plan, index.nodes, step);
  openItem(draft, {
    kind: 'review',
    step,
    inDoubt,
    ...(fallback ? { fallback } : {}),
    sinceMs: tools.nowMs,
    dueAtMs: asked?.expiresMs === undefined ? null : tools.nowMs + asked.expiresMs,
    assignees: asked?.assignTo === undefined ? null : namesOf(asked.assignTo),
    excluded,
    shown,
    shownHash: digest(shown),
    reminders: 0,
    remindAtMs: review?.remind === undefined ? null : tools.nowMs + review.remind.everyMs,
    ...(approvals === undefined ? {} : { approvals }),
    ...(from === undefined ? {} : { from }),
    ...(rejections === undefined ? {} : { rejections }),
  });
}

function toNames(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object' && !Array.isArray(value)) {
    const actor: unknown = Reflect.get(value, 'actor');
    return typeof actor === 'string' ? [actor] : null;
  }
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** A policy that holds is the deciding actor, by its name; one that does not hands over to a person. */
export function decideByPolicy(draft: Draft, step: string): Incoming {
  const { run } = draft;
  const node = run.definition.index.nodes.get(step);
  const approve: Approval =
    node?.kind === 'review' ? node.approve : run.definition.plan.finish.approve;
  const label = approve.by === 'guard' ? approve.label : 'automatic';
  const decided =
    approve.by !== 'guard' || holdsIn(approve.condition, contextOf(run.snapshot).facts);
  const actor = `policy:${label}`;
  const event = { type: `${step}.decided_by_policy` };
  if (!decided) return { event, actor, step, data: { decided: false } };
  const value = { outcome: 'approved', actor, form: {} };
  return {
    event: { ...event, outcome: 'approved' },
    actor,
    step,
    ...(node?.kind === 'review' ? { settles: { value, output: value } } : {}),
  };
}
