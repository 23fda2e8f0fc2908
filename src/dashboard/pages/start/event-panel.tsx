/** Sends an event to every run that waits for it, and starts what it starts. */
import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Send } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { ServiceError } from '../../../client/index.ts';
import type { Json } from '../../../plan/json.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone } from '../../parts/notify.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { problemsOfRefusal } from '../../schema-form/form-problems.ts';
import { withoutSensitive } from '../../schema-form/form-value.ts';
import { SchemaForm } from '../../schema-form/schema-form.tsx';
import { useSchemaForm } from '../../schema-form/use-schema-form.ts';
import { useWorkflows, WorkflowSelect } from './workflow-select.tsx';

type EventOfWorkflow = AnswerOf<typeof api.workflows.get>['events'][number];

export function EventPanel() {
  const list = useWorkflows();
  const [chosen, setChosen] = useState<string | null>(null);
  const [event, setEvent] = useState<string | null>(null);
  const name = chosen ?? list.data?.workflows[0]?.name ?? '';
  const details = useQuery({
    queryKey: ['workflows', 'one', name],
    queryFn: ({ signal }) => client.workflows.get({ params: { workflow: name } }, { signal }),
    enabled: name !== '',
  });
  if (list.isPending) return <Loading />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const events = details.data?.events.filter((each) => each.startsRun || each.awaitedBy.length > 0);
  const current = events?.find((each) => each.name === event) ?? events?.[0];
  return (
    <Stack gap="md" maw={760}>
      <WorkflowSelect workflows={list.data.workflows} value={name} onChange={setChosen} />
      {details.isPending && <Loading rows={3} />}
      {details.isError && <Failure error={details.error} />}
      {events?.length === 0 && (
        <Empty title="This workflow takes no events">Choose another one above.</Empty>
      )}
      {events !== undefined && current !== undefined && (
        <>
          <NativeSelect
            size="xs"
            label="Event"
            description={meaningOf(current)}
            value={current.name}
            onChange={(change) => setEvent(change.currentTarget.value)}
            data={events.map((each) => each.name)}
          />
          <EventForm key={`${name} ${current.name}`} event={current} />
        </>
      )}
    </Stack>
  );
}

function meaningOf({ startsRun, awaitedBy }: EventOfWorkflow): string {
  return [
    startsRun ? 'Starts a run' : '',
    awaitedBy.length > 0 ? `Awaited by ${awaitedBy.join(', ')}` : '',
  ]
    .filter(Boolean)
    .join('. ');
}

function EventForm({ event }: { readonly event: EventOfWorkflow }) {
  const form = useSchemaForm({ schema: event.payload, draftKey: `event.${event.name}` });
  const queries = useQueryClient();
  const send = useMutation({
    mutationFn: (payload: Json) => client.runs.publish({ body: { event: event.name, payload } }),
    onSuccess() {
      form.forget();
      notifyDone(`"${event.name}" is sent`);
      return queries.invalidateQueries({ queryKey: ['runs'] });
    },
    onError(error) {
      if (error instanceof ServiceError) form.refuse(problemsOfRefusal(error.problem));
    },
  });
  return (
    <form
      noValidate
      onSubmit={(submitted) => {
        submitted.preventDefault();
        if (form.check()) send.mutate(form.value ?? null);
      }}
    >
      <Stack gap="md">
        <section className="card" style={{ padding: 16 }}>
          <SchemaForm form={form} label="Payload" />
        </section>
        {send.isError && <Failure error={send.error} />}
        <Group gap="xs">
          <Button
            type="submit"
            size="sm"
            loading={send.isPending}
            leftSection={<Send size={15} aria-hidden />}
          >
            Send event
          </Button>
          <CliCommand
            args={callArguments(api.runs.publish, {
              body: {
                event: event.name,
                payload: withoutSensitive(form.value, form.shape) ?? null,
              },
            })}
          />
          <Text size="xs" c="dimmed">
            Goes to every run that waits for it.
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
