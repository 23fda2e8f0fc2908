/** How far a batch has come, and what became of each run. */
import { Button, Group, Progress, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleX, Pause, Play, SkipForward, Square } from 'lucide-react';
import type { Batch } from '../../../api/batches.ts';
import { client } from '../../data/client.ts';
import { CliCommands } from '../../parts/cli-command.tsx';
import { notifyFailed } from '../../parts/notify.ts';
import { RunLink } from '../../parts/run-id.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';

const pollMs = 700;
const isOver = (batch: Batch | undefined) =>
  batch?.status === 'complete' || batch?.status === 'stopped';

export function BatchProgress({
  batchId,
  onClose,
}: {
  readonly batchId: string;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const params = { batchId };
  const batch = useQuery({
    queryKey: ['batch', batchId],
    queryFn: ({ signal }) => client.batches.get({ params }, { signal }),
    refetchInterval: ({ state }) => (isOver(state.data) ? false : pollMs),
  });
  const items = useQuery({
    queryKey: ['batch', batchId, 'items', batch.data?.done, batch.data?.failed],
    queryFn: ({ signal }) => client.batches.items({ params, query: { limit: 200 } }, { signal }),
    placeholderData: (before) => before,
  });
  const change = useMutation({
    mutationFn: (verb: 'pause' | 'resume' | 'stop') => client.batches[verb]({ params, body: {} }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['batch', batchId] }),
    onError: (error) => notifyFailed('That did not work', error),
  });
  if (batch.isPending) return <Loading rows={3} />;
  if (batch.isError) return <Failure error={batch.error} retry={() => void batch.refetch()} />;
  const { total, done, skipped, failed, status } = batch.data;
  const share = (count: number) => (total === 0 ? 0 : (count / total) * 100);
  return (
    <Stack gap="md">
      <Progress.Root size="lg" aria-label="Progress of the batch">
        <Progress.Section value={share(done)} color="green" aria-label="done" />
        <Progress.Section value={share(skipped)} color="gray" aria-label="skipped" />
        <Progress.Section value={share(failed)} color="red" aria-label="failed" />
      </Progress.Root>
      <Text size="sm" aria-live="polite">
        {`${status === 'complete' ? 'Complete' : status === 'running' ? 'Running' : status === 'paused' ? 'Held' : 'Stopped'}: `}
        {(done + skipped + failed).toLocaleString('en')} of {total.toLocaleString('en')},{' '}
        {done.toLocaleString('en')} done, {skipped.toLocaleString('en')} skipped,{' '}
        {failed.toLocaleString('en')} failed
      </Text>
      <Items items={items.data?.items ?? []} />
      <Group justify="flex-end" gap="xs">
        {status === 'running' && (
          <Button
            variant="default"
            leftSection={<Pause size={14} aria-hidden />}
            onClick={() => change.mutate('pause')}
          >
            Hold
          </Button>
        )}
        {status === 'paused' && (
          <Button
            variant="default"
            leftSection={<Play size={14} aria-hidden />}
            onClick={() => change.mutate('resume')}
          >
            Go on
          </Button>
        )}
        {!isOver(batch.data) && (
          <Button
            variant="default"
            leftSection={<Square size={14} aria-hidden />}
            onClick={() => change.mutate('stop')}
          >
            Stop
          </Button>
        )}
        {!isOver(batch.data) && (
          <CliCommands
            commands={[
              status === 'paused'
                ? { does: 'Go on', args: ['batch', 'resume', batchId] }
                : { does: 'Hold', args: ['batch', 'pause', batchId] },
              { does: 'Stop', args: ['batch', 'stop', batchId] },
            ]}
          />
        )}
        <Button onClick={onClose}>Close</Button>
      </Group>
    </Stack>
  );
}

const outcomes = {
  done: { label: 'Done', tint: 'green', icon: CircleCheck },
  skipped: { label: 'Skipped', tint: 'neutral', icon: SkipForward },
  failed: { label: 'Failed', tint: 'red', icon: CircleX },
} as const;

function Items({
  items,
}: {
  readonly items: Awaited<ReturnType<typeof client.batches.items>>['items'];
}) {
  if (items.length === 0) return null;
  return (
    <Table.ScrollContainer minWidth={320} mah={280}>
      <Table aria-label="What became of each run">
        <Table.Tbody>
          {items.map(({ runId, outcome, message }) => {
            const { label, tint, icon } = outcomes[outcome];
            return (
              <Table.Tr key={runId}>
                <Table.Td>
                  <RunLink runId={runId} />
                </Table.Td>
                <Table.Td>
                  <Tag tint={tint} icon={icon}>
                    {label}
                  </Tag>
                </Table.Td>
                <Table.Td>
                  <Text size="xs" c="dimmed">
                    {message}
                  </Text>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
