/** What holds attempts and calls back, how much of it is used, and what waits. */
import { Progress, Table, Text, Title } from '@mantine/core';
import { CircleCheck, Hourglass } from 'lucide-react';
import { DataTable } from '../../parts/data-table.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import type { Health } from './health-parts.ts';

interface Place {
  readonly name: string;
  readonly limit: number | null;
  readonly running: number;
  readonly waiting: number;
}

export function Limits({ health: { limits, queue } }: { readonly health: Health }) {
  const { attempts, queues, callsPerMinute, webhooksPerMinute, refusedCalls } = limits;
  const queued = queues.reduce((sum, each) => sum + each.running, 0);
  const all: Place = {
    name: 'All queues',
    limit: attempts,
    running: queued,
    waiting: queue.waiting,
  };
  const places = [all, ...queues.map(({ queue: name, ...rest }) => ({ name, ...rest }))];
  return (
    <section className="card" aria-labelledby="limits" style={{ padding: 16 }}>
      <Title order={2} id="limits" mb="xs">
        Limits
      </Title>
      <DataTable
        label="Limits of queues"
        minWidth={480}
        columns={['Queue', 'In use', 'Waiting', 'The next one begins']}
      >
        {places.map((place) => (
          <PlaceRow key={place.name} place={place} isFullOverall={isFull(all)} />
        ))}
      </DataTable>
      <Text size="xs" c="dimmed" mt="xs">
        Runs in mode local, as those of small workflows are, begin their attempts at once, past the
        queues.
      </Text>
      <Text size="sm" mt="xs">
        {callsPerMinute === null
          ? 'Calls of the API are not limited: the service is open to this machine alone.'
          : `Each address may make ${callsPerMinute.toLocaleString('en')} calls and send ${(webhooksPerMinute ?? 0).toLocaleString('en')} webhooks a minute.`}{' '}
        {refusedCalls === 0
          ? 'None was refused as too many.'
          : `${refusedCalls.toLocaleString('en')} were refused as too many since the start.`}
      </Text>
    </section>
  );
}

function PlaceRow({
  place,
  isFullOverall,
}: {
  readonly place: Place;
  readonly isFullOverall: boolean;
}) {
  const { name, limit, running, waiting } = place;
  const isHeld = waiting > 0 && (isFull(place) || isFullOverall);
  const used = limit === null ? `${running}, no limit of its own` : `${running} of ${limit}`;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={600}>
        {name}
      </Table.Th>
      <Table.Td className="tabular">
        {used}
        {limit !== null && (
          <Progress
            value={(running / limit) * 100}
            color={isFull(place) ? 'yellow' : 'blue'}
            size="sm"
            aria-label={`${name}: ${used}`}
          />
        )}
      </Table.Td>
      <Table.Td className="tabular">{waiting}</Table.Td>
      <Table.Td>
        <Tag tint={isHeld ? 'amber' : 'green'} icon={isHeld ? Hourglass : CircleCheck}>
          {isHeld ? 'When one under way has ended' : 'At once'}
        </Tag>
      </Table.Td>
    </Table.Tr>
  );
}

function isFull({ limit, running }: Place): boolean {
  return limit !== null && running >= limit;
}
