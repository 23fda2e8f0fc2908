import { Anchor, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { client } from '../../data/client.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

export function RunsPage() {
  const list = useQuery({
    queryKey: ['runs', 'list'],
    queryFn: ({ signal }) => client.runs.list({}, { signal }),
  });
  return (
    <>
      <PageHeader title="Runs" />
      <div className="card">
        {list.isPending ? (
          <Loading />
        ) : list.isError ? (
          <Failure error={list.error} retry={() => void list.refetch()} />
        ) : list.data.runs.length === 0 ? (
          <Empty title="No run yet" />
        ) : (
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Run</Table.Th>
                <Table.Th>Workflow</Table.Th>
                <Table.Th>Status</Table.Th>
                <Table.Th>Started</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.data.runs.map((run) => (
                <Table.Tr key={run.runId}>
                  <Table.Td>
                    <Anchor component={Link} href={`/runs/${run.runId}`} className="mono">
                      {run.runId}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>{run.workflow}</Table.Td>
                  <Table.Td>
                    <StatusBadge status={run.status} isPaused={run.paused} />
                  </Table.Td>
                  <Table.Td>
                    <Time at={run.createdAt} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </div>
    </>
  );
}
