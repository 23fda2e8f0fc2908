/** The drawing as a table, for whom a picture is no help. */
import { Table, UnstyledButton } from '@mantine/core';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { partLooks } from './part-state.tsx';
import { stepOfNode } from './step-of-node.ts';
import { type DiagramView, useNodes } from './use-run.ts';

export function NodeTable({
  runId,
  view,
  at,
  onChoose,
}: {
  readonly runId: string;
  readonly view: DiagramView;
  readonly at: number | null;
  readonly onChoose: (step: string) => void;
}) {
  const nodes = useNodes(runId, { view, at });
  if (nodes.isPending) return <Loading />;
  if (nodes.isError) return <Failure error={nodes.error} retry={() => void nodes.refetch()} />;
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table aria-label={view === 'steps' ? 'Steps of the run' : 'States of the run'}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{view === 'steps' ? 'Step' : 'State'}</Table.Th>
            <Table.Th>Kind</Table.Th>
            <Table.Th>Stands</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {nodes.data.nodes.map(({ node, kind, title, state }) => {
            const { label, tint, icon } = partLooks(state);
            return (
              <Table.Tr key={node}>
                <Table.Td>
                  <Name
                    title={title}
                    step={stepOfNode(nodes.data.nodes, node)}
                    onChoose={onChoose}
                  />
                </Table.Td>
                <Table.Td>{kind}</Table.Td>
                <Table.Td>
                  <Tag tint={tint} icon={icon}>
                    {label}
                  </Tag>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Name({
  title,
  step,
  onChoose,
}: {
  readonly title: string;
  /** `null`: there is nothing to open. */
  readonly step: string | null;
  readonly onChoose: (step: string) => void;
}) {
  if (step === null) return <>{title}</>;
  return (
    <UnstyledButton fz="sm" c="var(--mantine-color-anchor)" onClick={() => onChoose(step)}>
      {title}
    </UnstyledButton>
  );
}
