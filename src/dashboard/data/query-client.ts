import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ServiceError } from '../../client/index.ts';

export function createQueryClient(): QueryClient {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // A session that has ended is noticed by whatever asks first.
      onError(error) {
        if (error instanceof ServiceError && error.status === 401)
          void queries.invalidateQueries({ queryKey: ['me'] });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // What the service refuses it will refuse again; a connection may come back.
        retry: (failures, error) => !(error instanceof ServiceError) && failures < 2,
        refetchOnWindowFocus: true,
      },
    },
  });
  return queries;
}
