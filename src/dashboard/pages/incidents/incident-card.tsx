import { Anchor, Button, Checkbox, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleCheck, CircleX, Hourglass, RotateCcw, ShieldAlert } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Incident } from '../../../api/incidents.ts';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Disclosure } from '../../parts/disclosure.tsx';
import { LongText } from '../../parts/long-text.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { withoutStep } from '../run/failure-text.ts';

const looks = {
  failed: { tint: 'red', icon: CircleX, label: 'Failed' },
  stuck: { tint: 'amber', icon: Hourglass, label: 'Stuck' },
  damaged: { tint: 'red', icon: ShieldAlert, label: 'Damaged' },
} as const;

/** One cause: how many runs, since when, and what can be done about all of them. */
export function IncidentCard({
  incident,
  onBatch,
}: {
  readonly incident: Incident;
  readonly onBatch: (batchId: string) => void;
}) {
  const { incidentId, kind, workflow, step, name, code, message, count, handled } = incident;
  const [dialog, setDialog] = useState<'retry' | 'handle' | null>(null);
  const [acceptNotUndone, setAcceptNotUndone] = useState(false);
  const queries = useQueryClient();
  const isOperator = useRoles().operator;
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['incidents'] }),
      queries.invalidateQueries({ queryKey: ['attention'] }),
    ]);
  const reopen = () =>
    client.incidents
      .reopen({ params: { incidentId } })
      .then(refresh, (error: unknown) => notifyFailed('It stays handled', error));
  const look = looks[kind];
  const place = [workflow, step].filter((each) => each !== null).join(' › ');
  return (
    <section
      className="card"
      style={{ padding: 16, marginBottom: 12 }}
      aria-label={`Incident: ${message}`}
    >
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={4} style={{ flex: '1 1 300px', minWidth: 0 }}>
          <Group gap="xs">
            <Tag tint={look.tint} icon={look.icon}>
              {look.label}
            </Tag>
            <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {place}
            </Text>
            {handled !== null && (
              <Tag tint="green" icon={CircleCheck}>
                {`Handled by ${handled.by}`}
              </Tag>
            )}
          </Group>
          <Title order={2} fz="md">
            <LongText text={withoutStep(message)} />
          </Title>
          <Text size="sm" c="dimmed">
            <b className="tabular">{count.toLocaleString('en')}</b> {count === 1 ? 'run' : 'runs'}
            {incident.firstAt !== null && (
              <>
                , first <Time at={incident.firstAt} />
              </>
            )}
            {incident.lastAt !== null && incident.lastAt !== incident.firstAt && (
              <>
                , last <Time at={incident.lastAt} />
              </>
            )}{' '}
            <Code>{code ?? name}</Code>
          </Text>
          {handled !== null && (
            <Text size="sm">
              <Time at={handled.at} />: {handled.reason}
            </Text>
          )}
        </Stack>
        <Group gap="xs" display={isOperator ? undefined : 'none'}>
          {kind === 'failed' && handled === null && (
            <Button
              leftSection={<RotateCcw size={14} aria-hidden />}
              onClick={() => setDialog('retry')}
            >
              Retry {count === 1 ? 'it' : `all ${count}`}…
            </Button>
          )}
          {handled === null ? (
            <Button variant="default" onClick={() => setDialog('handle')}>
              Mark as handled…
            </Button>
          ) : (
            <Group gap={4}>
              <Button variant="default" onClick={() => void reopen()}>
                Open again
              </Button>
              <CliCommand args={['incident', 'reopen', incidentId]} />
            </Group>
          )}
        </Group>
      </Group>
      <Disclosure what="the runs">{() => <Runs incidentId={incidentId} />}</Disclosure>
      {dialog === 'retry' && (
        <ReasonDialog
          title={`Retry ${count === 1 ? 'one run' : `${count} runs`}`}
          verb="Retry"
          about={
            <>
              <Text size="sm">
                Each goes on where it failed, or starts afresh if what it did was undone. Retry when
                the cause is gone:
              </Text>
              <Text size="sm" fw={500} lineClamp={3}>
                {withoutStep(message)}
              </Text>
              <Checkbox
                label="Also runs some of whose effects could not be undone"
                checked={acceptNotUndone}
                onChange={(event) => setAcceptNotUndone(event.currentTarget.checked)}
              />
            </>
          }
          args={(reason) => [
            'incident',
            'retry',
            incidentId,
            '--reason',
            reason,
            ...(acceptNotUndone ? ['--accept-not-undone'] : []),
          ]}
          act={(reason) =>
            client.incidents.retry({ params: { incidentId }, body: { acceptNotUndone, reason } })
          }
          onDone={({ batchId }) => {
            setDialog(null);
            onBatch(batchId);
            void refresh();
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === 'handle' && (
        <ReasonDialog
          title="Mark as handled"
          verb="It is handled"
          about={
            <Text size="sm">
              It leaves this list. A later failure of the same cause opens it again.
            </Text>
          }
          args={(reason) => ['incident', 'handle', incidentId, '--reason', reason]}
          act={(reason) => client.incidents.handle({ params: { incidentId }, body: { reason } })}
          onDone={() => {
            setDialog(null);
            notifyDone('The incident is marked as handled');
            void refresh();
          }}
          onClose={() => setDialog(null)}
        />
      )}
    </section>
  );
}

function Runs({ incidentId }: { readonly incidentId: string }) {
  const list = useQuery({
    queryKey: ['incidents', 'runs', incidentId],
    queryFn: ({ signal }) =>
      client.incidents.runs({ params: { incidentId }, query: { limit: 50 } }, { signal }),
  });
  if (list.isPending) return <Loading rows={3} />;
  if (list.isError) return <Failure error={list.error} />;
  const { runs, total } = list.data;
  return (
    <Stack gap={4} mt="xs">
      {runs.map(({ runId, at, message, isHandled }) => (
        <Text key={runId} size="sm" style={{ overflowWrap: 'anywhere' }}>
          <Anchor
            component={Link}
            size="sm"
            className="mono"
            href={`/runs/${encodeURIComponent(runId)}`}
          >
            {runId}
          </Anchor>{' '}
          {at !== null && <Time at={at} />}: <LongText text={withoutStep(message)} />
          {isHandled && ' (handled)'}
        </Text>
      ))}
      {total > runs.length && (
        <Text size="xs" c="dimmed">
          {total - runs.length} more
        </Text>
      )}
    </Stack>
  );
}
