/** What went into the run, what it carries, what came out. Sensitive values are replaced by the service. */
import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Explanation } from '../../../api/run-shapes.ts';
import type { Json } from '../../../plan/json.ts';
import { client } from '../../data/client.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './run.module.css';
import { useInput } from './use-run.ts';

export function RunData({ run }: { readonly run: Explanation }) {
  const { runId } = run;
  const output = useQuery({
    queryKey: ['run', runId, 'output'],
    queryFn: ({ signal }) => client.runs.output({ params: { runId } }, { signal }),
    enabled: run.status === 'complete',
  });
  const input = useInput(runId);
  return (
    <div className={styles['data']}>
      {input.data !== undefined && <Value title="Input" value={input.data} />}
      {output.data !== undefined && <Value title="Output" value={output.data.output} />}
      {run.outcome !== null && <Value title="Outcome" value={run.outcome} />}
      <Value title="Context" value={run.context} />
      <Value title="State of the chart" value={run.state} />
      <Value title="Facts the guards read" value={run.facts} />
      <Block title="Milestones">
        {run.milestones.length === 0 ? (
          <Text size="sm" c="dimmed">
            None passed
          </Text>
        ) : (
          <ul className={styles['steps']}>
            {run.milestones.map(({ name, at }) => (
              <li key={`${name} ${at}`}>
                {name}{' '}
                <span className={styles['faint']}>
                  <Time at={at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Block>
    </div>
  );
}

function Value({ title, value }: { readonly title: string; readonly value: Json }) {
  return (
    <Block title={title}>
      <JsonView value={value} label={title.toLowerCase()} />
    </Block>
  );
}

function Block({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack gap={6} component="section" aria-label={title}>
      <Title order={2}>{title}</Title>
      {children}
    </Stack>
  );
}
