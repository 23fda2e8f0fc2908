/** What went wrong, grouped by cause: one line for a thousand runs that failed alike. */
import { Alert, Group, NativeSelect, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { CircleCheck } from 'lucide-react';
import { useSearchParams } from 'wouter';
import { client } from '../../data/client.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { BatchProgress } from '../runs/batch-progress.tsx';
import { IncidentCard } from './incident-card.tsx';

const states = ['open', 'handled', 'all'] as const;
const orders = ['latest', 'runs'] as const;
const kinds = ['failed', 'stuck', 'damaged'] as const;

/** A batch begins from a card further down. One function for all renderings, so that the page moves once. */
const toSight = (panel: HTMLElement | null) => panel?.scrollIntoView({ block: 'end' });

export function IncidentsPage() {
  const [search, setSearch] = useSearchParams();
  const state = states.find((each) => each === search.get('state')) ?? 'open';
  const kind = kinds.find((each) => each === search.get('kind'));
  const order = orders.find((each) => each === search.get('order')) ?? 'latest';
  const batchId = search.get('batch');
  const set = (name: string, value: string) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const query = { state, ...(kind === undefined ? {} : { kind }) };
  const list = useQuery({
    queryKey: ['incidents', 'list', query],
    queryFn: ({ signal }) => client.incidents.list({ query }, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
  const { data } = list;
  const incidents =
    order === 'runs' ? data?.incidents.toSorted((a, b) => b.count - a.count) : data?.incidents;
  return (
    <>
      <PageHeader
        title="Incidents"
        about="Runs that failed, are stuck or damaged, grouped by cause until somebody has dealt with them."
      />
      {batchId !== null && (
        <section
          key={batchId}
          ref={toSight}
          className="card"
          aria-label="Batch"
          style={{ padding: 16, marginBottom: 16 }}
        >
          <BatchProgress batchId={batchId} onClose={() => set('batch', '')} />
        </section>
      )}
      <Group gap="sm" mb="md">
        <NativeSelect
          label="Show"
          value={state}
          onChange={(event) => set('state', event.currentTarget.value)}
          data={[
            { value: 'open', label: 'Open' },
            { value: 'handled', label: 'Handled' },
            { value: 'all', label: 'All' },
          ]}
        />
        <NativeSelect
          label="Kind"
          value={kind ?? ''}
          onChange={(event) => set('kind', event.currentTarget.value)}
          data={[
            { value: '', label: 'Any' },
            { value: 'failed', label: 'Failed' },
            { value: 'stuck', label: 'Stuck' },
            { value: 'damaged', label: 'Damaged' },
          ]}
        />
        <NativeSelect
          label="Sort by"
          value={order}
          onChange={(event) => set('order', event.currentTarget.value)}
          data={[
            { value: 'latest', label: 'Latest' },
            { value: 'runs', label: 'Most runs' },
          ]}
        />
      </Group>
      {data?.isPartial === true && (
        <Alert color="yellow" variant="light" mb="md" title="Not every failed run was looked at">
          The groups were made of the newest {data.examined.toLocaleString('en')} of them.
        </Alert>
      )}
      {list.isPending && <Loading />}
      {list.isError && data === undefined && (
        <Failure error={list.error} retry={() => void list.refetch()} />
      )}
      {incidents?.map((incident) => (
        <IncidentCard
          key={incident.incidentId}
          incident={incident}
          onBatch={(id) => set('batch', id)}
        />
      ))}
      {data?.incidents.length === 0 && (
        <Empty
          icon={CircleCheck}
          title={state === 'handled' ? 'Nothing is marked as handled' : 'Nothing is wrong'}
        >
          {state === 'handled'
            ? 'What somebody has dealt with stands here, until it happens again.'
            : 'Failures of the same cause will stand here as one incident.'}
        </Empty>
      )}
      {data?.lookedThroughAt != null && (
        <Text size="xs" c="dimmed" mt="sm">
          Runs under way were looked through <Time at={data.lookedThroughAt} />.
        </Text>
      )}
    </>
  );
}
