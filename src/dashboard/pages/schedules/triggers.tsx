/** Watched directories and queues. */
import { Anchor, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX } from 'lucide-react';
import { Link } from 'wouter';
import { client } from '../../data/client.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Failure } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

export function Triggers() {
  const list = useQuery({
    queryKey: ['triggers', 'list'],
    queryFn: ({ signal }) => client.triggers.list({}, { signal }),
    refetchInterval: 5_000,
  });
  if (list.isError && list.data === undefined) return <Failure error={list.error} />;
  if (list.data === undefined || list.data.triggers.length === 0) return null;
  return (
    <section className="card" aria-labelledby="triggers" style={{ padding: 16 }}>
      <Title order={2} id="triggers" mb="xs">
        Files and queues
      </Title>
      <DataTable
        label="Triggers"
        minWidth={560}
        columns={['Trigger', 'Listens at', 'Starts', 'Since the service started', 'Last', 'State']}
      >
        {list.data.triggers.map(({ name, kind, source, target, counts, lastAt, problem }) => (
          <Table.Tr key={name}>
            <Table.Td fw={600}>{name}</Table.Td>
            <Table.Td>
              {kind} <span className="mono">{source}</span>
            </Table.Td>
            <Table.Td>
              {target.kind === 'workflow' ? (
                <Anchor
                  component={Link}
                  size="sm"
                  href={`/workflows/${encodeURIComponent(target.name)}`}
                >
                  {target.name}
                </Anchor>
              ) : (
                target.name
              )}
            </Table.Td>
            <Table.Td className="tabular">
              {counts.accepted} accepted, {counts.repeated} repeated
            </Table.Td>
            <Table.Td>{lastAt === null ? 'never' : <Time at={lastAt} />}</Table.Td>
            <Table.Td>
              <Tag
                tint={problem === null ? 'green' : 'red'}
                icon={problem === null ? CircleCheck : CircleX}
              >
                {problem === null ? 'Works' : 'Does not work'}
              </Tag>
              {problem !== null && <Text size="xs">{problem}</Text>}
            </Table.Td>
          </Table.Tr>
        ))}
      </DataTable>
    </section>
  );
}
