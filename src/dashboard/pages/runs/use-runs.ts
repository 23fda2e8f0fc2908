import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { client } from '../../data/client.ts';
import { type RunFilters, toQuery } from './run-filters.ts';

const pageSize = 100;

/** The runs a filter lets through, newest first, a page at a time. */
export function useRuns(filters: RunFilters) {
  return useInfiniteQuery({
    queryKey: ['runs', 'list', filters],
    queryFn: ({ pageParam, signal }) =>
      client.runs.list(
        {
          query: {
            ...toQuery(filters, Date.now()),
            limit: pageSize,
            ...(pageParam !== null && { cursor: pageParam }),
          },
        },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
    placeholderData: keepPreviousData,
  });
}

/** How many there are of each status, whatever status is chosen now. */
export function useCounts(filters: RunFilters) {
  const all: RunFilters = { ...filters, status: [] };
  return useQuery({
    queryKey: ['runs', 'counts', all],
    queryFn: ({ signal }) => client.runs.counts({ query: toQuery(all, Date.now()) }, { signal }),
    placeholderData: keepPreviousData,
  });
}

/** Names of all workflows that have runs. */
export function useWorkflowNames(): readonly string[] {
  const { data } = useQuery({
    queryKey: ['runs', 'counts', 'workflows'],
    queryFn: ({ signal }) => client.runs.counts({}, { signal }),
    staleTime: 30_000,
  });
  return (data?.workflows ?? []).map(({ workflow }) => workflow).sort();
}
