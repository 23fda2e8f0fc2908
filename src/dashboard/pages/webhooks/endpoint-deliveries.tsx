import { Anchor, Button, Group, SegmentedControl, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleX, Clock3, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api } from '../../../api/api.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

const looks = {
  waiting: { tint: 'blue', icon: Clock3, label: 'Waiting' },
  sent: { tint: 'green', icon: CircleCheck, label: 'Sent' },
  dead: { tint: 'red', icon: CircleX, label: 'Given up' },
} as const;
const shown = ['settled', 'waiting', 'dead'] as const;

/** What an endpoint was told, and what it answered. */
export function EndpointDeliveries({ endpointId }: { readonly endpointId: string }) {
  const params = { endpointId };
  const [status, setStatus] = useState<(typeof shown)[number]>('settled');
  const queries = useQueryClient();
  const list = useQuery({
    queryKey: ['endpoints', endpointId, status],
    queryFn: ({ signal }) => client.endpoints.deliveries({ params, query: { status } }, { signal }),
    refetchInterval: 5_000,
  });
  const replay = useMutation({
    mutationFn: (deliveryKey: string | null) =>
      client.endpoints.replay({
        params,
        body: deliveryKey === null ? {} : { deliveryKeys: [deliveryKey] },
      }),
    onSuccess({ replayed }) {
      notifyDone(`${replayed} on their way again`);
      return queries.invalidateQueries({ queryKey: ['endpoints'] });
    },
    onError: (error) => notifyFailed('They were not sent again', error),
  });
  return (
    <>
      <Group gap="sm" my="xs">
        <SegmentedControl
          aria-label="Which deliveries"
          value={status}
          onChange={(next) => setStatus(shown.find((each) => each === next) ?? 'settled')}
          data={[
            { value: 'settled', label: 'Sent or given up' },
            { value: 'waiting', label: 'Waiting' },
            { value: 'dead', label: 'Given up' },
          ]}
        />
        <Button
          variant="default"
          leftSection={<RotateCcw size={14} aria-hidden />}
          loading={replay.isPending && replay.variables === null}
          onClick={() => replay.mutate(null)}
        >
          Send again what was given up
        </Button>
        <CliCommand args={callArguments(api.endpoints.replay, { params, body: {} })} />
      </Group>
      {list.isPending && <Loading rows={3} />}
      {list.isError && <Failure error={list.error} />}
      {list.data?.deliveries.length === 0 && (
        <Text size="sm" c="dimmed">
          None.
        </Text>
      )}
      <Table.ScrollContainer minWidth={560} tabIndex={0} role="group" aria-label="Deliveries">
        <Table>
          <Table.Tbody>
            {list.data?.deliveries.map((delivery) => {
              const { tint, icon, label } = looks[delivery.status];
              return (
                <Table.Tr key={delivery.deliveryKey}>
                  <Table.Td>
                    <Time at={delivery.at} />
                  </Table.Td>
                  <Table.Td>{delivery.type}</Table.Td>
                  <Table.Td>
                    <Tag tint={tint} icon={icon}>
                      {label}
                    </Tag>
                  </Table.Td>
                  <Table.Td>
                    {delivery.attempts} {delivery.attempts === 1 ? 'attempt' : 'attempts'}
                    {delivery.lastError !== null
                      ? `, ${delivery.lastError}`
                      : delivery.lastStatus !== null && `, answered with ${delivery.lastStatus}`}
                    {delivery.nextAttemptAt !== null && (
                      <>
                        , next <Time at={delivery.nextAttemptAt} />
                      </>
                    )}
                  </Table.Td>
                  <Table.Td>
                    {delivery.runId !== null && (
                      <Anchor
                        component={Link}
                        size="sm"
                        href={`/runs/${encodeURIComponent(delivery.runId)}`}
                      >
                        run
                      </Anchor>
                    )}
                  </Table.Td>
                  <Table.Td>
                    {delivery.status === 'dead' && (
                      <Group gap={4} wrap="nowrap">
                        <Button
                          variant="default"
                          size="compact-xs"
                          loading={replay.isPending && replay.variables === delivery.deliveryKey}
                          onClick={() => replay.mutate(delivery.deliveryKey)}
                        >
                          Send again
                        </Button>
                        <CliCommand
                          args={callArguments(api.endpoints.replay, {
                            params,
                            body: { deliveryKeys: [delivery.deliveryKey] },
                          })}
                        />
                      </Group>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}
