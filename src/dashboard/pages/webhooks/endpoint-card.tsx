/** One endpoint: whom it is, what it is told of, and what can be done with it. */
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleOff, CirclePause } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../../api/api.ts';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommands } from '../../parts/cli-command.tsx';
import { Disclosure } from '../../parts/disclosure.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { Tag } from '../../parts/status-badge.tsx';
import { EndpointDeliveries } from './endpoint-deliveries.tsx';
import { type Endpoint, EndpointDialog } from './endpoint-dialog.tsx';

const looks = {
  active: { tint: 'green', icon: CircleCheck, label: 'Active' },
  paused: { tint: 'amber', icon: CirclePause, label: 'Paused' },
  disabled: { tint: 'red', icon: CircleOff, label: 'Gone, says its receiver' },
} as const;

type What = 'active' | 'paused' | 'test' | 'rotate' | 'remove';

const done: Readonly<Record<What, string>> = {
  active: 'It is told again',
  paused: 'It is told no more until it is activated',
  test: 'A test is on its way',
  rotate: 'It has a new secret',
  remove: 'The endpoint is removed',
};

export function EndpointCard({
  endpoint,
  onSecret,
}: {
  readonly endpoint: Endpoint;
  readonly onSecret: (secret: string) => void;
}) {
  const { endpointId, url, description, events, status, workflows, isFixed, waiting } = endpoint;
  const params = { endpointId };
  const mayChange = useRoles().admin && !isFixed;
  const [dialog, setDialog] = useState<'edit' | 'rotate' | 'remove' | null>(null);
  const close = () => setDialog(null);
  const queries = useQueryClient();
  const act = useMutation({
    async mutationFn(what: What) {
      if (what === 'test') await client.endpoints.test({ params });
      else if (what === 'rotate') onSecret((await client.endpoints.rotate({ params })).secret);
      else if (what === 'remove') await client.endpoints.remove({ params });
      else await client.endpoints.update({ params, body: { status: what } });
    },
    onSuccess(_, what) {
      close();
      notifyDone(done[what]);
      // what has gone has no deliveries to ask for
      return queries.invalidateQueries({ queryKey: ['endpoints'], exact: what === 'remove' });
    },
    onError: (error) => notifyFailed('The endpoint is as it was', error),
  });
  const other = status === 'active' ? 'paused' : 'active';
  const verb = status === 'active' ? 'Pause' : 'Activate';
  return (
    <section className="card" style={{ padding: 16 }} aria-label={`Endpoint ${url}`}>
      <Group justify="space-between" align="flex-start">
        <Stack gap={4} style={{ flex: '1 1 300px', minWidth: 0 }}>
          <Group gap="xs">
            <Title order={2} fz="md" style={{ overflowWrap: 'anywhere' }}>
              {url}
            </Title>
            <Tag tint={looks[status].tint} icon={looks[status].icon}>
              {looks[status].label}
            </Tag>
            {isFixed && <Tag>From the settings</Tag>}
          </Group>
          {description !== '' && <Text size="sm">{description}</Text>}
          <Text size="sm" c="dimmed">
            {events.join(', ')}
            {workflows !== null && ` · of ${workflows.join(', ')}`}
            {waiting > 0 && ` · ${waiting} waiting`}
          </Text>
        </Stack>
        <Group gap="xs">
          <Button variant="default" onClick={() => act.mutate('test')}>
            Send a test
          </Button>
          {mayChange && (
            <>
              <Button variant="default" onClick={() => act.mutate(other)}>
                {verb}
              </Button>
              <Button variant="default" onClick={() => setDialog('edit')}>
                Edit…
              </Button>
              <Button variant="default" onClick={() => setDialog('rotate')}>
                New secret…
              </Button>
              <Button variant="default" onClick={() => setDialog('remove')}>
                Remove…
              </Button>
            </>
          )}
          <CliCommands
            commands={[
              { does: 'Send a test', args: callArguments(api.endpoints.test, { params }) },
              ...(mayChange
                ? [
                    {
                      does: verb,
                      args: callArguments(api.endpoints.update, {
                        params,
                        body: { status: other },
                      }),
                    },
                  ]
                : []),
            ]}
          />
        </Group>
      </Group>
      <Disclosure what="its deliveries">
        {() => <EndpointDeliveries endpointId={endpointId} />}
      </Disclosure>
      {dialog === 'edit' && <EndpointDialog endpoint={endpoint} onClose={close} onDone={close} />}
      {dialog === 'rotate' && (
        <ActionDialog
          title="Make a new secret"
          command={callArguments(api.endpoints.rotate, { params })}
          action="Make it"
          isBusy={act.isPending}
          onConfirm={() => act.mutate('rotate')}
          onClose={close}
        >
          <Text size="sm">
            For a day deliveries are signed by the old secret, too, so that the receiver has time to
            take up the new one.
          </Text>
        </ActionDialog>
      )}
      {dialog === 'remove' && (
        <ActionDialog
          title="Remove the endpoint"
          command={callArguments(api.endpoints.remove, { params })}
          action="Remove"
          isDangerous
          isBusy={act.isPending}
          onConfirm={() => act.mutate('remove')}
          onClose={close}
        >
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {url} is told no more. What was delivered, and what still waits, is forgotten.
          </Text>
        </ActionDialog>
      )}
    </section>
  );
}
