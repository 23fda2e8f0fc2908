import { Alert, Anchor, Button, Code, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { CirclePause, Clock3 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api } from '../../../api/api.ts';
import { client } from '../../data/client.ts';
import { apiCommand } from '../../parts/api-command.ts';
import { CallCommand } from '../../parts/cli-command.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { BackfillDialog } from './backfill-dialog.tsx';
import { Fires } from './fires.tsx';
import { RunNow } from './run-now.tsx';
import { dstWords, localText, overlapWords, type Schedule } from './schedule-parts.ts';
import styles from './schedules.module.css';

/** One schedule: its rule, the next ten times, what became of the last ones, and what can be done. */
export function ScheduleCard({ schedule }: { readonly schedule: Schedule }) {
  const { name, cron, timeZone, target, overlap, paused, problem } = schedule;
  const [dialog, setDialog] = useState<'pause' | 'backfill' | null>(null);
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: ['schedules'] });
  const resume = () =>
    client.schedules.resume({ params: { name } }).then(
      () => {
        notifyDone(`"${name}" goes on`);
        return refresh();
      },
      (error: unknown) => notifyFailed('It stays paused', error),
    );
  return (
    <section
      className="card"
      style={{ padding: 16, marginBottom: 14 }}
      aria-label={`Schedule ${name}`}
    >
      <Group justify="space-between" align="flex-start" gap="sm" mb="sm">
        <Stack gap={2}>
          <Group gap="xs">
            <Title order={2}>{name}</Title>
            {paused !== null && (
              <Tag tint="amber" icon={CirclePause}>
                Paused
              </Tag>
            )}
            {schedule.queued !== null && (
              <Tag tint="blue" icon={Clock3}>
                One waits for the last run
              </Tag>
            )}
          </Group>
          <Text size="sm">
            <Code>{cron}</Code> {timeZone} ·{' '}
            {target.kind === 'workflow' ? (
              <Anchor
                component={Link}
                size="sm"
                underline="always"
                href={`/workflows/${encodeURIComponent(target.name)}`}
              >
                {target.name}
              </Anchor>
            ) : (
              `event ${target.name}`
            )}
          </Text>
          {schedule.description !== null && <Text size="sm">{schedule.description}</Text>}
          <Text size="xs" c="dimmed">
            If the last run still runs, {overlapWords[overlap]}. Makes up for {schedule.catchUp}{' '}
            missed {schedule.catchUp === 1 ? 'time' : 'times'}
            {schedule.jitterMs > 0 && `, spread over ${Math.round(schedule.jitterMs / 1_000)} s`}.
          </Text>
          {paused !== null && (
            <Text size="sm">
              Paused by {paused.actor} <Time at={paused.at} />
              {paused.reason !== null && `: ${paused.reason}`}
            </Text>
          )}
        </Stack>
        <Group gap="xs">
          <RunNow schedule={schedule} />
          {paused === null ? (
            <Button variant="default" onClick={() => setDialog('pause')}>
              Pause…
            </Button>
          ) : (
            <Group gap={4}>
              <Button variant="default" onClick={() => void resume()}>
                Resume
              </Button>
              <CallCommand command={apiCommand(api.schedules.resume, { params: { name } })} />
            </Group>
          )}
          <Button variant="default" onClick={() => setDialog('backfill')}>
            Backfill…
          </Button>
        </Group>
      </Group>
      {problem !== null && (
        <Alert color="red" variant="light" mb="sm" title="It cannot fire">
          {problem}
        </Alert>
      )}
      <div className={styles['columns']}>
        <div>
          <Title order={3} mb={4}>
            Next times
          </Title>
          <Table aria-label={`Next times of ${name}`}>
            <Table.Tbody>
              {schedule.next.map((slot) => (
                <Table.Tr key={slot.at} data-dst={slot.dst ?? undefined}>
                  <Table.Td className="tabular" style={{ whiteSpace: 'nowrap' }}>
                    {localText(slot.local)}
                    {slot.dst !== null && (
                      <div>
                        <Tag tint="violet">{dstWords[slot.dst]}</Tag>
                      </div>
                    )}
                  </Table.Td>
                  <Table.Td c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                    <Time at={slot.at} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
        <div>
          <Title order={3} mb={4}>
            Last times
          </Title>
          <Fires fires={schedule.lastFires} />
        </div>
      </div>
      {dialog === 'pause' && (
        <ReasonDialog
          title={`Pause "${name}"`}
          verb="Pause"
          about={<Text size="sm">Times that pass meanwhile are not made up for.</Text>}
          call={(reason) => apiCommand(api.schedules.pause, { params: { name }, body: { reason } })}
          act={(reason) => client.schedules.pause({ params: { name }, body: { reason } })}
          onDone={() => {
            setDialog(null);
            notifyDone(`"${name}" is paused`);
            void refresh();
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === 'backfill' && (
        <BackfillDialog name={name} onClose={() => setDialog(null)} onDone={refresh} />
      )}
    </section>
  );
}
