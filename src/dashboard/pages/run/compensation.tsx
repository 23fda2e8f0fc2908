/** What was done, undone, and left as it is: the truth about a run that did not complete, or would not. */
import { Alert, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX, Info, ShieldX, Undo2 } from 'lucide-react';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { toOutcome } from './outcome.ts';

const verdicts = {
  nothing: { title: 'There was nothing to undo', color: 'gray' },
  complete: { title: 'Everything was undone', color: 'green' },
  partial: { title: 'Undone in part', color: 'red' },
  impossible: { title: 'Nothing of it could be undone', color: 'red' },
} as const;

export function Compensation({ run }: { readonly run: Run }) {
  const { runId } = run;
  const undo = useQuery({
    queryKey: ['run', runId, 'undo-list'],
    queryFn: ({ signal }) => client.runs.undoList({ params: { runId } }, { signal }),
  });
  if (undo.isPending) return <Loading />;
  if (undo.isError) return <Failure error={undo.error} retry={() => void undo.refetch()} />;
  const outcome = toOutcome(run.outcome);
  const { undoList, undone, notUndone } = undo.data;
  const rows = [
    ...undone.map((step) => ({ step, state: 'undone', note: '' }) as const),
    ...notUndone.map(({ step, reason }) => ({ step, state: 'stays', note: reason }) as const),
    ...undoList.map(
      ({ step, seq }) => ({ step, state: 'open', note: `done in entry ${seq}` }) as const,
    ),
  ];
  return (
    <Stack gap="md">
      {outcome !== null && (
        <Alert
          color={verdicts[outcome.compensation].color}
          variant="light"
          icon={
            outcome.compensation === 'complete' ? (
              <CircleCheck size={16} aria-hidden />
            ) : (
              <Info size={16} aria-hidden />
            )
          }
          title={verdicts[outcome.compensation].title}
        >
          <Text size="sm">
            Completed before:{' '}
            {outcome.completed.length === 0 ? 'nothing' : outcome.completed.join(', ')}
          </Text>
        </Alert>
      )}
      <Title order={2}>
        {run.finishedAt === null ? 'If it were undone now' : 'What was done, and what became of it'}
      </Title>
      {rows.length === 0 ? (
        <div className="card">
          <Empty title="Nothing to undo" icon={Undo2}>
            No step with an effect has completed yet, or none of them has to be undone.
          </Empty>
        </div>
      ) : (
        <div className="card">
          <Table aria-label="Undo list">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Step</Table.Th>
                <Table.Th>Stands</Table.Th>
                <Table.Th>Note</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ step, state, note }) => (
                <Table.Tr key={`${state} ${step}`}>
                  <Table.Td>{step}</Table.Td>
                  <Table.Td>
                    {state === 'undone' ? (
                      <Tag tint="violet" icon={Undo2}>
                        Undone
                      </Tag>
                    ) : state === 'stays' ? (
                      <Tag tint="red" icon={ShieldX}>
                        Not undone
                      </Tag>
                    ) : (
                      <Tag tint="neutral" icon={run.finishedAt === null ? Undo2 : CircleX}>
                        {run.finishedAt === null ? 'Can be undone' : 'Done'}
                      </Tag>
                    )}
                  </Table.Td>
                  <Table.Td>{note}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </Stack>
  );
}
