/** Whose run it is, how it stands, and what can be done about it. */
import {
  Anchor,
  Breadcrumbs,
  CopyButton,
  Group,
  Text,
  Title,
  Tooltip,
  UnstyledButton,
} from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Check, Copy } from 'lucide-react';
import { Link } from 'wouter';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { RunLink } from '../../parts/run-id.tsx';
import { isHeld, StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './run.module.css';
import { RunActions } from './run-actions.tsx';

export function RunHeader({ run }: { readonly run: Run }) {
  useDocumentTitle(`${run.workflow} ${run.runId.slice(0, 9)} · Signalbox`);
  return (
    <header className={styles['header']}>
      <div style={{ minWidth: 0 }}>
        <Breadcrumbs separatorMargin={6} mb={4} className={styles['trail']}>
          <Anchor component={Link} href="/runs" size="sm">
            Runs
          </Anchor>
          <Anchor
            component={Link}
            href={`/runs?workflow=${encodeURIComponent(run.workflow)}`}
            size="sm"
          >
            {run.workflow}
          </Anchor>
        </Breadcrumbs>
        <Group gap="sm" mb={4}>
          <Title order={1}>{run.workflow}</Title>
          <Text c="dimmed" size="sm">
            v{run.version}
          </Text>
          <StatusBadge status={run.status} isPaused={isHeld(run)} />
        </Group>
        <div className={styles['facts']}>
          <CopyableId runId={run.runId} />
          {run.key !== null && <Fact name="key">{run.key}</Fact>}
          <Fact name="started">
            <Time at={run.createdAt} />
            {run.actor !== null && ` by ${run.actor}`}
          </Fact>
          {run.priority !== 'default' && <Fact name="priority">{run.priority}</Fact>}
          {run.generation > 1 && <Fact name="generation">{run.generation}</Fact>}
          {run.parent !== null && (
            <Fact name="parent">
              <RunLink runId={run.parent.runId} />
            </Fact>
          )}
          {run.forkedFrom !== null && (
            <Fact name="forked from">
              <RunLink runId={run.forkedFrom.runId} search={`?at=${run.forkedFrom.seq}`} /> after
              entry {run.forkedFrom.seq}
            </Fact>
          )}
          <Children runId={run.runId} />
          {Object.entries(run.labels).map(([name, value]) => (
            <Anchor
              key={name}
              component={Link}
              href={`/runs?label=${encodeURIComponent(`${name}=${value}`)}`}
              className={styles['label'] ?? ''}
              title={`Runs with ${name}=${value}`}
            >
              {name}={value}
            </Anchor>
          ))}
        </div>
      </div>
      <RunActions run={run} />
    </header>
  );
}

/** The way to the runs it has started; nothing if there are none. */
function Children({ runId }: { readonly runId: string }) {
  const { data } = useQuery({
    queryKey: ['runs', 'counts', 'parent', runId],
    queryFn: ({ signal }) => client.runs.counts({ query: { parent: runId } }, { signal }),
  });
  if (data === undefined || data.total === 0) return null;
  return (
    <Anchor component={Link} size="sm" href={`/runs?parent=${encodeURIComponent(runId)}`}>
      {data.total === 1 ? '1 child run' : `${data.total.toLocaleString('en')} child runs`}
    </Anchor>
  );
}

function CopyableId({ runId }: { readonly runId: string }) {
  return (
    <CopyButton value={runId}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : 'Copy the id'}>
          <UnstyledButton className={`mono ${styles['copyId']}`} onClick={copy}>
            <span className="truncate">{runId}</span>
            {copied ? (
              <Check size={13} aria-label="copied" />
            ) : (
              <Copy size={13} aria-label="copy" />
            )}
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <span className={styles['fact']}>
      <span className={styles['factName']}>{name}</span> {children}
    </span>
  );
}
