import { Button, Group, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../../api/api.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { Failure } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

/** Who is signed in, in which browsers. */
export function Sessions() {
  const queries = useQueryClient();
  const list = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => client.identity.sessions({}, { signal }),
  });
  const end = useMutation({
    mutationFn: (sessionId: string) => client.identity.endSession({ params: { sessionId } }),
    onSuccess() {
      notifyDone('The session is ended');
      return queries.invalidateQueries({ queryKey: ['sessions'] });
    },
    onError: (error) => notifyFailed('The session goes on', error),
  });
  return (
    <section className="card" style={{ padding: 16 }} aria-labelledby="sessions">
      <Title order={2} id="sessions" mb="xs">
        Sessions
      </Title>
      {list.isError && <Failure error={list.error} />}
      {list.data?.sessions.length === 0 && (
        <Text size="sm" c="dimmed">
          Nobody is signed in.
        </Text>
      )}
      {list.data !== undefined && list.data.sessions.length > 0 && (
        <Table.ScrollContainer minWidth={520} tabIndex={0} role="group" aria-label="Sessions">
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Who</Table.Th>
                <Table.Th scope="col">Role</Table.Th>
                <Table.Th scope="col">Since</Table.Th>
                <Table.Th scope="col">Seen</Table.Th>
                <Table.Th scope="col">Ends</Table.Th>
                <Table.Td />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.data.sessions.map(({ sessionId, name, role, createdAt, seenAt, expiresAt }) => (
                <Table.Tr key={sessionId}>
                  <Table.Td fw={600}>{name}</Table.Td>
                  <Table.Td>
                    <Tag tint="blue">{role}</Tag>
                  </Table.Td>
                  <Table.Td>
                    <Time at={createdAt} />
                  </Table.Td>
                  <Table.Td>
                    <Time at={seenAt} />
                  </Table.Td>
                  <Table.Td>
                    <Time at={expiresAt} />
                  </Table.Td>
                  <Table.Td>
                    <Group gap={4} wrap="nowrap">
                      <Button
                        variant="default"
                        aria-label={`End the session of ${name}`}
                        onClick={() => end.mutate(sessionId)}
                      >
                        End
                      </Button>
                      <CliCommand
                        args={callArguments(api.identity.endSession, { params: { sessionId } })}
                      />
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </section>
  );
}
