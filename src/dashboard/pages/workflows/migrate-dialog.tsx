/** Moves runs to another version: first what would become of them, then the same in earnest. */
import { Alert, Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { api } from '../../../api/api.ts';
import type { AnswerOf, RequestOf } from '../../../api/route.ts';
import type { Json } from '../../../plan/json.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { Failure } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { JsonText } from '../../schema-form/json-field.tsx';
import type { RunVerdict } from './run-verdict.ts';

type Body = RequestOf<typeof api.workflows.migrate>['body'];
type Mapping = NonNullable<Body['mapping']>;
type Moved = AnswerOf<typeof api.workflows.migrate>['runs'][number];

const looks = {
  moved: { tint: 'green', label: 'Moves' },
  already: { tint: 'neutral', label: 'Is there already' },
  needs_mapping: { tint: 'amber', label: 'Needs a mapping' },
  cannot: { tint: 'red', label: 'Cannot' },
  busy: { tint: 'amber', label: 'Busy; try again when it waits' },
  ended: { tint: 'neutral', label: 'Has ended' },
} as const;

export function MigrateDialog({
  workflow,
  from,
  to,
  runs,
  suggestion,
  onClose,
}: {
  readonly workflow: string;
  readonly from: string;
  readonly to: string;
  /** `null`: every run of the version. */
  readonly runs: readonly RunVerdict[] | null;
  readonly suggestion: RunVerdict['suggestion'];
  readonly onClose: () => void;
}) {
  const [mapping, setMapping] = useState<Json | undefined>(suggestion ?? undefined);
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState<string | null>(null);
  const queries = useQueryClient();
  const wanted = JSON.stringify([mapping, reason]);
  const move = useMutation({
    mutationFn: async (dryRun: boolean) => {
      const body: Body = {
        to: numberOf(to),
        from: numberOf(from),
        dryRun,
        reason: reason.trim(),
        // The service checks it; here it is what was written.
        ...(mapping === undefined ? {} : { mapping: mapping as Mapping }),
      };
      const asked = runs === null ? [body] : runs.map(({ runId }) => ({ ...body, runId }));
      const answers: Moved[] = [];
      for (const each of asked) {
        const answer = await client.workflows.migrate({ params: { workflow }, body: each });
        answers.push(...answer.runs);
      }
      return { dryRun, runs: answers };
    },
    onSuccess({ dryRun }) {
      setTried(dryRun ? wanted : null);
      return dryRun ? undefined : queries.invalidateQueries({ queryKey: ['workflows'] });
    },
  });
  const hasReason = reason.trim() !== '';
  const isDone = move.data?.dryRun === false;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={`Move ${runs === null ? 'every run' : runs.length === 1 ? 'one run' : `${runs.length} runs`} to version ${numberOf(to)}`}
    >
      <Stack gap="md">
        <JsonText
          id="mapping"
          label="Mapping"
          description="Renamed steps, results to fill in, steps to perform now; empty if none is needed. Checked by the dry run."
          value={mapping}
          onChange={setMapping}
        />
        <ReasonField
          description="Kept in the history of every run that moves"
          value={reason}
          onChange={setReason}
          isRequired
          isFirst={false}
        />
        {move.isError && <Failure error={move.error} />}
        {move.data !== undefined && <Result runs={move.data.runs} isDone={isDone} />}
        <Group justify="space-between">
          <CliCommand
            args={[
              'migrate',
              workflow,
              '--from',
              String(numberOf(from)),
              '--to',
              String(numberOf(to)),
              ...(runs?.length === 1 ? ['--run', runs[0]?.runId ?? ''] : []),
              ...(mapping === undefined ? [] : ['--mapping', 'mapping.json']),
              '--apply',
              '--reason',
              reason.trim(),
            ]}
          />
          <Group gap="xs">
            <Button variant="subtle" color="gray" onClick={onClose}>
              {isDone ? 'Close' : 'Cancel'}
            </Button>
            <Button
              variant="default"
              disabled={!hasReason || isDone}
              loading={move.isPending && move.variables}
              onClick={() => move.mutate(true)}
            >
              Dry run
            </Button>
            <Button
              disabled={!hasReason || isDone || tried !== wanted}
              loading={move.isPending && !move.variables}
              onClick={() => move.mutate(false)}
            >
              Move them
            </Button>
          </Group>
        </Group>
        {!isDone && tried !== wanted && (
          <Text size="xs" c="dimmed">
            Nothing is moved before a dry run with the same mapping was looked at.
          </Text>
        )}
      </Stack>
    </Modal>
  );
}

function Result({ runs, isDone }: { readonly runs: readonly Moved[]; readonly isDone: boolean }) {
  const moved = runs.filter(({ outcome }) => outcome === 'moved').length;
  return (
    <Alert
      role="status"
      color={moved === runs.length ? 'green' : 'yellow'}
      variant="light"
      title={`${moved} of ${runs.length} ${isDone ? 'moved' : 'would move'}`}
    >
      <Table>
        <Table.Tbody>
          {runs.slice(0, 50).map(({ runId, outcome, reasons }) => (
            <Table.Tr key={runId}>
              <Table.Td className="mono">{runId}</Table.Td>
              <Table.Td>
                <Tag tint={looks[outcome].tint}>{looks[outcome].label}</Tag>
              </Table.Td>
              <Table.Td>{reasons.map(({ text }) => text).join('; ')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Alert>
  );
}

function numberOf(version: string): number {
  return Number(version.split('#')[0]);
}
