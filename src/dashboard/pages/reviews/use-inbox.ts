/** The open reviews around a place of the list, a page at a time: the service filters, sorts and counts. */
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import type { api } from '../../../api/api.ts';
import type { Review } from '../../../api/reviews.ts';
import type { RequestOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';

export type InboxQuery = Omit<
  NonNullable<RequestOf<typeof api.reviews.list>['query']>,
  'limit' | 'cursor' | 'offset'
>;

const pageSize = 100;

function pageOf(query: InboxQuery, index: number) {
  return {
    queryKey: ['reviews', 'list', query, index],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
      client.reviews.list(
        { query: { ...query, limit: pageSize, offset: index * pageSize } },
        { signal },
      ),
    refetchInterval: 5_000,
  };
}

/** The first page, with the counts. What was shown stays until another filter has its answer. */
export function useInbox(query: InboxQuery) {
  return useQuery({ ...pageOf(query, 0), placeholderData: keepPreviousData });
}

/** Gives a review by its place; `undefined` while it is on its way. Only the pages of the range are kept up to date. */
export function useReviewsBetween(
  query: InboxQuery,
  first: number,
  last: number,
): (place: number) => Review | undefined {
  const from = Math.floor(first / pageSize);
  const count = Math.max(0, Math.floor(last / pageSize) - from) + 1;
  const pages = useQueries({
    queries: Array.from({ length: count }, (_, index) => pageOf(query, from + index)),
  });
  return (place) => {
    const index = Math.floor(place / pageSize);
    return pages[index - from]?.data?.reviews[place % pageSize];
  };
}
