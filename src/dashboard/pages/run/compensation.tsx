/** What was done, undone, and left as it is: the truth about a run that did not complete, or would not. */
import { Alert, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  CircleCheck,
  Hand,
  Info,
  type LucideIcon,
  RotateCcw,
  ShieldX,
  TriangleAlert,
  Undo2,
} from 'lucide-react';
import { useState } from 'react';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { useRoles } from '../../data/me.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { CliCommand } from '../../parts/cli-command.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { Tag, type Tint } from '../../parts/status-badge.tsx';
import { toOutcome } from './outcome.ts';
import { useRunAction } from './use-run-action.ts';

const verdicts = {
  nothing: { title: 'There was nothing to undo', color: 'gray' },
  complete: { title: 'Everything was undone', color: 'green' },
  partial: { title: 'Undone in part', color: 'red' },
  impossible: { title: 'Nothing of it could be undone', color: 'red' },
} as const;

type Step = Awaited<ReturnType<typeof client.undo.list>>['steps'][number];

const states: Readonly<
  Record<Step['state'], { readonly label: string; readonly tint: Tint; readonly icon: LucideIcon }>
> = {
  open: { label: 'Can be undone', tint: 'neutral', icon: Undo2 },
  undone: { label: 'Undone', tint: 'violet', icon: Undo2 },
  failed: { label: 'Undo failed', tint: 'red', icon: TriangleAlert },
  resolved: { label: 'Resolved by hand', tint: 'green', icon: Hand },
  irreversible: { label: 'Cannot be undone', tint: 'red', icon: ShieldX },
  without_undo: { label: 'Has no undo', tint: 'amber', icon: ShieldX },
};

export function Compensation({ run }: { readonly run: Run }) {
  const { runId } = run;
  const undo = useQuery({
    queryKey: ['run', runId, 'undo'],
    queryFn: ({ signal }) => client.undo.list({ params: { runId } }, { signal }),
  });
  if (undo.isPending) return <Loading />;
  if (undo.isError) return <Failure error={undo.error} retry={() => void undo.refetch()} />;
  const outcome = toOutcome(run.outcome);
  const { steps } = undo.data;
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
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            Completed before:{' '}
            {outcome.completed.length === 0 ? 'nothing' : outcome.completed.join(', ')}
          </Text>
        </Alert>
      )}
      <Group justify="space-between">
        <Title order={2}>
          {run.finishedAt === null
            ? 'If it were cancelled now'
            : 'What was done, and what became of it'}
        </Title>
        <CliCommand args={['undo', runId]} />
      </Group>
      <div className="card">
        {steps.length === 0 ? (
          <Empty title="Nothing to undo" icon={Undo2}>
            No step with an effect has completed, or none of them has to be undone.
          </Empty>
        ) : (
          <Steps run={run} steps={steps} />
        )}
      </div>
    </Stack>
  );
}

function Steps({ run, steps }: { readonly run: Run; readonly steps: readonly Step[] }) {
  const [open, setOpen] = useState<{ readonly step: string; readonly verb: Verb } | null>(null);
  const isOperator = useRoles().operator;
  const isOver = run.status === 'failed' || run.status === 'cancelled';
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table aria-label="Undo list">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Step</Table.Th>
            <Table.Th>Stands</Table.Th>
            <Table.Th>Why</Table.Th>
            <Table.Th>
              <span className="visually-hidden">What can be done</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {steps.map(({ step, seq, state, reason }) => {
            const { label, tint, icon } = states[state];
            const isLeft = isOver && ['failed', 'irreversible', 'without_undo'].includes(state);
            return (
              <Table.Tr key={`${step} ${seq}`}>
                <Table.Td>{step}</Table.Td>
                <Table.Td>
                  <Tag tint={tint} icon={icon}>
                    {label}
                  </Tag>
                </Table.Td>
                <Table.Td>{reason ?? `done in entry ${seq}`}</Table.Td>
                <Table.Td>
                  <Group gap={6} justify="flex-end" wrap="nowrap">
                    {isOperator && isOver && state === 'failed' && (
                      <Button
                        variant="default"
                        size="compact-xs"
                        leftSection={<RotateCcw size={12} aria-hidden />}
                        onClick={() => setOpen({ step, verb: 'retry' })}
                      >
                        Try again
                      </Button>
                    )}
                    {isOperator && isLeft && (
                      <Button
                        variant="default"
                        size="compact-xs"
                        leftSection={<Hand size={12} aria-hidden />}
                        onClick={() => setOpen({ step, verb: 'resolve' })}
                      >
                        Resolve by hand
                      </Button>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      {open !== null && <UndoDialog run={run} {...open} onClose={() => setOpen(null)} />}
    </Table.ScrollContainer>
  );
}

type Verb = 'retry' | 'resolve';

const verbs = {
  retry: {
    title: 'Try again to undo',
    action: 'Undo it',
    done: 'It is undone again',
    about: 'The same undo once more, under the same idempotency key.',
  },
  resolve: {
    title: 'Resolved by hand',
    action: 'It is resolved',
    done: 'Resolved',
    about:
      'Somebody has undone it elsewhere, or it may stay. Signalbox does nothing more about it.',
  },
} as const;

function UndoDialog({
  run,
  step,
  verb,
  onClose,
}: {
  readonly run: Run;
  readonly step: string;
  readonly verb: Verb;
  readonly onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const { runId } = run;
  const { title, action, done, about } = verbs[verb];
  const queries = useQueryClient();
  const act = useRunAction(
    run,
    done,
    () => client.undo[verb]({ params: { runId }, body: { step, reason: reason.trim() } }),
    () => {
      void queries.invalidateQueries({ queryKey: ['incidents'] });
      onClose();
    },
  );
  return (
    <ActionDialog
      title={`${title}: ${step}`}
      command={['undo', runId, `--${verb}`, step, '--reason', reason]}
      action={action}
      isBusy={act.isPending}
      isReady={reason.trim() !== ''}
      onConfirm={() => act.mutate()}
      onClose={onClose}
    >
      <Text size="sm">{about}</Text>
      <ReasonField value={reason} onChange={setReason} isRequired />
    </ActionDialog>
  );
}
