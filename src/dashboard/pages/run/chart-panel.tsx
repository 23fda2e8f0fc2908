/** The live chart of the run, and beside it what it waits for or the step that is looked at. */
import { SegmentedControl, useComputedColorScheme } from '@mantine/core';
import { useCallback, useState } from 'react';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { NodeTable } from './node-table.tsx';
import { partLooks } from './part-state.tsx';
import styles from './run.module.css';
import { stepOfNode } from './step-of-node.ts';
import { SvgView } from './svg-view.tsx';
import { type DiagramView, useDiagram, useNodes } from './use-run.ts';

const shapes = [
  { value: 'steps', label: 'Steps' },
  { value: 'states', label: 'States' },
  { value: 'table', label: 'Table' },
];

export function ChartPanel({
  workflow,
  runId,
  at,
  chosen,
  onChoose,
}: {
  readonly workflow: string;
  readonly runId: string;
  readonly at: number | null;
  readonly chosen: string | null;
  readonly onChoose: (node: string) => void;
}) {
  const [shape, setShape] = useState<string>('steps');
  const view: DiagramView = shape === 'states' ? 'states' : 'steps';
  return (
    <div className={`card ${styles['chart']}`}>
      <div className={styles['shapes']}>
        <SegmentedControl
          data={shapes}
          value={shape}
          onChange={setShape}
          aria-label="How the run is shown"
        />
        <CliCommand
          args={[
            'diagram',
            workflow,
            '--run',
            runId,
            '--view',
            view,
            ...(at === null ? [] : ['--at', String(at)]),
          ]}
        />
      </div>
      {shape === 'table' ? (
        <div className={styles['nodeTable']}>
          <NodeTable runId={runId} view="steps" at={at} onChoose={onChoose} />
        </div>
      ) : (
        <Drawing runId={runId} view={view} at={at} chosen={chosen} onChoose={onChoose} />
      )}
    </div>
  );
}

function Drawing({
  runId,
  view,
  at,
  chosen,
  onChoose,
}: {
  readonly runId: string;
  readonly view: DiagramView;
  readonly at: number | null;
  readonly chosen: string | null;
  readonly onChoose: (node: string) => void;
}) {
  const theme = useComputedColorScheme('light');
  const diagram = useDiagram(runId, { view, at, theme });
  const nodes = useNodes(runId, { view, at });
  const rows = nodes.data?.nodes;
  const describeNode = useCallback(
    (id: string) => {
      const row = rows?.find(({ node }) => node === id);
      return row === undefined || rows === undefined || stepOfNode(rows, id) === null
        ? null
        : `${row.kind}, ${partLooks(row.state).label}`;
    },
    [rows],
  );
  const isChosen = useCallback(
    (id: string) => chosen !== null && rows !== undefined && stepOfNode(rows, id) === chosen,
    [rows, chosen],
  );
  const choose = (id: string) => {
    const step = rows === undefined ? null : stepOfNode(rows, id);
    if (step !== null) onChoose(step);
  };
  if (diagram.isPending) return <Loading />;
  if (diagram.isError) {
    return <Failure error={diagram.error} retry={() => void diagram.refetch()} />;
  }
  return (
    <SvgView svg={diagram.data} isChosen={isChosen} onChoose={choose} describeNode={describeNode} />
  );
}
