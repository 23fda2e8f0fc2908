/** What comes from outside to an existing run, as it travels. */
import { z } from 'zod';
import { maxDurationMs } from '../../plan/duration.ts';
import { Name, Reason, Text } from '../texts.ts';

const Groups = z.array(Text.max(200)).max(1_000).default([]);
const handled = { step: Text.max(200), actor: Name, reason: Reason.optional() };

/** A request as it travels, also through the store to the process that holds the run. */
export const RunRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('decide'),
    step: Text.max(200),
    outcome: z.enum(['approved', 'rejected', 'happened', 'did_not_happen', 'give_up']),
    form: z.unknown().optional(),
    output: z.unknown().optional(),
    comment: Reason.optional(),
    actor: Name,
    groups: Groups,
    onBehalfOf: Name.optional(),
    /** SHA-256 of what the reviewer was shown; the decision is refused if that has changed. */
    shownHash: Text.max(64).optional(),
  }),
  z.strictObject({
    kind: z.literal('claim'),
    ...handled,
    groups: Groups,
    /** The claim runs out by itself; left out: it holds until it is released. */
    forMs: z.number().int().min(1).max(maxDurationMs).optional(),
    /** Of a review that somebody else holds; needs a reason. */
    takeOver: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('release'), ...handled }),
  z.strictObject({ kind: z.literal('delegate'), ...handled, groups: Groups, to: Name }),
  z.strictObject({ kind: z.literal('assign'), ...handled, to: z.array(Name).min(1).max(1_000) }),
  z.strictObject({
    kind: z.literal('signal'),
    event: Text.max(200),
    payload: z.unknown(),
    actor: Name,
    id: Name,
  }),
  z.strictObject({
    kind: z.literal('cancel'),
    mode: z.enum(['drain', 'abort']).optional(),
    reason: Reason.optional(),
    actor: Name,
  }),
  z.strictObject({
    kind: z.literal('retry'),
    acceptNotUndone: z.boolean().optional(),
    reason: Reason.optional(),
    actor: Name,
  }),
  z.strictObject({
    kind: z.literal('resolve_undo'),
    step: Text.max(1_000),
    actor: Name,
    reason: Reason.min(1),
  }),
  z.strictObject({ kind: z.literal('pause'), reason: Reason.optional(), actor: Name }),
  z.strictObject({ kind: z.literal('resume'), actor: Name }),
  z.strictObject({ kind: z.literal('compensated'), by: Text, actor: Name }),
  /** A decision somebody tried and was refused. */
  z.strictObject({
    kind: z.literal('refusal'),
    step: Text.max(200),
    outcome: Text,
    code: Text,
    actor: Name,
  }),
  z.strictObject({
    kind: z.literal('child_result'),
    step: Text,
    runId: Text,
    status: z.enum(['complete', 'failed', 'cancelled']),
    output: z.unknown().optional(),
    undo: z.number().int().nonnegative().optional(),
    failure: z.unknown().optional(),
    compensation: z.enum(['nothing', 'complete', 'partial', 'impossible']).optional(),
  }),
]);

export type RunRequest = z.infer<typeof RunRequest>;

export type Request<K extends RunRequest['kind']> = Extract<RunRequest, { kind: K }>;
