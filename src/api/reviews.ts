import { z } from 'zod';
import { maxDurationMs } from '../plan/duration.ts';
import { AnyJson, Cursor, Labels, Priority, Reason, RunId, RunStatus, StepId } from './parts.ts';
import { route } from './route.ts';

const params = z.object({ runId: RunId, step: StepId });
const Person = z.string().min(1).max(200);
const Name = z.string();
const When = z.iso.datetime();

const given = {
  actor: Name,
  /** Whose it counts as, if not the actor's own. */
  onBehalfOf: Name.nullable(),
  at: When,
  comment: z.string().nullable(),
};

/** Who may decide an open review, and how far it has come. */
const standing = {
  /** `closing`: of the run's result; `in_doubt`: whether an attempt took effect. */
  kind: z.enum(['step', 'closing', 'in_doubt']),
  /** People who must not decide. */
  excluded: z.array(Name).readonly(),
  /** Who holds it: meanwhile nobody else decides. `until` `null`: until it is released. */
  claimedBy: z
    .object({
      actor: Name,
      at: When,
      until: When.nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
  /** `to` may decide in the place of `from`. */
  delegatedTo: z
    .array(
      z.object({
        from: Name,
        to: Name,
        at: When,
        reason: z.string().nullable(),
        /** Groups of `from` that the approval counts for. */
        groups: z.array(Name).readonly(),
      }),
    )
    .readonly(),
  approvals: z.object({
    needed: z.number(),
    missing: z.number(),
    /** Groups that so many of them must come from, and how many have come; empty: of no group in particular. */
    from: z.array(z.object({ group: Name, needed: z.number(), given: z.number() })).readonly(),
    /** `groups`: those of `from` it may be counted for. */
    given: z.array(z.object({ ...given, groups: z.array(Name).readonly() })).readonly(),
  }),
  /** Of which `needed` close it. */
  rejections: z.object({ needed: z.number(), given: z.array(z.object(given)).readonly() }),
  reminders: z.number(),
  /** Everybody it has been escalated to. */
  escalatedTo: z.array(Name).readonly(),
};
export const ReviewStanding = z.object(standing);

/** An open review, as a line of the inbox. */
export const Review = z.object({
  runId: Name,
  workflow: Name,
  version: z.number(),
  priority: Priority,
  labels: Labels,
  /** Idempotency key of the run. */
  key: z.string().nullable(),
  /** The first short facts of what is shown; empty: none is short. `name` is empty if a bare value is shown. */
  gist: z.array(z.object({ name: z.string(), value: z.string() })).readonly(),
  /** Who asked for the run. */
  requestedBy: Name.nullable(),
  step: Name,
  description: z.string().nullable(),
  since: When,
  /** When time decides; `null`: never. */
  dueAt: When.nullable(),
  /** What happens then. */
  afterwards: z.string().nullable(),
  paused: z.boolean(),
  /** People and groups; `null`: anybody. */
  assignees: z.array(Name).readonly().nullable(),
  ...standing,
  /** Reminded of or escalated already. */
  isOverdue: z.boolean(),
  /** Of what is shown; goes along with the decision. */
  shownHash: Name,
  /** Whether the caller may decide it now, and why not if not. */
  mayDecide: z.boolean(),
  whyNot: z.string().nullable(),
  /** Whoever has approved, or could approve nothing more, may still reject. */
  mayReject: z.boolean(),
});

export const ReviewChange = z.object({
  /** Keys from the outside in. */
  path: z.array(z.union([z.string(), z.number()])).readonly(),
  before: AnyJson.exactOptional(),
  after: AnyJson.exactOptional(),
});

export const ReviewDetails = z.object({
  ...Review.shape,
  status: RunStatus,
  shown: AnyJson,
  /** JSON Schema of what an approval brings along, or of the output of an attempt in doubt. */
  form: AnyJson,
  outcomes: z
    .array(z.enum(['approved', 'rejected', 'happened', 'did_not_happen', 'give_up']))
    .readonly(),
  /** The same review when it was asked before in this run, and what has changed since; `null` if it never was. */
  previous: z
    .object({
      shown: AnyJson,
      shownHash: Name,
      closedAt: When,
      how: Name,
      actor: Name,
      changes: z.array(ReviewChange).readonly(),
    })
    .nullable(),
  /** What the run's history says of this review, oldest first. */
  history: z
    .array(
      z.object({
        seq: z.number(),
        at: When,
        event: Name,
        actor: Name,
        data: AnyJson,
      }),
    )
    .readonly(),
});

export const reviews = {
  list: route({
    method: 'GET',
    path: '/reviews',
    summary: 'Open reviews of all runs, the next deadline first',
    role: 'viewer',
    query: z.object({
      /** `mine`: assigned, delegated to or claimed by the caller by name; `groups`: assigned to a group of theirs; `decidable`: what they may decide now. */
      scope: z.enum(['all', 'mine', 'groups', 'decidable']).default('all'),
      claimed: z.enum(['any', 'by_me', 'by_others', 'nobody']).default('any'),
      overdue: z.stringbool().exactOptional(),
      workflow: z.string().max(200).exactOptional(),
      /** Part of the question, the step, the run's id, key or labels, what is shown at first, or of who asked for it; case does not matter. */
      q: z.string().max(200).exactOptional(),
      order: z.enum(['deadline', 'oldest', 'newest']).default('deadline'),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      /** Goes on after the last review of an earlier page, whatever was decided meanwhile. */
      cursor: Cursor.exactOptional(),
      /** How many to leave out, to look at any place of the list; a cursor goes before. */
      offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
    }),
    answer: z.object({
      reviews: z.array(Review).readonly(),
      cursor: z.string().nullable(),
      /** Of all pages. */
      total: z.number(),
      /** Open reviews by what the caller may ask for, whatever was asked now. */
      counts: z.object({
        all: z.number(),
        mine: z.number(),
        groups: z.number(),
        decidable: z.number(),
        /** Of the scope that was asked for. */
        overdue: z.number(),
        claimedByMe: z.number(),
      }),
      /** There are more open reviews than are looked through; narrow it down by workflow. */
      isCapped: z.boolean(),
    }),
  }),
  get: route({
    method: 'GET',
    path: '/runs/:runId/reviews/:step',
    summary: 'One open review: what is shown, its form, votes and history',
    role: 'viewer',
    params,
    answer: ReviewDetails,
  }),
  decide: route({
    method: 'POST',
    path: '/runs/:runId/reviews/:step/decision',
    summary:
      'Decides an open review. The hash of what was shown comes along, as `shownHash` or in If-Match',
    role: 'reviewer',
    params,
    body: z
      .strictObject({
        outcome: z.enum(['approved', 'rejected', 'happened', 'did_not_happen', 'give_up']),
        form: AnyJson.exactOptional(),
        /** Result of an attempt that `happened`. */
        output: AnyJson.exactOptional(),
        comment: Reason.exactOptional(),
        /** Who has delegated it to the caller; left out: the first who has, if it is not the caller's own. */
        onBehalfOf: Person.exactOptional(),
        shownHash: z.string().max(64).exactOptional(),
      })
      .refine(({ outcome, output }) => output === undefined || outcome === 'happened', {
        path: ['output'],
        error: 'goes with the outcome "happened" alone',
      }),
    answer: z.object({
      status: RunStatus,
      /** More approvals are needed before it is decided. */
      isOpen: z.boolean(),
      missing: z.number(),
      /** Rejections that would close it. */
      missingRejections: z.number(),
    }),
    isRepeatable: true,
  }),
  claim: route({
    method: 'POST',
    path: '/runs/:runId/reviews/:step/claim',
    summary: 'Holds a review: nobody else decides it until it is released, or the claim runs out',
    role: 'reviewer',
    params,
    body: z.strictObject({
      /** Milliseconds; left out: until it is released. */
      forMs: z.number().int().min(1).max(maxDurationMs).exactOptional(),
      /** Of a review that somebody else holds; needs a reason. */
      takeOver: z.boolean().exactOptional(),
      reason: Reason.exactOptional(),
    }),
    answer: ReviewStanding,
  }),
  release: route({
    method: 'POST',
    path: '/runs/:runId/reviews/:step/release',
    summary: 'Ends a claim; operators end those of others, with a reason',
    role: 'reviewer',
    params,
    body: z.strictObject({ reason: Reason.exactOptional() }),
    answer: ReviewStanding,
  }),
  delegate: route({
    method: 'POST',
    path: '/runs/:runId/reviews/:step/delegation',
    summary: 'Lets another person decide in the place of the caller; both count once',
    role: 'reviewer',
    params,
    body: z.strictObject({ to: Person, reason: Reason.exactOptional() }),
    answer: ReviewStanding,
  }),
  assign: route({
    method: 'POST',
    path: '/runs/:runId/reviews/:step/assignment',
    summary: 'Assigns a review to other people and groups; claim and delegations are over',
    role: 'operator',
    params,
    body: z.strictObject({ to: z.array(Person).min(1).max(1_000), reason: Reason.min(1) }),
    answer: ReviewStanding,
  }),
};
export type Review = z.output<typeof Review>;
export type ReviewDetails = z.output<typeof ReviewDetails>;
