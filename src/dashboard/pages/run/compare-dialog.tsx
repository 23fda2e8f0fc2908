import { Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../../api/api.ts';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { callArguments } from '../../parts/call-arguments.ts';
import { RunLink } from '../../parts/run-id.tsx';
import { Failure } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

type Comparison = Awaited<ReturnType<typeof client.runs.compare>>;

/** Where this run and another one part. */
export function CompareDialog({
  run,
  onClose,
}: {
  readonly run: Run;
  readonly onClose: () => void;
}) {
  const [otherId, setOtherId] = useState(run.forkedFrom?.runId ?? '');
  const { runId } = run;
  const compare = useMutation({
    mutationFn: () => client.runs.compare({ params: { runId, otherId: otherId.trim() } }),
  });
  return (
    <ActionDialog
      title="Compare with another run"
      command={callArguments(api.runs.compare, { params: { runId, otherId: otherId.trim() } })}
      action="Compare"
      isBusy={compare.isPending}
      isReady={otherId.trim() !== ''}
      onConfirm={() => compare.mutate()}
      onClose={onClose}
    >
      <TextInput
        label="The other run"
        placeholder="Its id"
        value={otherId}
        onChange={(event) => setOtherId(event.currentTarget.value)}
        data-autofocus
      />
      {compare.isError && <Failure error={compare.error} />}
      {compare.isSuccess && <Parting comparison={compare.data} />}
    </ActionDialog>
  );
}

function Parting({ comparison }: { readonly comparison: Comparison }) {
  const { left, right, common, divergence } = comparison;
  return (
    <Stack gap="xs">
      {[left, right].map((side) => (
        <Group key={side.runId} gap="xs">
          <RunLink runId={side.runId} />
          <Text size="sm">
            {side.workflow} v{side.version}
          </Text>
          <StatusBadge status={side.status} />
        </Group>
      ))}
      <Text size="sm">
        {divergence === null
          ? `They went the same way, ${common} entries long.`
          : common === 0
            ? `They differ from the start: ${divergence.what}.`
            : `The first ${common} entries agree; then ${divergence.what}.`}
      </Text>
      {divergence !== null && (
        <Table aria-label="Where they part">
          <Table.Tbody>
            {(
              [
                [left.runId, divergence.left],
                [right.runId, divergence.right],
              ] as const
            ).map(([runId, side]) => (
              <Table.Tr key={runId}>
                <Table.Td>
                  <RunLink runId={runId} search={side === null ? '' : `?at=${side.seq}`} />
                </Table.Td>
                <Table.Td>{side === null ? 'has ended' : `entry ${side.seq}`}</Table.Td>
                <Table.Td className="mono">{side?.event}</Table.Td>
                <Table.Td>{side !== null && <Time at={side.at} />}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}
