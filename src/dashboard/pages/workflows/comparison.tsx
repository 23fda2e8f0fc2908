/** Two versions: what changed, drawn on the chart; and what becomes of the runs on the older one. */
import { Badge, Group, List, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { Drawing } from './drawing.tsx';
import type { Mark } from './marks.ts';
import { Verdicts } from './verdicts.tsx';
import styles from './workflow.module.css';

type Diff = AnswerOf<typeof api.workflows.diff>;
const colours = { added: '#1c7a3e', changed: '#a06a00', removed: '#c2362a', renamed: '#2468d6' };

export function Comparison({
  workflow,
  from,
  to,
}: {
  readonly workflow: string;
  readonly from: string;
  readonly to: string;
}) {
  const [side, setSide] = useState<'after' | 'before'>('after');
  const diff = useQuery({
    queryKey: ['workflows', 'diff', workflow, from, to],
    queryFn: ({ signal }) =>
      client.workflows.diff({ params: { workflow }, query: { from, to } }, { signal }),
  });
  const marks = useMemo(
    () => (diff.data === undefined ? new Map<string, Mark>() : marksOf(diff.data, side)),
    [diff.data, side],
  );
  if (diff.isPending) return <Loading />;
  if (diff.isError) return <Failure error={diff.error} retry={() => void diff.refetch()} />;
  return (
    <>
      <section className="card" aria-labelledby="changes">
        <Group justify="space-between" p="md" pb={4}>
          <Title order={2} id="changes">
            What changes
          </Title>
          <CliCommand args={['diff', `${workflow}@${from}`, `${workflow}@${to}`]} />
        </Group>
        {diff.data.isSame ? (
          <Text size="sm" p="md">
            Nothing: both go the same ways.
          </Text>
        ) : (
          <>
            <div className={styles['tools']}>
              <SegmentedControl
                aria-label="Which version is drawn"
                value={side}
                onChange={(next) => setSide(next === 'before' ? 'before' : 'after')}
                data={[
                  { value: 'after', label: `Version ${versionOf(to)}` },
                  { value: 'before', label: `Version ${versionOf(from)}` },
                ]}
              />
              <Group gap={6}>
                {(['added', 'changed', 'renamed', 'removed'] as const).map((kind) => (
                  <Badge key={kind} tt="none" color={colours[kind]} variant="filled">
                    {diff.data.steps[kind].length} {kind}
                  </Badge>
                ))}
              </Group>
            </div>
            <Drawing
              workflow={workflow}
              query={{ view: 'steps', plan: side === 'after' ? to : from }}
              marks={marks}
            />
            <Lists diff={diff.data} />
          </>
        )}
      </section>
      <Verdicts workflow={workflow} from={from} to={to} />
    </>
  );
}

function marksOf({ steps }: Diff, side: 'after' | 'before'): ReadonlyMap<string, Mark> {
  const changed = steps.changed.map(({ step }) => [step, mark('changed')] as const);
  const renamed = steps.renamed.map(({ from, to }) =>
    side === 'after'
      ? ([to, { word: `was ${from}`, colour: colours.renamed }] as const)
      : ([from, { word: `now ${to}`, colour: colours.renamed }] as const),
  );
  const others =
    side === 'after'
      ? steps.added.map((step) => [step, mark('added')] as const)
      : steps.removed.map((step) => [step, mark('removed')] as const);
  return new Map<string, Mark>([...changed, ...renamed, ...others]);
}

function mark(kind: 'added' | 'changed' | 'removed'): Mark {
  return { word: kind, colour: colours[kind] };
}

function versionOf(name: string): string {
  return name.split('#')[0] ?? name;
}

function Lists({ diff: { steps, schemas, settings, values } }: { readonly diff: Diff }) {
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['Added steps', steps.added],
    ['Removed steps', steps.removed],
    ['Renamed steps', steps.renamed.map(({ from, to }) => `${from} → ${to}`)],
    ['Changed steps', steps.changed.map(({ step, parts }) => `${step}: ${parts.join(', ')}`)],
    [
      'Schemas',
      schemas
        .filter(({ change }) => change !== 'same')
        .map(({ of, name, change, detail }) =>
          [`${of}${name === null ? '' : ` ${name}`}: ${change}`, detail].filter(Boolean).join(', '),
        ),
    ],
    ['Values', [...values.added, ...values.removed, ...values.changed]],
    ['Settings', settings],
  ];
  return (
    <Stack gap="xs" p="md">
      {lines.map(([title, items]) =>
        items.length === 0 ? null : (
          <div key={title}>
            <Text size="sm" fw={600}>
              {title}
            </Text>
            <List size="sm">
              {items.map((item) => (
                <List.Item key={item}>{item}</List.Item>
              ))}
            </List>
          </div>
        ),
      )}
    </Stack>
  );
}
