import { useQuery } from '@tanstack/react-query';
import { client } from './client.ts';

/** What is paused beside single runs, everything first. The same everywhere, so that it is asked once. */
export function usePauses() {
  return useQuery({
    queryKey: ['pauses'],
    queryFn: async ({ signal }) => (await client.pauses.list({}, { signal })).pauses,
    refetchInterval: 5_000,
  });
}
