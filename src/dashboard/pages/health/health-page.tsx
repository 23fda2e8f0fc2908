/** Health: what the service works on, what holds it up, and what it has used. */
import { Alert, Group, List, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { durationInWords } from '../../parts/duration.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { PauseSwitch } from '../../parts/pause-switch.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { Figure } from '../workflows/figure.tsx';
import styles from '../workflows/workflow.module.css';
import { Breakers } from './breakers.tsx';
import type { Health } from './health-parts.ts';
import { Limits } from './limits.tsx';
import { Retries } from './retries.tsx';
import { Spend } from './spend.tsx';

export function HealthPage() {
  const asked = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => client.health.get({}, { signal }),
    refetchInterval: 3_000,
  });
  const health = asked.data;
  return (
    <>
      <PageHeader
        title="Health"
        about="What the service works on, what holds it up, and what it has used."
      >
        {health !== undefined && (
          <Tag
            tint={health.status === 'ok' ? 'green' : 'amber'}
            icon={health.status === 'ok' ? CircleCheck : TriangleAlert}
          >
            {health.status === 'ok' ? 'All is well' : 'Needs a look'}
          </Tag>
        )}
        <PauseSwitch workflow={null} />
        <CliCommand args={['health']} />
      </PageHeader>
      {asked.isPending && <Loading />}
      {asked.isError && health === undefined && (
        <Failure error={asked.error} retry={() => void asked.refetch()} />
      )}
      {health !== undefined && <Shown health={health} />}
    </>
  );
}

function Shown({ health }: { readonly health: Health }) {
  const { queue, worker, store, timerLagMs, stuck, problems, breakers } = health;
  return (
    <Stack gap="md">
      {problems.length > 0 && (
        <Alert color="yellow" variant="light" title="What needs a look">
          <List size="sm">
            {problems.map((problem) => (
              <List.Item key={problem}>{problem}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <section
        className={`card ${styles['figures'] ?? ''}`}
        style={{ padding: 16 }}
        aria-label="In figures"
      >
        <Figure value={queue.running} label="attempts under way" />
        <Figure value={queue.waiting} label="attempts waiting" />
        <Figure value={health.runs.processing ?? 0} label="runs under way" />
        <Figure value={health.inReview} label="runs wait for people" />
        <Figure value={stuck} label="stuck runs" />
        <Figure
          value={timerLagMs === 0 ? 'none' : durationInWords(timerLagMs)}
          label="delay of timers"
        />
      </section>
      <Breakers breakers={breakers} />
      <Limits health={health} />
      <Retries health={health} />
      <Spend />
      <section className="card" aria-labelledby="process" style={{ padding: 16 }}>
        <Title order={2} id="process" mb="xs">
          Process and store
        </Title>
        <Group gap="4px 24px">
          <Text size="sm">Version {health.version}</Text>
          <Text size="sm">
            Started <Time at={health.startedAt} />
          </Text>
          <Text size="sm">Process {worker.pid}</Text>
          <Text size="sm">Memory {Math.round(worker.memoryBytes / 1_048_576)} MiB</Text>
          <Text size="sm">Event loop late by {worker.loopDelayMs.toFixed(1)} ms (p99)</Text>
          <Text size="sm">
            Store {store.kind}
            {store.shared ? ', shared' : ''}
            {store.readOnly ? ', read only' : ''}
          </Text>
        </Group>
      </section>
    </Stack>
  );
}
