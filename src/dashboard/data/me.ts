import { useQuery } from '@tanstack/react-query';
import { client } from './client.ts';

/** Who is signed in, and how one signs in. The same everywhere, so that it is asked once. */
export function useMe() {
  return useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => client.identity.me({}, { signal }),
    staleTime: 60_000,
  });
}

export type Me = NonNullable<ReturnType<typeof useMe>['data']>;
