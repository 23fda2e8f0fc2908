import { useQuery } from '@tanstack/react-query';
import { client } from './client.ts';
import { useMe, useRoles } from './me.ts';

/** Not at every news: the service looks through all open reviews and all failed runs for a number beside a link. */
const reviewsMs = 15_000;
const incidentsMs = 60_000;

/** How much of what a page holds waits for the reader, by the address of the page; absent: not known. */
export function useAttention(): Readonly<Record<string, number>> {
  const { data: me } = useMe();
  const isReviewer = useRoles().reviewer;
  const enabled = me?.caller != null;
  const reviews = useQuery({
    queryKey: ['attention', 'reviews'],
    queryFn: ({ signal }) =>
      client.reviews.list({ query: { scope: 'decidable', limit: 1 } }, { signal }),
    refetchInterval: reviewsMs,
    staleTime: reviewsMs,
    enabled: enabled && isReviewer,
  });
  const incidents = useQuery({
    queryKey: ['attention', 'incidents'],
    queryFn: ({ signal }) => client.incidents.list({ query: { state: 'open' } }, { signal }),
    refetchInterval: incidentsMs,
    staleTime: incidentsMs,
    enabled,
  });
  return {
    ...(reviews.data && { '/reviews': reviews.data.counts.decidable }),
    ...(incidents.data && { '/incidents': incidents.data.incidents.length }),
  };
}
