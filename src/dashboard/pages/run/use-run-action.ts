import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Run } from '../../../api/run-shapes.ts';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';

/** Something done to a run: what is shown of it is asked again, and its end is told. */
export function useRunAction<T = unknown>(
  { runId }: Pick<Run, 'runId'>,
  done: string,
  act: () => Promise<T>,
  onDone?: (result: T) => void,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async (result) => {
      notifyDone(done);
      onDone?.(result);
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['run', runId] }),
        queries.invalidateQueries({ queryKey: ['runs'] }),
      ]);
    },
    onError: (error) => notifyFailed('That did not work', error),
  });
}
