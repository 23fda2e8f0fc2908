/** A failed run goes on where it failed; or, with an edited input or results, as a new run from the moment before. */
import { Alert, Checkbox, Radio, Stack, Text } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Run } from '../../../api/run-shapes.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { failureText } from './failure-text.ts';
import { ForkDialog } from './fork-dialog.tsx';
import { toOutcome } from './outcome.ts';
import styles from './run.module.css';
import { useRunAction } from './use-run-action.ts';

export function RetryDialog({ run, onClose }: { readonly run: Run; readonly onClose: () => void }) {
  const [how, setHow] = useState<'same' | 'edited'>('same');
  const [reason, setReason] = useState('');
  const [isAccepted, setIsAccepted] = useState(false);
  const [isEditing, setIsEditing] = useState(false);
  const [, navigate] = useLocation();
  const { runId } = run;
  const outcome = toOutcome(run.outcome);
  const failure = failureText(run.outcome);
  const notUndone = outcome?.notUndone ?? [];
  const mustAccept = how === 'same' && notUndone.length > 0;
  const retry = useRunAction(
    run,
    'The run goes on',
    () =>
      client.runs.retry({
        params: { runId },
        body: { reason, ...(mustAccept && { acceptNotUndone: true }) },
      }),
    onClose,
  );
  if (isEditing) {
    return (
      <ForkDialog
        run={run}
        at={1}
        reason={reason}
        isEditing
        onClose={onClose}
        onForked={(forkId) => navigate(`/runs/${encodeURIComponent(forkId)}`)}
      />
    );
  }
  const isSame = how === 'same';
  return (
    <ActionDialog
      title="Retry this run"
      {...(isSame && {
        command: [
          'retry',
          runId,
          ...(mustAccept ? ['--accept-not-undone'] : []),
          ...(reason === '' ? [] : ['--reason', reason]),
        ],
      })}
      action={isSame ? 'Retry' : 'Edit the input'}
      isBusy={retry.isPending}
      isReady={reason.trim() !== '' && (!mustAccept || isAccepted)}
      onConfirm={() => (isSame ? retry.mutate() : setIsEditing(true))}
      onClose={onClose}
    >
      {failure !== null && (
        <Text size="sm">
          It failed at <strong>{failure.step}</strong>: {failure.message}
        </Text>
      )}
      <Radio.Group
        label="How"
        value={how}
        onChange={(value) => setHow(value === 'edited' ? 'edited' : 'same')}
      >
        <Stack gap={6} mt={6}>
          <Radio
            value="same"
            label={
              (outcome?.undone.length ?? 0) > 0
                ? 'Start afresh with the same input'
                : 'Go on where it failed'
            }
            description={
              (outcome?.undone.length ?? 0) > 0
                ? 'What it had done was undone, so it is done again'
                : 'What is done already is not done again'
            }
          />
          <Radio
            value="edited"
            label="As a new run with an edited input"
            description="This run stays as it is; the new one says where it came from"
          />
        </Stack>
      </Radio.Group>
      {mustAccept && (
        <Alert
          color="red"
          variant="light"
          p="xs"
          icon={<TriangleAlert size={16} aria-hidden />}
          title="Not undone; it may be done twice"
        >
          <ul className={styles['steps']}>
            {notUndone.map(({ step, reason: why }) => (
              <li key={step}>
                {step}: {why}
              </li>
            ))}
          </ul>
          <Checkbox
            label="I accept that"
            checked={isAccepted}
            onChange={(event) => setIsAccepted(event.currentTarget.checked)}
          />
        </Alert>
      )}
      <ReasonField value={reason} onChange={setReason} isRequired />
    </ActionDialog>
  );
}
