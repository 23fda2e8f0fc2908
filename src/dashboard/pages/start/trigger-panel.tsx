/** What a watched directory or a queue would make of an event. Nothing is started by it. */
import { Alert, Button, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../../api/api.ts';
import type { Json } from '../../../plan/json.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { ReadableValue } from '../../parts/readable-value.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { JsonText } from '../../schema-form/json-field.tsx';

/** What a trigger of each kind is told, to begin with. */
const examples: Readonly<Record<string, Json>> = {
  watch: {
    path: '/data/inbox/orders.csv',
    name: 'orders.csv',
    sizeBytes: 120,
    modifiedAt: '2026-01-31T12:00:00.000Z',
    sha256: '0'.repeat(64),
  },
  queue: { type: 'order.created', orderId: 'o-1' },
};

export function TriggerPanel() {
  const list = useQuery({
    queryKey: ['triggers', 'list'],
    queryFn: ({ signal }) => client.triggers.list({}, { signal }),
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const [event, setEvent] = useState<Json | undefined>(undefined);
  const test = useMutation({
    mutationFn: ({ name, given }: { name: string; given: Json }) =>
      client.triggers.test({ params: { name }, body: { event: given } }),
  });
  if (list.isPending) return <Loading rows={3} />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const { triggers } = list.data;
  const trigger = triggers.find(({ name }) => name === chosen) ?? triggers[0];
  if (trigger === undefined) {
    return (
      <Empty title="There is no trigger of this kind">
        Watched directories and queues are declared in a module of the service.
      </Empty>
    );
  }
  const given = event ?? examples[trigger.kind] ?? {};
  return (
    <Stack gap="md" maw={760} align="stretch">
      <NativeSelect
        label="Trigger"
        description={`${trigger.kind} of ${trigger.source}`}
        value={trigger.name}
        onChange={(change) => {
          setChosen(change.currentTarget.value);
          setEvent(undefined);
          test.reset();
        }}
        data={triggers.map(({ name }) => name)}
      />
      <JsonText
        key={trigger.name}
        id="trigger-event"
        label="Event as JSON"
        value={given}
        onChange={setEvent}
      />
      <div>
        <Button
          size="sm"
          mr="xs"
          loading={test.isPending}
          onClick={() => test.mutate({ name: trigger.name, given })}
        >
          See what it makes of it
        </Button>
        <CliCommand
          args={callArguments(api.triggers.test, {
            params: { name: trigger.name },
            body: { event: given },
          })}
        />
      </div>
      {test.isError && <Failure error={test.error} />}
      {test.data !== undefined && (
        <Alert
          role="status"
          color={test.data.problem !== null ? 'red' : test.data.accepted ? 'green' : 'gray'}
          variant="light"
          title={
            test.data.problem !== null
              ? 'It would go to the dead letters'
              : test.data.accepted
                ? `It would start ${trigger.target.name}`
                : 'The trigger has nothing to do with it'
          }
        >
          {test.data.problem !== null && <Text size="sm">{test.data.problem}</Text>}
          {test.data.key !== null && <Text size="sm">Key: {test.data.key}</Text>}
          {test.data.input !== null && <ReadableValue value={test.data.input} />}
        </Alert>
      )}
    </Stack>
  );
}
