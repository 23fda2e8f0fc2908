import { useQuery } from '@tanstack/react-query';
import { client } from '../data/client.ts';

/** Which service this is; its instance changes with every start. */
export function useService() {
  return useQuery({
    queryKey: ['service'],
    queryFn: ({ signal }) => client.service.about({}, { signal }),
    refetchInterval: 10_000,
  });
}
