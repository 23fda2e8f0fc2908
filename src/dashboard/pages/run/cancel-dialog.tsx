/** Cancelling: how, and what will be undone. */
import { Alert, Radio, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import styles from './run.module.css';
import { useRunAction } from './use-run-action.ts';

type Mode = 'drain' | 'abort';

export function CancelDialog({
  run,
  onClose,
}: {
  readonly run: Run;
  readonly onClose: () => void;
}) {
  const [mode, setMode] = useState<Mode>('drain');
  const [reason, setReason] = useState('');
  const { runId } = run;
  const cancel = useRunAction(
    run,
    'Cancellation begun',
    () =>
      client.runs.cancel({
        params: { runId },
        body: { mode, ...(reason !== '' && { reason }) },
      }),
    onClose,
  );
  return (
    <ActionDialog
      title="Cancel this run"
      command={[
        'cancel',
        runId,
        ...(mode === 'abort' ? ['--abort'] : []),
        ...(reason === '' ? [] : ['--reason', reason]),
      ]}
      action="Cancel the run"
      isDangerous
      isBusy={cancel.isPending}
      onConfirm={() => cancel.mutate()}
      onClose={onClose}
    >
      <Radio.Group
        label="What runs now"
        value={mode}
        onChange={(value) => setMode(value === 'abort' ? 'abort' : 'drain')}
      >
        <Stack gap={6} mt={6}>
          <Radio
            value="drain"
            label="Finish the current task, then undo"
            description="Its result is known, so it is undone as well"
          />
          <Radio
            value="abort"
            label="Stop now, then undo"
            description="The task is told to stop; what it has done by then may be in doubt"
          />
        </Stack>
      </Radio.Group>
      <UndoPreview runId={runId} />
      <ReasonField value={reason} onChange={setReason} />
    </ActionDialog>
  );
}

function UndoPreview({ runId }: { readonly runId: string }) {
  const undo = useQuery({
    queryKey: ['run', runId, 'undo-list'],
    queryFn: ({ signal }) => client.runs.undoList({ params: { runId } }, { signal }),
  });
  if (undo.isPending) return <Loading rows={2} />;
  if (undo.isError) return <Failure error={undo.error} />;
  const { undoList, notUndone, running } = undo.data;
  return (
    <Stack gap="xs">
      {running.length > 0 && <Text size="sm">Running now: {running.join(', ')}</Text>}
      {undoList.length === 0 ? (
        <Text size="sm">Nothing that can be undone has been done yet.</Text>
      ) : (
        <div>
          <Text size="sm" fw={500}>
            This will be undone, in this order
          </Text>
          <ol className={styles['steps']} aria-label="Will be undone">
            {undoList.map(({ step, seq }) => (
              <li key={`${step} ${seq}`}>
                {step} <span className={styles['faint']}>done in entry {seq}</span>
              </li>
            ))}
          </ol>
        </div>
      )}
      {notUndone.length > 0 && (
        <Alert
          color="red"
          variant="light"
          p="xs"
          icon={<TriangleAlert size={16} aria-hidden />}
          title="This stays as it is"
        >
          <ul className={styles['steps']} aria-label="Will not be undone">
            {notUndone.map(({ step, reason }) => (
              <li key={step}>
                {step}: {reason}
              </li>
            ))}
          </ul>
        </Alert>
      )}
    </Stack>
  );
}
