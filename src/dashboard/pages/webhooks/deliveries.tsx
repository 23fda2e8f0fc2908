import { Anchor, Button, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Webhook } from 'lucide-react';
import { Link } from 'wouter';
import { client } from '../../data/client.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { DeliveryStatus } from './delivery-status.tsx';

/** Everything that was received, newest first. */
export function Deliveries() {
  const list = useInfiniteQuery({
    queryKey: ['webhooks', 'deliveries'],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) =>
      client.webhooks.deliveries(
        { query: pageParam === '' ? {} : { cursor: pageParam } },
        { signal },
      ),
    getNextPageParam: ({ cursor }) => cursor,
    refetchInterval: 5_000,
  });
  if (list.isPending) return <Loading />;
  if (list.isError && list.data === undefined) {
    return <Failure error={list.error} retry={() => void list.refetch()} />;
  }
  const deliveries = list.data.pages.flatMap((page) => page.deliveries);
  if (deliveries.length === 0) {
    return (
      <Empty icon={Webhook} title="Nothing was received yet">
        Send a test from the page Start, or let a source post to its address.
      </Empty>
    );
  }
  return (
    <div className="card">
      <DataTable
        label="Deliveries"
        minWidth={640}
        columns={['Received', 'Source', 'Event', 'State', 'Became']}
      >
        {deliveries.map((delivery) => (
          <Table.Tr key={delivery.deliveryKey}>
            <Table.Td>
              <Time at={delivery.receivedAt} />
            </Table.Td>
            <Table.Td>
              {delivery.source}
              {delivery.testedBy !== null && (
                <Text size="xs" c="dimmed">
                  test by {delivery.testedBy}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              {delivery.event ?? '–'}
              <Text size="xs" c="dimmed" className="mono">
                {delivery.deliveryId}
              </Text>
            </Table.Td>
            <Table.Td>
              <DeliveryStatus status={delivery.status} />
            </Table.Td>
            <Table.Td>
              {delivery.runId !== null ? (
                <Anchor
                  component={Link}
                  size="sm"
                  href={`/runs/${encodeURIComponent(delivery.runId)}`}
                >
                  {delivery.target?.name ?? 'run'}
                </Anchor>
              ) : (
                (delivery.problem?.message ?? delivery.target?.name ?? '–')
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </DataTable>
      {list.hasNextPage && (
        <Button
          m="sm"
          variant="default"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Earlier ones
        </Button>
      )}
    </div>
  );
}
