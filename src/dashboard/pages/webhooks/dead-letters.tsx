/** Deliveries nothing could be done with: why, what they say, and the way to replay them. */
import { Button, Code, Group, List, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { MailCheck, RotateCcw, Trash2 } from 'lucide-react';
import { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand, CliCommands } from '../../parts/cli-command.tsx';
import { Disclosure } from '../../parts/disclosure.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';

type DeadLetter = AnswerOf<typeof api.webhooks.deadLetter>;

export function DeadLetters() {
  const queries = useQueryClient();
  const list = useQuery({
    queryKey: ['webhooks', 'dead-letters'],
    queryFn: ({ signal }) => client.webhooks.deadLetters({}, { signal }),
    refetchInterval: 5_000,
  });
  const replayAll = useMutation({
    mutationFn: () => client.webhooks.replayAll({ body: {} }),
    onSuccess({ replayed }) {
      notifyDone(`${replayed} replayed`);
      return queries.invalidateQueries({ queryKey: ['webhooks'] });
    },
    onError: (error) => notifyFailed('They were not replayed', error),
  });
  if (list.isPending) return <Loading />;
  if (list.isError && list.data === undefined) {
    return <Failure error={list.error} retry={() => void list.refetch()} />;
  }
  const { deadLetters, cursor } = list.data;
  if (deadLetters.length === 0) {
    return (
      <Empty icon={MailCheck} title="There is no dead letter">
        A delivery that no workflow takes, or that does not fit its schema, is kept here.
      </Empty>
    );
  }
  return (
    <Stack gap="md">
      <Group>
        <Button
          variant="default"
          leftSection={<RotateCcw size={14} aria-hidden />}
          loading={replayAll.isPending}
          onClick={() => replayAll.mutate()}
        >
          Replay all
        </Button>
        <CliCommand args={callArguments(api.webhooks.replayAll, { body: {} })} />
        {cursor !== null && (
          <Text size="xs" c="dimmed">
            These are the newest; there are more.
          </Text>
        )}
      </Group>
      {deadLetters.map((letter) => (
        <Letter key={letter.deliveryKey} letter={letter} />
      ))}
    </Stack>
  );
}

function Letter({ letter }: { readonly letter: DeadLetter }) {
  const { deliveryKey, source, event, deliveryId, receivedAt, problem, payload, replays } = letter;
  const params = { deliveryKey };
  const queries = useQueryClient();
  const done = (message: string) => {
    notifyDone(message);
    return queries.invalidateQueries({ queryKey: ['webhooks'] });
  };
  const replay = useMutation({
    mutationFn: () => client.webhooks.replay({ params }),
    onSuccess: () => done('It was replayed'),
    onError: (error) => notifyFailed('It was not replayed', error),
  });
  const discard = useMutation({
    mutationFn: () => client.webhooks.discard({ params }),
    onSuccess: () => done('It was removed'),
    onError: (error) => notifyFailed('It was not removed', error),
  });
  return (
    <section className="card" style={{ padding: 16 }} aria-label={`Dead letter ${deliveryId}`}>
      <Group justify="space-between" align="flex-start">
        <Stack gap={4} style={{ flex: 1, minWidth: 0 }}>
          <Title order={2} fz="md" style={{ overflowWrap: 'anywhere' }}>
            {problem?.message ?? 'Nothing could be done with it'}
          </Title>
          <Text size="sm" c="dimmed">
            {source}
            {event !== null && ` · ${event}`} · <Time at={receivedAt} /> ·{' '}
            <Code>{problem?.code ?? ''}</Code>
            {replays > 0 && ` · replayed ${replays} ${replays === 1 ? 'time' : 'times'}`}
          </Text>
          {problem !== null && problem.issues.length > 0 && (
            <List size="sm">
              {problem.issues.map(({ path, message }) => (
                <List.Item key={path}>
                  <b>{path === '' ? 'payload' : path}</b>: {message}
                </List.Item>
              ))}
            </List>
          )}
        </Stack>
        <Group gap="xs">
          <Button
            leftSection={<RotateCcw size={14} aria-hidden />}
            loading={replay.isPending}
            onClick={() => replay.mutate()}
          >
            Replay
          </Button>
          <Button
            variant="default"
            leftSection={<Trash2 size={14} aria-hidden />}
            loading={discard.isPending}
            onClick={() => discard.mutate()}
          >
            Discard
          </Button>
          <CliCommands
            commands={[
              { does: 'Replay', args: callArguments(api.webhooks.replay, { params }) },
              { does: 'Discard', args: callArguments(api.webhooks.discard, { params }) },
            ]}
          />
        </Group>
      </Group>
      <Disclosure what="what it says">
        {() => (
          <Stack gap="xs" mt="xs">
            <JsonView value={payload} label="Payload" openDepth={3} />
            <JsonView value={letter.headers} label="Headers" openDepth={1} />
          </Stack>
        )}
      </Disclosure>
    </section>
  );
}
