import { Alert, Anchor, Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CirclePause, Clock3 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { BackfillDialog } from './backfill-dialog.tsx';
import { Fires } from './fires.tsx';
import { RunNow } from './run-now.tsx';
import { overlapWords, type Schedule } from './schedule-parts.ts';
import styles from './schedules.module.css';
import { Slots } from './slots.tsx';

/** One schedule: its rule, the next ten times, what became of the last ones, and what can be done. */
export function ScheduleCard({ schedule }: { readonly schedule: Schedule }) {
  const { name, cron, timeZone, target, overlap, paused, problem } = schedule;
  const may = useRoles();
  const [dialog, setDialog] = useState<'pause' | 'backfill' | 'remove' | null>(null);
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
  const remove = useMutation({
    mutationFn: () => client.schedules.remove({ params: { name } }),
    onSuccess() {
      notifyDone(`"${name}" is removed`);
      return refresh();
    },
    onError: (error) => notifyFailed('It is still there', error),
  });
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
        <Group gap="xs" display={may.operator ? undefined : 'none'}>
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
              <CliCommand args={['schedule', 'resume', name]} />
            </Group>
          )}
          <Button variant="default" onClick={() => setDialog('backfill')}>
            Backfill…
          </Button>
          {may.admin && schedule.source === 'api' && (
            <Button variant="default" onClick={() => setDialog('remove')}>
              Remove…
            </Button>
          )}
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
          <Slots label={`Next times of ${name}`} slots={schedule.next} />
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
          args={(reason) => ['schedule', 'pause', name, '--reason', reason]}
          act={(reason) => client.schedules.pause({ params: { name }, body: { reason } })}
          onDone={() => {
            setDialog(null);
            notifyDone(`"${name}" is paused`);
            void refresh();
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === 'remove' && (
        <ActionDialog
          title={`Remove "${name}"`}
          command={['schedule', 'remove', name]}
          action="Remove"
          isDangerous
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setDialog(null)}
        >
          It fires no more. The runs it has started stay.
        </ActionDialog>
      )}
      {dialog === 'backfill' && (
        <BackfillDialog name={name} onClose={() => setDialog(null)} onDone={refresh} />
      )}
    </section>
  );
}
