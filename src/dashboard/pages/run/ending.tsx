import { Text } from '@mantine/core';
import type { Run } from '../../../api/run-shapes.ts';
import { durationInWords } from '../../parts/duration.ts';
import { Time } from '../../parts/time.tsx';
import { ErrorDetails } from './error-details.tsx';
import { toOutcome } from './outcome.ts';

/** When and how a run ended, and after how long. */
export function Ending({ run }: { readonly run: Run }) {
  if (run.finishedAt === null) return null;
  const outcome = toOutcome(run.outcome);
  const took = durationInWords(Date.parse(run.finishedAt) - Date.parse(run.createdAt));
  return (
    <>
      <Text size="sm" component="div" mb="xs">
        {run.status === 'complete' ? 'Completed ' : run.status === 'failed' ? 'Failed ' : 'Ended '}
        <Time at={run.finishedAt} />, after {took}.
      </Text>
      {outcome?.failure != null && <ErrorDetails error={outcome.failure} />}
      {outcome?.cancelled != null && (
        <Text size="sm">
          Cancelled{outcome.cancelled.reason === null ? '.' : `: ${outcome.cancelled.reason}`}
        </Text>
      )}
      {run.compensatedBy !== null && (
        <Text size="sm">What it had done was undone by its parent {run.compensatedBy}.</Text>
      )}
    </>
  );
}
