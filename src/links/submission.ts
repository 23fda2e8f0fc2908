/** What a reader sends: the fields of a page, or JSON. */

import { z } from 'zod';
import { issuesText } from '../plan/issues.ts';
import type { JsonObject } from '../plan/json.ts';
import type { DecisionRequest } from './exchange.ts';
import { fieldsOf, formValueOf } from './form-fields.ts';
import type { OpenReview } from './linked-review.ts';

export interface Submission {
  readonly comment: string | null;
  /** As sent, by name of the page's field; empty for JSON. */
  readonly sent: ReadonlyMap<string, string>;
  formFor(review: OpenReview): JsonObject | undefined;
}

export const maxBodyBytes = 65_536;
const maxComment = 1_000;

const JsonBody = z.strictObject({
  form: z.record(z.string(), z.json()).optional(),
  comment: z.string().max(maxComment).optional(),
});

export type Unreadable =
  | { readonly kind: 'too_large' }
  | { readonly kind: 'type' }
  | { readonly kind: 'malformed'; readonly why: string };

export function readSubmission({
  body = '',
  contentType = '',
}: DecisionRequest): Submission | Unreadable {
  if (Buffer.byteLength(body) > maxBodyBytes) return { kind: 'too_large' };
  const type = contentType.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return fromJson(body);
  return type === 'application/x-www-form-urlencoded' ? fromForm(body) : { kind: 'type' };
}

function fromForm(body: string): Submission {
  const sent = new Map(new URLSearchParams(body));
  const comment = (sent.get('comment') ?? '').trim().slice(0, maxComment);
  return {
    comment: comment === '' ? null : comment,
    sent,
    formFor: ({ form }) => formValueOf(fieldsOf(form), sent),
  };
}

function fromJson(body: string): Submission | Unreadable {
  let value: unknown;
  try {
    value = body.trim() === '' ? {} : JSON.parse(body);
  } catch {
    return { kind: 'malformed', why: 'the body is not JSON' };
  }
  const parsed = JsonBody.safeParse(value);
  if (!parsed.success) {
    return { kind: 'malformed', why: issuesText(parsed.error.issues, 'body') };
  }
  const { comment, form } = parsed.data;
  return { comment: comment?.trim() || null, sent: new Map(), formFor: () => form };
}
