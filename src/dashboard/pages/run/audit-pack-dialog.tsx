import { Stack, Text } from '@mantine/core';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { CommandLine } from '../../parts/cli-command.tsx';
import { shellCommand } from '../../parts/shell-command.ts';
import { downloadJson } from './download.ts';
import { useRunAction } from './use-run-action.ts';

/** Everything about the run in one file, which whoever gets it can prove. */
export function AuditPackDialog({
  run,
  onClose,
}: {
  readonly run: Run;
  readonly onClose: () => void;
}) {
  const { runId } = run;
  const file = `${runId}.json`;
  const save = useRunAction(
    run,
    'Everything about the run is in the file',
    async () => downloadJson(file, await client.runs.export({ params: { runId } })),
    onClose,
  );
  return (
    <ActionDialog
      title="Export the audit pack"
      command={['audit', 'pack', runId, '--output', file]}
      action="Save the file"
      isBusy={save.isPending}
      onConfirm={() => save.mutate()}
      onClose={onClose}
    >
      <Text size="sm">
        The run, its plan, and its history with the proof of its chain, as one JSON document.
        Nothing marked sensitive is in it.
      </Text>
      <Stack gap={4}>
        <Text size="sm">Whoever gets the file proves it with:</Text>
        <CommandLine command={shellCommand(['audit', 'verify-pack', file])} />
      </Stack>
    </ActionDialog>
  );
}
