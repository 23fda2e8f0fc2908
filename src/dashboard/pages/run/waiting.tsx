/** Why the run waits: for whom or what, since when, until when, and what happens then. One sentence each. */
import { Anchor, Group, Progress, Stack, Text } from '@mantine/core';
import {
  CalendarClock,
  CirclePause,
  CirclePlay,
  Clock,
  GitFork,
  type LucideIcon,
  PackageX,
  Radio,
  RotateCcw,
  Undo2,
  UserRound,
  Zap,
} from 'lucide-react';
import { Link } from 'wouter';
import type { Run, Waiting } from '../../../api/run-shapes.ts';
import { durationInWords } from '../../parts/duration.ts';
import { RunLink } from '../../parts/run-id.tsx';
import { Time, useNowMs } from '../../parts/time.tsx';
import { Beneath } from './beneath.tsx';
import styles from './run.module.css';

const icons: Readonly<Record<string, LucideIcon>> = {
  review: UserRound,
  event: Radio,
  timer: Clock,
  attempt: CirclePlay,
  undo: Undo2,
  child: GitFork,
  map: GitFork,
  breaker: Zap,
  retry: RotateCcw,
  notice: Radio,
  definition: PackageX,
  start: CalendarClock,
  pause: CirclePause,
};

export function WaitingList({ run }: { readonly run: Run }) {
  if (run.waitingOn.length === 0) return null;
  return (
    <Stack gap="xs" component="ul" className={styles['plain']} aria-label="Why it is waiting">
      {run.waitingOn.map((waiting) => (
        <li key={`${waiting.kind} ${waiting.step} ${waiting.since} ${waiting.what}`}>
          <OneWait run={run} waiting={waiting} />
        </li>
      ))}
    </Stack>
  );
}

function OneWait({ run, waiting }: { readonly run: Run; readonly waiting: Waiting }) {
  const { kind, step, since, until, remainingMs, what, afterwards } = waiting;
  const Icon = icons[kind] ?? Clock;
  const isWork = kind === 'attempt' || kind === 'undo' || kind === 'notice';
  return (
    <div className={styles['wait']} data-kind={isWork ? 'work' : 'wait'}>
      <Icon size={16} aria-hidden className={styles['waitIcon']} />
      <div style={{ minWidth: 0, flex: 1 }}>
        <Text size="sm">
          {step !== 'run' && <strong>{step}</strong>}
          {step === 'run' ? 'Waits for ' : isWork ? ' works: ' : ' waits for '}
          {what}
          {waiting.attempt !== undefined && waiting.attempt > 1 && `, attempt ${waiting.attempt}`}
        </Text>
        <Text size="xs" c="dimmed" component="div">
          began <Time at={since} />
          {until !== null && (
            <>
              , ends <Time at={until} />
              {afterwards !== null && <>, then {afterwards}</>}
            </>
          )}
          {remainingMs !== undefined && (
            <>
              , stands still with {durationInWords(remainingMs)} left
              {afterwards !== null && <>, then {afterwards}</>}
            </>
          )}
          {until === null && remainingMs === undefined && !isWork && ', without a limit'}
        </Text>
        {until !== null && <Remaining since={since} until={until} />}
        <Group gap="sm" mt={2}>
          {waiting.runId !== undefined && <RunLink runId={waiting.runId} />}
          {kind === 'review' && (
            <Anchor
              component={Link}
              size="sm"
              href={`/reviews/${encodeURIComponent(run.runId)}/${encodeURIComponent(step)}`}
            >
              Decide
            </Anchor>
          )}
        </Group>
        {waiting.runId !== undefined && <Beneath runId={waiting.runId} />}
      </div>
    </div>
  );
}

/** How much of the time is over. */
function Remaining({ since, until }: { readonly since: string; readonly until: string }) {
  const now = useNowMs();
  const [from, to] = [Date.parse(since), Date.parse(until)];
  if (to <= from) return null;
  const share = Math.min(100, Math.max(0, ((now - from) / (to - from)) * 100));
  return (
    <Progress
      value={share}
      size={3}
      mt={4}
      color={share > 85 ? 'red' : 'signal'}
      aria-label={`${Math.round(share)} % of the time is over`}
    />
  );
}
