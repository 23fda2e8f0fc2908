/** Starts a run for each past time that has none: first which these are, then in earnest. */
import { Alert, Button, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Failure } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { localText } from './schedule-parts.ts';

const looks = {
  would_start: { tint: 'blue', label: 'Would start' },
  started: { tint: 'green', label: 'Started' },
  published: { tint: 'green', label: 'Published' },
  exists: { tint: 'neutral', label: 'Has a run already' },
  failed: { tint: 'red', label: 'Failed' },
} as const;

export function BackfillDialog({
  name,
  onClose,
  onDone,
}: {
  readonly name: string;
  readonly onClose: () => void;
  readonly onDone: () => unknown;
}) {
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [tried, setTried] = useState<string | null>(null);
  const range = `${from} ${to}`;
  const fill = useMutation({
    mutationFn: (dryRun: boolean) =>
      client.schedules.backfill({
        params: { name },
        body: { from: new Date(from).toISOString(), to: new Date(to).toISOString(), dryRun },
      }),
    onSuccess({ dryRun }) {
      setTried(dryRun ? range : null);
      if (!dryRun) onDone();
    },
  });
  const isDone = fill.data?.dryRun === false;
  const isComplete = from !== '' && to !== '';
  return (
    <Modal opened onClose={onClose} size="lg" title={`Backfill "${name}"`}>
      <Stack gap="md">
        <Text size="sm">
          Starts a run for each time between the two that has none, the oldest first, at most 100 at
          once.
        </Text>
        <Group grow>
          <TextInput
            data-autofocus
            type="datetime-local"
            label="From"
            description="In your time zone"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label="To"
            description="Included; not after now"
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
        </Group>
        {fill.isError && <Failure error={fill.error} />}
        {fill.data !== undefined && (
          <Alert
            role="status"
            variant="light"
            color={isDone ? 'green' : 'signal'}
            title={
              fill.data.slots.length === 0
                ? 'No time of the schedule lies between them'
                : `${fill.data.slots.length} ${fill.data.slots.length === 1 ? 'time' : 'times'}`
            }
          >
            <div
              style={{ maxHeight: 260, overflow: 'auto' }}
              tabIndex={0}
              role="group"
              aria-label="Times"
            >
              <Table>
                <Table.Tbody>
                  {fill.data.slots.map((slot) => (
                    <Table.Tr key={slot.at}>
                      <Table.Td className="tabular">{localText(slot.local)}</Table.Td>
                      <Table.Td>
                        <Tag tint={looks[slot.outcome].tint}>{looks[slot.outcome].label}</Tag>
                      </Table.Td>
                      <Table.Td>{slot.reason}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
            {fill.data.nextFrom !== null && (
              <Text size="xs">There are more; go on from {fill.data.nextFrom}.</Text>
            )}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          {isComplete && (
            <CliCommand
              args={[
                'schedule',
                'backfill',
                name,
                '--from',
                new Date(from).toISOString(),
                '--to',
                new Date(to).toISOString(),
                '--start',
              ]}
            />
          )}
          <Button variant="subtle" color="gray" onClick={onClose}>
            {isDone ? 'Close' : 'Back'}
          </Button>
          <Button
            variant="default"
            disabled={!isComplete || isDone}
            loading={fill.isPending && fill.variables}
            onClick={() => fill.mutate(true)}
          >
            Dry run
          </Button>
          <Button
            disabled={!isComplete || isDone || tried !== range}
            loading={fill.isPending && !fill.variables}
            onClick={() => fill.mutate(false)}
          >
            Start them
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
