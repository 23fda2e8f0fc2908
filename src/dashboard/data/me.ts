import { useQuery } from '@tanstack/react-query';
import { type Role, roles } from '../../api/route.ts';
import { client } from './client.ts';

/** Who is signed in, and how one signs in. The same everywhere, so that it is asked once. */
export function useMe() {
  return useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => client.identity.me({}, { signal }),
    staleTime: 60_000,
  });
}

/** Which roles the reader has. The service decides in any case; this is for what is not worth showing to who may not use it. */
export function useRoles(): Readonly<Record<Role, boolean>> {
  const { data } = useMe();
  // Until it is known nothing is missing.
  const rank = data?.caller == null ? roles.length : roles.indexOf(data.caller.role);
  return {
    viewer: true,
    reviewer: rank >= roles.indexOf('reviewer'),
    operator: rank >= roles.indexOf('operator'),
    admin: rank >= roles.indexOf('admin'),
  };
}

export type Me = NonNullable<ReturnType<typeof useMe>['data']>;
