/** The run at any moment of its past: a slider over the entries of its history. */
import { ActionIcon, Button, CopyButton, Group, Slider, Text, Tooltip } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { Check, ChevronLeft, ChevronRight, GitFork, Link2, Radio } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Run } from '../../../api/run-shapes.ts';
import { useRoles } from '../../data/me.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Time } from '../../parts/time.tsx';
import { ForkDialog } from './fork-dialog.tsx';
import styles from './run.module.css';
import { usePastRun } from './use-run.ts';

export function TimeTravel({
  run,
  at,
  onChange,
}: {
  readonly run: Run;
  /** Entry after which the run is seen; `null`: now. */
  readonly at: number | null;
  readonly onChange: (at: number | null) => void;
}) {
  const last = run.entries;
  const [seq, setSeq] = useState(at ?? last);
  const isOperator = useRoles().operator;
  const [isForking, setIsForking] = useState(false);
  const past = usePastRun(run.runId, at);
  // oxlint-disable-next-line react/set-state-in-effect -- the address may change without the slider, and the run grows
  useEffect(() => setSeq(at ?? last), [at, last]);
  const report = useDebouncedCallback((next: number) => onChange(next >= last ? null : next), 150);
  const go = (next: number) => {
    const clamped = Math.min(last, Math.max(1, next));
    setSeq(clamped);
    onChange(clamped >= last ? null : clamped);
  };
  return (
    <div className={`card ${styles['travel']}`} data-past={at !== null}>
      <Tooltip label="One entry back">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="One entry back"
          disabled={seq <= 1}
          onClick={() => go(seq - 1)}
        >
          <ChevronLeft size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Slider
        className={styles['slider'] ?? ''}
        min={1}
        max={Math.max(last, 2)}
        value={seq}
        onChange={(next) => {
          setSeq(next);
          report(next);
        }}
        thumbLabel="Entry of the history at which the run is seen"
        label={(value) => `entry ${value}`}
        size="sm"
        disabled={last < 2}
      />
      <Tooltip label="One entry on">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="One entry on"
          disabled={at === null}
          onClick={() => go(seq + 1)}
        >
          <ChevronRight size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Group gap="xs" className={styles['moment'] ?? ''} aria-live="polite">
        {at === null ? (
          <Text size="sm" c="dimmed">
            <Radio size={13} aria-hidden className={styles['inline']} /> Now, entry {last} of {last}
          </Text>
        ) : (
          <>
            <Text size="sm" component="div">
              After entry {at} of {last}
              {past.data !== undefined && (
                <>
                  , <span className="mono">{past.data.event}</span>, <Time at={past.data.at} />
                </>
              )}
            </Text>
            <Button variant="default" size="compact-xs" onClick={() => onChange(null)}>
              Back to now
            </Button>
            {isOperator && (
              <Button
                variant="default"
                size="compact-xs"
                leftSection={<GitFork size={12} aria-hidden />}
                onClick={() => setIsForking(true)}
              >
                Fork from here
              </Button>
            )}
            <CliCommand args={['show', run.runId, '--at', String(at)]} />
          </>
        )}
        <CopyButton value={linkTo(at ?? last)}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy a link to this moment'}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={copied ? 'The link is copied' : 'Copy a link to this moment'}
                onClick={copy}
              >
                {copied ? <Check size={16} aria-hidden /> : <Link2 size={16} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Group>
      {isForking && <ForkDialog run={run} at={at ?? last} onClose={() => setIsForking(false)} />}
    </div>
  );
}

/** Shows the run as it stood after this entry, however long it has gone on since. */
function linkTo(seq: number): string {
  const link = new URL(window.location.href);
  link.searchParams.set('at', String(seq));
  return link.href;
}
