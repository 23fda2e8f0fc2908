/** Whom the service tells of runs and reviews, and what was given up. */
import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleOff, CirclePause, Send } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { apiCommand } from '../../parts/api-command.ts';
import { CallCommand, CommandLine } from '../../parts/cli-command.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { EndpointDeliveries } from './endpoint-deliveries.tsx';
import { NewEndpointDialog } from './new-endpoint-dialog.tsx';

type Endpoint = AnswerOf<typeof api.endpoints.list>['endpoints'][number];

const looks = {
  active: { tint: 'green', icon: CircleCheck, label: 'Active' },
  paused: { tint: 'amber', icon: CirclePause, label: 'Paused' },
  disabled: { tint: 'red', icon: CircleOff, label: 'Gone, says its receiver' },
} as const;

export function Endpoints() {
  const [isMaking, setIsMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const list = useQuery({
    queryKey: ['endpoints'],
    queryFn: ({ signal }) => client.endpoints.list({}, { signal }),
    refetchInterval: 5_000,
  });
  return (
    <Stack gap="md">
      <Group>
        <Button leftSection={<Send size={14} aria-hidden />} onClick={() => setIsMaking(true)}>
          Add an endpoint…
        </Button>
      </Group>
      <div role="status">
        {secret !== null && (
          <Alert
            color="green"
            variant="light"
            title="The secret its deliveries are signed with, shown this once"
            withCloseButton
            closeButtonLabel="I have copied it"
            onClose={() => setSecret(null)}
          >
            <CommandLine command={secret} />
          </Alert>
        )}
      </div>
      {list.isPending && <Loading />}
      {list.isError && list.data === undefined && (
        <Failure error={list.error} retry={() => void list.refetch()} />
      )}
      {list.data?.endpoints.length === 0 && (
        <Empty icon={Send} title="Nobody is told">
          An endpoint is told of runs and reviews as they happen, signed, and again until it
          answers.
        </Empty>
      )}
      {list.data?.endpoints.map((endpoint) => (
        <One key={endpoint.endpointId} endpoint={endpoint} />
      ))}
      {isMaking && (
        <NewEndpointDialog
          onClose={() => setIsMaking(false)}
          onMade={(made) => {
            setIsMaking(false);
            setSecret(made);
          }}
        />
      )}
    </Stack>
  );
}

function One({ endpoint }: { readonly endpoint: Endpoint }) {
  const { endpointId, url, description, events, status, workflows, isFixed, waiting } = endpoint;
  const params = { endpointId };
  const [isOpen, setIsOpen] = useState(false);
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: async (what: 'active' | 'paused' | 'test' | 'remove') => {
      if (what === 'test') await client.endpoints.test({ params });
      else if (what === 'remove') await client.endpoints.remove({ params });
      else await client.endpoints.update({ params, body: { status: what } });
    },
    onSuccess(_, what) {
      notifyDone(done[what]);
      return queries.invalidateQueries({ queryKey: ['endpoints'] });
    },
    onError: (error) => notifyFailed('The endpoint is as it was', error),
  });
  return (
    <section className="card" style={{ padding: 16 }} aria-label={`Endpoint ${url}`}>
      <Group justify="space-between" align="flex-start">
        <Stack gap={4} style={{ flex: 1, minWidth: 0 }}>
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
          {!isFixed && (
            <>
              <Button
                variant="default"
                onClick={() => act.mutate(status === 'active' ? 'paused' : 'active')}
              >
                {status === 'active' ? 'Pause' : 'Activate'}
              </Button>
              <Button variant="default" onClick={() => act.mutate('remove')}>
                Remove
              </Button>
            </>
          )}
          <CallCommand command={apiCommand(api.endpoints.test, { params })} />
        </Group>
      </Group>
      <Button
        variant="subtle"
        size="compact-xs"
        mt="xs"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        {isOpen ? 'Hide its deliveries' : 'Show its deliveries'}
      </Button>
      {isOpen && <EndpointDeliveries endpointId={endpointId} />}
    </section>
  );
}

const done = {
  active: 'It is told again',
  paused: 'It is told no more until it is activated',
  test: 'A test is on its way',
  remove: 'The endpoint is removed',
} as const;
