/** Signs a payload as its sender would and lets the service receive it. */
import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Send } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import type { Json } from '../../../plan/json.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone } from '../../parts/notify.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { withoutSensitive } from '../../schema-form/form-value.ts';
import { SchemaForm } from '../../schema-form/schema-form.tsx';
import { useSchemaForm } from '../../schema-form/use-schema-form.ts';

type Source = AnswerOf<typeof api.webhooks.sources>['sources'][number];

export function WebhookPanel() {
  const list = useQuery({
    queryKey: ['webhooks', 'sources'],
    queryFn: ({ signal }) => client.webhooks.sources({}, { signal }),
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const [event, setEvent] = useState<string | null>(null);
  if (list.isPending) return <Loading rows={3} />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const source = list.data.sources.find((each) => each.source === chosen) ?? list.data.sources[0];
  if (source === undefined) {
    return (
      <Empty title="There is no source of webhooks">
        Sources are declared in a module of the service.
      </Empty>
    );
  }
  const kind = source.events.find((each) => each.event === event) ?? source.events[0];
  return (
    <Stack gap="md" maw={760}>
      <NativeSelect
        label="Source"
        description={source.description}
        value={source.source}
        onChange={(change) => {
          setChosen(change.currentTarget.value);
          setEvent(null);
        }}
        data={list.data.sources.map((each) => each.source)}
      />
      <NativeSelect
        label="Event"
        description={
          kind === undefined ? undefined : `Becomes ${kind.target.kind} ${kind.target.name}`
        }
        value={kind?.event ?? ''}
        onChange={(change) => setEvent(change.currentTarget.value)}
        data={source.events.map((each) => ({
          value: each.event,
          label: each.event === '*' ? 'every other' : each.event,
        }))}
      />
      {kind !== undefined && (
        <WebhookForm key={`${source.source} ${kind.event}`} source={source} kind={kind} />
      )}
    </Stack>
  );
}

function WebhookForm({
  source,
  kind,
}: {
  readonly source: Source;
  readonly kind: Source['events'][number];
}) {
  const form = useSchemaForm({
    schema: kind.payload,
    draftKey: `webhook.${source.source}.${kind.event}`,
  });
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const send = useMutation({
    mutationFn: (payload: Json) =>
      client.webhooks.test({
        params: { source: source.source },
        body: { payload, ...(kind.event === '*' ? {} : { event: kind.event }) },
      }),
    async onSuccess({ deliveryKey }) {
      form.forget();
      await queries.invalidateQueries({ queryKey: ['webhooks'] });
      notifyDone(
        deliveryKey === null ? 'The delivery was known already' : 'It was signed and accepted',
      );
      navigate('/webhooks');
    },
  });
  return (
    <form
      noValidate
      onSubmit={(submitted) => {
        submitted.preventDefault();
        // What does not fit is what a test may want to send: hints do not keep it back.
        send.mutate(form.value ?? null);
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
            Sign and send
          </Button>
          <CliCommand
            args={callArguments(api.webhooks.test, {
              params: { source: source.source },
              body: {
                payload: withoutSensitive(form.value, form.shape) ?? null,
                ...(kind.event === '*' ? {} : { event: kind.event }),
              },
            })}
          />
          <Text size="xs" c="dimmed">
            {source.preset === 'sns'
              ? 'Taken for signed, since only Amazon can sign it'
              : `Signed as ${source.preset} with the source’s own secret`}
            ; marked as a test.
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
