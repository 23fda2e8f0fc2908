/** The inbox: open reviews of all runs, as one caller asks for them. */
import { z } from 'zod';
import type { api } from '../../api/api.ts';
import type { Review } from '../../api/reviews.ts';
import type { GivenAnswerOf, ParsedOf } from '../../api/route.ts';
import { SignalboxError } from '../../errors.ts';
import type { ServiceParts } from '../parts.ts';
import type { OpenReviews } from './open-reviews.ts';
import { toReview, type Who } from './standing.ts';

type Query = ParsedOf<typeof api.reviews.list>['query'];
type Page = GivenAnswerOf<typeof api.reviews.list>;

export async function inboxOf(
  { clock }: Pick<ServiceParts, 'clock'>,
  openReviews: OpenReviews,
  query: Query,
  who: Who,
): Promise<Page> {
  const collected = await openReviews(query.workflow);
  const nowMs = clock.nowMs();
  const found = collected.found.map(({ run, waiting, plan }) =>
    toReview(run, waiting, plan, who, nowMs),
  );
  const is = (scope: Query['scope']) => (review: Review) => isIn(review, scope, who);
  const wanted = found
    .filter((review) => isWanted(review, query, who))
    .sort(comparing[query.order]);
  const from = query.cursor === undefined ? query.offset : placeAfter(wanted, query);
  const reviews = wanted.slice(from, from + query.limit);
  const last = reviews.at(-1);
  const hasMore = from + query.limit < wanted.length;
  return {
    reviews,
    cursor: hasMore && last !== undefined ? toCursor(last) : null,
    total: wanted.length,
    counts: {
      all: found.length,
      mine: found.filter(is('mine')).length,
      groups: found.filter(is('groups')).length,
      decidable: found.filter(is('decidable')).length,
      overdue: found.filter((review) => review.isOverdue && is(query.scope)(review)).length,
      claimedByMe: found.filter(({ claimedBy }) => claimedBy?.actor === who.name).length,
    },
    isCapped: collected.isCapped,
  };
}

function isIn(review: Review, scope: Query['scope'], { name, groups }: Who): boolean {
  switch (scope) {
    case 'mine':
      return (
        review.assignees?.includes(name) === true ||
        review.claimedBy?.actor === name ||
        review.delegatedTo.some(({ to }) => to === name)
      );
    case 'groups':
      return groups.some((group) => review.assignees?.includes(group));
    case 'decidable':
      return review.mayDecide;
    case 'all':
      return true;
    default:
      return scope satisfies never;
  }
}

function isWanted(review: Review, { scope, claimed, overdue, q }: Query, who: Who): boolean {
  const holder = review.claimedBy?.actor;
  const isClaimWanted = {
    any: true,
    by_me: holder === who.name,
    by_others: holder !== undefined && holder !== who.name,
    nobody: holder === undefined,
  }[claimed];
  return (
    isClaimWanted &&
    (overdue === undefined || review.isOverdue === overdue) &&
    isIn(review, scope, who) &&
    (q === undefined || isAbout(review, q.toLowerCase()))
  );
}

function isAbout(review: Review, text: string): boolean {
  const { runId, step, description, key, labels, requestedBy, gist } = review;
  const words = [
    runId,
    step,
    description ?? '',
    key ?? '',
    requestedBy ?? '',
    ...Object.values(labels),
    ...gist.map(({ value }) => value),
  ];
  return words.some((word) => word.toLowerCase().includes(text));
}

type Order = Query['order'];
type Place = Pick<Review, 'runId' | 'step' | 'since' | 'dueAt'>;

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a: Place, b: Place) => byText(a.runId, b.runId) || byText(a.step, b.step);
const byAge = (a: Place, b: Place) => byText(a.since, b.since) || byName(a, b);
/** What has no deadline comes last. */
const never = '~';

const comparing: { readonly [order in Order]: (a: Place, b: Place) => number } = {
  oldest: byAge,
  newest: (a, b) => byAge(b, a),
  deadline: (a, b) => byText(a.dueAt ?? never, b.dueAt ?? never) || byAge(a, b),
};

const Cursor = z.tuple([z.string(), z.string(), z.string(), z.string().nullable()]);

function toCursor({ runId, step, since, dueAt }: Place): string {
  return Buffer.from(JSON.stringify([runId, step, since, dueAt])).toString('base64url');
}

/** Where a page begins; what was decided meanwhile moves nothing. */
function placeAfter(
  sorted: readonly Review[],
  { order, cursor = '' }: Pick<Query, 'order' | 'cursor'>,
): number {
  const place = parseCursor(cursor);
  const at = sorted.findIndex((review) => comparing[order](review, place) > 0);
  return at === -1 ? sorted.length : at;
}

function parseCursor(cursor: string): Place {
  try {
    const [runId, step, since, dueAt] = Cursor.parse(
      JSON.parse(Buffer.from(cursor, 'base64url').toString()),
    );
    return { runId, step, since, dueAt };
  } catch (cause) {
    throw new SignalboxError('INPUT_INVALID', 'The cursor is not one of an earlier page', {
      details: { cursor },
      cause,
    });
  }
}
