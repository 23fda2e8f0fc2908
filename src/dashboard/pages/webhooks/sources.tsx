import { Alert, Code, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Webhook } from 'lucide-react';
import { client } from '../../data/client.ts';
import { CommandLine } from '../../parts/cli-command.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';

/** Who may send, what, and where to. */
export function Sources() {
  const list = useQuery({
    queryKey: ['webhooks', 'sources'],
    queryFn: ({ signal }) => client.webhooks.sources({}, { signal }),
  });
  if (list.isPending) return <Loading />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const { sources } = list.data;
  if (sources.length === 0) {
    return (
      <Empty icon={Webhook} title="There is no source">
        Sources of webhooks are declared in a module of the service.
      </Empty>
    );
  }
  return (
    <Stack gap="md">
      {sources.map(
        ({ source, description, path, preset, problem, secrets, isTestOnly, events }) => (
          <section
            key={source}
            className="card"
            style={{ padding: 16 }}
            aria-label={`Source ${source}`}
          >
            <Group gap="xs" mb={4}>
              <Title order={2}>{source}</Title>
              <Tag>{preset}</Tag>
              <Tag tint={secrets > 0 ? 'green' : 'red'}>
                {numberOf(secrets, preset === 'sns' ? 'topic' : 'secret')}
              </Tag>
              {isTestOnly && <Tag tint="amber">For tests only</Tag>}
            </Group>
            {description !== null && <Text size="sm">{description}</Text>}
            {problem !== null && (
              <Alert color="red" variant="light" my="xs" title="It cannot be received from">
                {problem}
              </Alert>
            )}
            <Text size="sm" my={6}>
              Its sender posts to
            </Text>
            <CommandLine command={`${window.location.origin}${path}`} />
            <Table mt="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">Event</Table.Th>
                  <Table.Th scope="col">Becomes</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {events.map(({ event, target }) => (
                  <Table.Tr key={event}>
                    <Table.Td>{event === '*' ? 'every other' : <Code>{event}</Code>}</Table.Td>
                    <Table.Td>
                      {target.kind} {target.name}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </section>
        ),
      )}
    </Stack>
  );
}

function numberOf(count: number, what: string): string {
  return count === 1 ? `One ${what}` : `${count} ${what}s`;
}
