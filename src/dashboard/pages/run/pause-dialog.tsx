import { Text } from '@mantine/core';
import { useState } from 'react';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { useRunAction } from './use-run-action.ts';

export function PauseDialog({ run, onClose }: { readonly run: Run; readonly onClose: () => void }) {
  const [reason, setReason] = useState('');
  const { runId } = run;
  const pause = useRunAction(
    run,
    'Run paused',
    () => client.runs.pause({ params: { runId }, body: reason === '' ? {} : { reason } }),
    onClose,
  );
  const running = run.waitingOn.filter(({ kind }) => kind === 'attempt').map(({ step }) => step);
  return (
    <ActionDialog
      title="Pause this run"
      command={['pause', runId, ...(reason === '' ? [] : ['--reason', reason])]}
      action="Pause"
      isBusy={pause.isPending}
      onConfirm={() => pause.mutate()}
      onClose={onClose}
    >
      <Text size="sm">
        Nothing new begins until it is resumed. Its timers and deadlines stand still with what is
        left of them.
        {running.length > 0 && ` What runs now (${running.join(', ')}) ends first.`}
      </Text>
      <ReasonField value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
