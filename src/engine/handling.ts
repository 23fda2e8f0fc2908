/**
 * People who deal with an open review before it is decided: they claim it, release it, delegate it, or assign it to others. None of this is a
 * decision; each is a note in the history from which the review is the same when it is replayed.
 */

import { type WhyNot, whyNotDecide } from '../chart/deciding.ts';
import type { Decider } from '../chart/events.ts';
import { sharesOf } from '../chart/quorum.ts';
import { SignalboxError } from '../errors.ts';
import type { JsonObject } from '../plan/json.ts';
import type { GroupShare } from '../plan/plan.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { deciderOf, isHeld } from './deciders.ts';
import { annotate, type Draft } from './draft.ts';
import type { LiveRun } from './live-run.ts';
import type { ReviewItem } from './review-view.ts';

interface Asked {
  readonly step: string;
  readonly actor: string;
  readonly reason?: string | undefined;
}

/** @throws SignalboxError `REVIEW_NOT_OPEN` */
export function openReviewOf(run: LiveRun, step: string, status: string): ReviewItem {
  const item = run.open.find(
    (open): open is ReviewItem => open.kind === 'review' && open.step === step,
  );
  if (item !== undefined) return item;
  const { id } = run.header;
  const open = run.open.flatMap((other) => (other.kind === 'review' ? [`"${other.step}"`] : []));
  throw new SignalboxError(
    'REVIEW_NOT_OPEN',
    `Run "${id}" has no open review "${step}"; it is ${status}, open: ${open.join(', ') || 'none'}`,
    { details: { runId: id, step, status } },
  );
}

/** @throws SignalboxError `REVIEW_CLAIMED`, `REVIEW_FORBIDDEN` */
export function assertMayDecide(
  run: LiveRun,
  item: ReviewItem,
  decider: Decider,
  outcome: 'approved' | 'rejected' | undefined,
): void {
  const whyNot = whyNotDecide(decider, outcome, item);
  if (whyNot !== null) throw forbidden(run, item, decider, whyNot);
}

function forbidden(
  run: LiveRun,
  { step, from = [] }: ReviewItem,
  { actor, assignees, claimedBy, onBehalfOf, givenFrom = [] }: Decider,
  whyNot: WhyNot,
): SignalboxError {
  const runId = run.header.id;
  const inPlaceOf = onBehalfOf === undefined ? '' : ` in the place of "${onBehalfOf}"`;
  const hints: { readonly [why in WhyNot]: string } = {
    excluded: 'Somebody else must decide it',
    not_assigned: `It is assigned to ${assignees?.join(', ') ?? 'nobody'}`,
    claimed: `It is claimed by ${claimedBy ?? 'somebody'}: wait until it is released, or take it over with a reason`,
    approved: 'Each approval must come from another person',
    rejected: 'It is rejected by the same person already',
    not_needed: `It still takes ${missingText(from, givenFrom)}`,
  };
  return new SignalboxError(
    whyNot === 'claimed' ? 'REVIEW_CLAIMED' : 'REVIEW_FORBIDDEN',
    `"${actor}" may not decide review "${step}" of run "${runId}"${inPlaceOf}`,
    { details: { runId, step, actor, guard: 'canDecide', whyNot }, hint: hints[whyNot] },
  );
}

function missingText(from: readonly GroupShare[], givenFrom: readonly (readonly string[])[]) {
  return sharesOf(from, givenFrom)
    .filter(({ approvals, given }) => given < approvals)
    .map(({ group, approvals, given }) => `${approvals - given} of "${group}"`)
    .join(', ');
}

/** @throws SignalboxError `REVIEW_FORBIDDEN`, `REVIEW_CLAIMED` if somebody else holds it and it is not taken over with a reason */
export function claim(
  draft: Draft,
  item: ReviewItem,
  {
    groups,
    forMs,
    takeOver,
    ...asked
  }: Asked & {
    readonly groups: readonly string[];
    readonly forMs?: number | undefined;
    readonly takeOver?: boolean | undefined;
  },
): void {
  const { run, tools } = draft;
  const { actor, reason } = asked;
  const { claimedBy, ...decider } = deciderOf(item, { actor, groups }, tools.nowMs);
  const isTakenOver = takeOver === true && reason !== undefined;
  const holder = claimedBy === undefined || isTakenOver ? {} : { claimedBy };
  assertMayDecide(run, item, { ...decider, ...holder }, undefined);
  note(draft, item, 'claimed', asked, {
    ...(groups.length === 0 ? {} : { groups }),
    ...(forMs === undefined ? {} : { untilMs: tools.nowMs + forMs }),
    ...(claimedBy === undefined || claimedBy === actor ? {} : { takenFrom: claimedBy }),
  });
}

