/** How far a batch has come, with what became of each run. */
import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../../data/client.ts';
import { notifyFailed } from '../../parts/notify.ts';
import { Failure } from '../../parts/states.tsx';

export function BatchProgress({
  batchId,
  onClose,
}: {
  readonly batchId: string;
  readonly onClose: () => void;
}) {
  const params = { batchId };
  const queries = useQueryClient();
  const asked = useQuery({
    queryKey: ['batches', 'one', batchId],
    queryFn: ({ signal }) => client.batches.get({ params }, { signal }),
    refetchInterval: ({ state }) =>
      state.data?.status === 'complete' || state.data?.status === 'stopped' ? false : 700,
  });
  if (asked.isError) return <Failure error={asked.error} />;
  const batch = asked.data;
  if (batch === undefined) return null;
  const finished = batch.done + batch.skipped + batch.failed;
  const share = batch.total === 0 ? 100 : (finished / batch.total) * 100;
  const isOver = batch.status === 'complete' || batch.status === 'stopped';
  const act = (call: Promise<unknown>): void => {
    call.then(
      () => queries.invalidateQueries({ queryKey: ['batches', 'one', batchId] }),
      (error: unknown) => notifyFailed('The batch goes on as it was', error),
    );
  };
  return (
    <Alert
      role="status"
      mb="md"
      variant="light"
      color={batch.failed > 0 ? 'yellow' : isOver ? 'green' : 'signal'}
      title={`${titleOf(batch.action.kind)}: ${finished} of ${batch.total}${isOver ? `, ${batch.status}` : ''}`}
    >
      <Stack gap="xs">
        <Progress value={share} aria-label="Progress of the batch" />
        <Text size="sm">
          {batch.done} done, {batch.skipped} skipped, {batch.failed} failed · {batch.reason}
        </Text>
        <Group gap="xs">
          {batch.status === 'running' && (
            <Button
              variant="default"
              onClick={() => act(client.batches.pause({ params, body: {} }))}
            >
              Hold
            </Button>
          )}
          {batch.status === 'paused' && (
            <Button
              variant="default"
              onClick={() => act(client.batches.resume({ params, body: {} }))}
            >
              Go on
            </Button>
          )}
          {!isOver && (
            <Button
              variant="default"
              onClick={() => act(client.batches.stop({ params, body: {} }))}
            >
              Stop
            </Button>
          )}
          {isOver && (
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

function titleOf(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}
