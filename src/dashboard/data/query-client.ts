import { QueryClient } from '@tanstack/react-query';
import { ServiceError } from '../../client/index.ts';

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // What the service refuses it will refuse again; a connection may come back.
        retry: (failures, error) => !(error instanceof ServiceError) && failures < 2,
        refetchOnWindowFocus: true,
      },
    },
  });
}