/** @throws SignalboxError `REVIEW_CLAIMED` if somebody else holds it and no reason is given; releasing what nobody holds changes nothing */
export function release(draft: Draft, item: ReviewItem, asked: Asked): void {
  const { run, tools } = draft;
  const { claim: held } = item;
  if (held === undefined || !isHeld(item, tools.nowMs)) return;
  const isOther = held.by !== asked.actor;
  if (isOther && asked.reason === undefined) {
    const runId = run.header.id;
    throw new SignalboxError(
      'REVIEW_CLAIMED',
      `Review "${item.step}" of run "${runId}" is claimed by "${held.by}"`,
      {
        details: { runId, step: item.step, actor: asked.actor },
        hint: 'Whoever releases the claim of somebody else says why',
      },
    );
  }
  note(draft, item, 'released', asked, isOther ? { takenFrom: held.by } : {});
}

/** @throws SignalboxError `REVIEW_FORBIDDEN`, `REVIEW_CLAIMED`, `INPUT_INVALID` */
export function delegate(
  draft: Draft,
  item: ReviewItem,
  { groups, to, ...asked }: Asked & { readonly groups: readonly string[]; readonly to: string },
): void {
  const { run, tools } = draft;
  const { actor } = asked;
  const refuse = (why: string, hint: string) => {
    const details = { runId: run.header.id, step: item.step, actor, to };
    const text = `"${actor}" cannot delegate review "${item.step}" of run "${run.header.id}" to "${to}": ${why}`;
    return new SignalboxError('REVIEW_FORBIDDEN', text, { details, hint });
  };
  // Only what is one's own: whoever decides in the place of another cannot pass that on.
  const own = { ...item, delegations: [] };
  assertMayDecide(run, item, deciderOf(own, { actor, groups }, tools.nowMs), undefined);
  if (to === actor) throw refuse('that is the same person', 'Name somebody else');
  if (item.excluded.includes(to))
    throw refuse('they must not decide it', 'Four eyes are judged on both; name somebody else');
  if (item.delegations?.some((known) => known.from === actor && known.to === to)) return;
  note(draft, item, 'delegated', asked, { to, ...(groups.length === 0 ? {} : { groups }) });
}

/** Anew: claim and delegations are over. Approvals given stay. */
export function assign(
  draft: Draft,
  item: ReviewItem,
  { to, ...asked }: Asked & { readonly to: readonly string[] },
): void {
  note(draft, item, 'assigned', asked, { to, before: item.assignees });
}

type Deed = 'claimed' | 'released' | 'delegated' | 'assigned';

function note(
  draft: Draft,
  item: ReviewItem,
  deed: Deed,
  { actor, reason }: Asked,
  more: JsonObject,
): void {
  const data = { ...more, ...(reason === undefined ? {} : { reason }) };
  const entry = annotate(draft, { event: `${item.step}.${deed}`, actor, step: item.step, data });
  takeDeed(draft.run, entry);
}

const isDeed: ReadonlySet<string> = new Set(['claimed', 'released', 'delegated', 'assigned']);

/** Changes the open review as the entry says. @returns `false` if it says nothing of the kind */
export function takeDeed(run: LiveRun, entry: HistoryEntry): boolean {
  const { step } = entry;
  if (step === null || !entry.event.startsWith(`${step}.`)) return false;
  const deed = entry.event.slice(step.length + 1);
  if (!isDeed.has(deed)) return false;
  run.open = run.open.map((item) =>
    item.kind === 'review' && item.step === step ? after(item, deed as Deed, entry) : item,
  );
  return true;
}

function after(item: ReviewItem, deed: Deed, { actor, atMs, data }: HistoryEntry): ReviewItem {
  const { claim: held, delegations = [], ...bare } = item;
  const reason = typeof data?.['reason'] === 'string' ? { reason: data['reason'] } : {};
  const kept = delegations.length === 0 ? {} : { delegations };
  switch (deed) {
    case 'claimed': {
      const untilMs = typeof data?.['untilMs'] === 'number' ? data['untilMs'] : null;
      return { ...bare, ...kept, claim: { by: actor, atMs, untilMs, ...reason } };
    }
    case 'released':
      return { ...bare, ...kept };
    case 'delegated': {
      const [to = ''] = namesOf([data?.['to'] ?? '']);
      const isOver = held?.by === actor;
      const groups = namesOf(data?.['groups']).filter((group) =>
        item.from?.some((share) => share.group === group),
      );
      return {
        ...bare,
        delegations: [
          ...delegations,
          { from: actor, to, atMs, ...reason, ...(groups.length === 0 ? {} : { groups }) },
        ],
        ...(held === undefined || isOver ? {} : { claim: held }),
      };
    }
    case 'assigned':
      return { ...bare, assignees: namesOf(data?.['to']) };
    default:
      return deed satisfies never;
  }
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}
