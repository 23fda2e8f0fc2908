/** The run as a waterfall: who worked, queued and waited when. */
import { Group, Switch, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChartNoAxesGantt } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { Run } from '../../../api/run-shapes.ts';
import type { Lane, Phase } from '../../../api/timeline.ts';
import { client } from '../../data/client.ts';
import { durationInWords } from '../../parts/duration.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { absolute } from '../../parts/time.tsx';
import { createTimeScale, type TimeScale } from './time-scale.ts';
import styles from './timeline.module.css';

const kinds = {
  queued: 'Queued',
  attempt: 'Works',
  backoff: 'Waits for the next attempt',
  put_off: 'Put off, as by an open breaker',
  waiting: 'Waits for somebody or something',
  undo: 'Is undone',
} as const satisfies Readonly<Record<Phase['kind'], string>>;

export function Timeline({ run }: { readonly run: Run }) {
  const { runId } = run;
  const [isCompressed, setIsCompressed] = useState(true);
  const timeline = useQuery({
    queryKey: ['run', runId, 'timeline'],
    queryFn: ({ signal }) => client.timeline.get({ params: { runId } }, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: run.finishedAt === null ? 5_000 : false,
  });
  if (timeline.isPending) return <Loading />;
  if (timeline.isError) {
    return <Failure error={timeline.error} retry={() => void timeline.refetch()} />;
  }
  const { lanes, fromMs, toMs } = timeline.data;
  if (lanes.length === 0) {
    return (
      <div className="card">
        <Empty title="Nothing has begun yet" icon={ChartNoAxesGantt} />
      </div>
    );
  }
  return (
    <>
      <Group mb="sm" gap="md">
        <Text size="sm">
          {durationInWords(toMs - fromMs)}{' '}
          <Text span c="dimmed" size="sm">
            from {absolute(new Date(fromMs).toISOString())}
          </Text>
        </Text>
        <Switch
          label="Compress idle time"
          checked={isCompressed}
          onChange={(event) => setIsCompressed(event.currentTarget.checked)}
        />
        <Legend lanes={lanes} />
      </Group>
      <Lanes lanes={lanes} fromMs={fromMs} toMs={toMs} isCompressed={isCompressed} />
    </>
  );
}

function Legend({ lanes }: { readonly lanes: readonly Lane[] }) {
  const used = new Set(lanes.flatMap(({ phases }) => phases.map(({ kind }) => kind)));
  return (
    <ul className={styles['legend']} aria-label="Colours">
      {(Object.keys(kinds) as readonly Phase['kind'][])
        .filter((kind) => used.has(kind))
        .map((kind) => (
          <li key={kind}>
            <span className={styles['swatch']} data-kind={kind} />
            {kinds[kind]}
          </li>
        ))}
    </ul>
  );
}

function Lanes({
  lanes,
  fromMs,
  toMs,
  isCompressed,
}: {
  readonly lanes: readonly Lane[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly isCompressed: boolean;
}) {
  const scale = useMemo(
    () => createTimeScale(lanes, { fromMs, toMs }, isCompressed),
    [lanes, fromMs, toMs, isCompressed],
  );
  const [, setSearch] = useSearchParams();
  return (
    <div className={`card ${styles['waterfall']}`}>
      <div className={styles['axis']} aria-hidden>
        {scale.shrunk.map((gap) => (
          <Gap key={gap.fromMs} gap={gap} scale={scale} />
        ))}
      </div>
      <ol className={styles['lanes']} aria-label="Steps over time">
        {lanes.map((lane) => (
          <li key={lane.step} className={styles['lane']}>
            <Tooltip label={`Open ${lane.step}`}>
              <UnstyledButton
                className={`truncate ${styles['name']}`}
                onClick={() => setSearch({ step: lane.step })}
              >
                {lane.step}
              </UnstyledButton>
            </Tooltip>
            <div className={styles['track']}>
              {scale.shrunk.map((gap) => (
                <span
                  key={gap.fromMs}
                  className={styles['shrunk']}
                  style={spanOf(scale, gap.fromMs, gap.toMs)}
                  aria-hidden
                />
              ))}
              {lane.phases.map((phase) => (
                <Bar
                  key={`${phase.kind} ${phase.fromMs} ${phase.seq}`}
                  phase={phase}
                  scale={scale}
                  nowMs={toMs}
                />
              ))}
            </div>
            <span className={styles['total']}>{durationInWords(lengthOf(lane, toMs))}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Bar({
  phase,
  scale,
  nowMs,
}: {
  readonly phase: Phase;
  readonly scale: TimeScale;
  readonly nowMs: number;
}) {
  const { kind, fromMs, attempt, outcome, note } = phase;
  const toMs = phase.toMs ?? nowMs;
  const words = [
    attempt !== null && kind === 'attempt' ? `Attempt ${attempt}` : kinds[kind],
    durationInWords(toMs - fromMs),
    phase.toMs === null ? 'still going on' : outcome,
    note,
  ].filter((word) => word !== null);
  return (
    <Tooltip label={words.join(', ')}>
      <span
        className={styles['bar']}
        data-kind={kind}
        data-outcome={outcome}
        data-open={phase.toMs === null}
        role="img"
        aria-label={words.join(', ')}
        style={spanOf(scale, fromMs, toMs)}
      />
    </Tooltip>
  );
}

function Gap({
  gap,
  scale,
}: {
  readonly gap: { readonly fromMs: number; readonly toMs: number };
  readonly scale: TimeScale;
}) {
  return (
    <span className={styles['gap']} style={spanOf(scale, gap.fromMs, gap.toMs)}>
      {durationInWords(gap.toMs - gap.fromMs)}
    </span>
  );
}

function spanOf(scale: TimeScale, fromMs: number, toMs: number) {
  const left = scale.at(fromMs);
  const width = Math.max(0, scale.at(toMs) - left);
  return { left: `${left * 100}%`, width: `${width * 100}%` };
}

function lengthOf({ phases }: Lane, nowMs: number): number {
  const first = phases[0]?.fromMs ?? nowMs;
  return Math.max(...phases.map(({ toMs }) => toMs ?? nowMs)) - first;
}
