/** What changes from one version to another: both drawn as one, and what no drawing shows. */
import { Group, List, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { ChangeLegend, ChangeList, ChangeTable } from './change-list.tsx';
import { Drawing } from './drawing.tsx';
import { Verdicts } from './verdicts.tsx';
import styles from './workflow.module.css';

type Diff = AnswerOf<typeof api.workflows.diff>;

interface Versions {
  readonly workflow: string;
  readonly from: string;
  readonly to: string;
}

export function Comparison(versions: Versions) {
  const { workflow, from, to } = versions;
  const diff = useQuery({
    queryKey: ['workflows', 'diff', workflow, from, to],
    queryFn: ({ signal }) =>
      client.workflows.diff({ params: { workflow }, query: { from, to } }, { signal }),
  });
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
            <OneChart {...versions} />
            <Lists diff={diff.data} />
          </>
        )}
      </section>
      <Verdicts workflow={workflow} from={from} to={to} />
    </>
  );
}

/** Both versions on one chart, with the parts that differ beside it; or the same as a table. */
function OneChart({ workflow, from, to }: Versions) {
  const [shape, setShape] = useState('steps');
  const [chosen, setChosen] = useState<string | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const view = shape === 'states' ? 'states' : 'steps';
  const asked = useQuery({
    queryKey: ['workflows', 'changes', workflow, from, to, view],
    queryFn: ({ signal }) =>
      client.workflows.changes({ params: { workflow }, query: { from, to, view } }, { signal }),
    placeholderData: keepPreviousData,
  });
  const rows = asked.data?.rows;
  const describeNode = useCallback(
    (node: string) => {
      const row = rows?.find(({ part, id }) => part === 'box' && id === node);
      if (row === undefined) return null;
      return [row.change ?? 'as before', row.note].filter((part) => part !== null).join(': ');
    },
    [rows],
  );
  if (asked.isError) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  if (rows === undefined) return <Loading />;
  return (
    <>
      <div className={styles['tools']}>
        <SegmentedControl
          aria-label="How both versions are shown"
          data={[
            { value: 'steps', label: 'Steps' },
            { value: 'states', label: 'States' },
            { value: 'table', label: 'Table' },
          ]}
          value={shape}
          onChange={(next) => {
            setShape(next);
            setChosen(null);
            setShown(null);
          }}
        />
        <ChangeLegend rows={rows} />
        <CliCommand
          args={['diagram', `${workflow}@${to}`, '--since', `${workflow}@${from}`, '--view', view]}
        />
      </div>
      {shape === 'table' ? (
        <ChangeTable rows={rows} />
      ) : (
        <div className={styles['columns']} data-flush>
          <Drawing
            key={view}
            workflow={workflow}
            query={{ view, plan: to, since: from }}
            chosen={chosen}
            onChoose={setChosen}
            describeNode={describeNode}
            shown={shown}
          />
          <div className={styles['beside']} role="group" aria-label="Changes" tabIndex={0}>
            <ChangeList
              rows={rows}
              chosen={chosen}
              onChoose={(node) => {
                setChosen(node);
                setShown(node);
              }}
            />
          </div>
        </div>
      )}
    </>
  );
}

function Lists({ diff: { steps, schemas, settings, values } }: { readonly diff: Diff }) {
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['Renamed steps, by the look of it', steps.renamed.map(({ from, to }) => `${from} → ${to}`)],
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
