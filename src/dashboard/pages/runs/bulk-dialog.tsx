/** One thing done to many runs: first a dry run, then the reason, then its progress. */
import { Alert, Checkbox, Modal, Radio, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { z } from 'zod';
import type { BatchAction, Selection } from '../../../api/batches.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { notifyFailed } from '../../parts/notify.ts';
import { ReasonField } from '../../parts/reason-field.tsx';
import { RunLink } from '../../parts/run-id.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { BatchProgress } from './batch-progress.tsx';
import { toArguments } from './selection.ts';

export type BulkKind = 'retry' | 'cancel' | 'pause' | 'resume';

const words = {
  retry: { title: 'Retry many runs', action: 'Retry them' },
  cancel: { title: 'Cancel many runs', action: 'Cancel them' },
  pause: { title: 'Pause many runs', action: 'Pause them' },
  resume: { title: 'Resume many runs', action: 'Resume them' },
} as const satisfies Readonly<Record<BulkKind, unknown>>;

export function BulkDialog({
  kind,
  selection: runs,
  onClose,
  onStarted,
}: {
  readonly kind: BulkKind;
  readonly selection: z.input<typeof Selection>;
  readonly onClose: () => void;
  readonly onStarted: () => void;
}) {
  const [reason, setReason] = useState('');
  const [mode, setMode] = useState<'drain' | 'abort'>('drain');
  const [acceptNotUndone, setAcceptNotUndone] = useState(false);
  const [batchId, setBatchId] = useState<string | null>(null);
  const queries = useQueryClient();
  const action = toAction(kind, mode, acceptNotUndone);
  const preview = useQuery({
    queryKey: ['batch-preview', action, runs],
    queryFn: ({ signal }) => client.batches.preview({ body: { action, runs } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const start = useMutation({
    mutationFn: () => client.batches.start({ body: { action, runs, reason: reason.trim() } }),
    onSuccess: (batch) => {
      setBatchId(batch.batchId);
      void queries.invalidateQueries({ queryKey: ['runs'] });
    },
    onError: (error) => notifyFailed('The batch was not started', error),
  });
  const { title, action: button } = words[kind];
  if (batchId !== null) {
    const close = () => {
      onStarted();
      onClose();
    };
    return (
      <Modal opened onClose={close} title={title} size="lg">
        <BatchProgress batchId={batchId} onClose={close} />
      </Modal>
    );
  }
  const accepted = preview.data?.accepted ?? 0;
  return (
    <ActionDialog
      title={title}
      command={toArguments(action, runs, reason.trim() || 'WHY')}
      action={preview.isSuccess ? `${button} (${accepted.toLocaleString('en')})` : button}
      isDangerous={kind === 'cancel'}
      isBusy={start.isPending}
      isReady={accepted > 0 && reason.trim() !== ''}
      onConfirm={() => start.mutate()}
      onClose={onClose}
    >
      {kind === 'cancel' && (
        <Radio.Group
          label="What runs now"
          value={mode}
          onChange={(value) => setMode(value === 'abort' ? 'abort' : 'drain')}
        >
          <Stack gap={4} mt={4}>
            <Radio value="drain" label="Ends first, then everything is undone" />
            <Radio value="abort" label="Is told to stop, then everything is undone" />
          </Stack>
        </Radio.Group>
      )}
      {kind === 'retry' && (
        <Checkbox
          label="Also runs some of whose effects could not be undone"
          description="They may happen a second time"
          checked={acceptNotUndone}
          onChange={(event) => setAcceptNotUndone(event.currentTarget.checked)}
        />
      )}
      {preview.isPending && <Loading rows={2} />}
      {preview.isError && <Failure error={preview.error} retry={() => void preview.refetch()} />}
      {preview.isSuccess && <DryRun preview={preview.data} />}
      <ReasonField
        description="Stands in the history of each run"
        value={reason}
        onChange={setReason}
        isRequired
      />
    </ActionDialog>
  );
}

function toAction(
  kind: BulkKind,
  mode: 'drain' | 'abort',
  acceptNotUndone: boolean,
): z.input<typeof BatchAction> {
  switch (kind) {
    case 'cancel':
      return { kind, mode };
    case 'retry':
      return { kind, acceptNotUndone };
    case 'pause':
    case 'resume':
      return { kind };
    default:
      return kind satisfies never;
  }
}

function DryRun({
  preview: { matching, accepted, refused },
}: {
  readonly preview: Awaited<ReturnType<typeof client.batches.preview>>;
}) {
  return (
    <Alert
      variant="light"
      color={accepted === 0 ? 'red' : 'signal'}
      title={`Dry run: ${accepted.toLocaleString('en')} of ${matching.toLocaleString('en')} accept it`}
    >
      {refused.length > 0 && (
        <Stack gap={2}>
          {refused.map(({ why, count, example }) => (
            <Text key={why} size="sm" component="div">
              {count.toLocaleString('en')} not: {why}, as <RunLink runId={example} />
            </Text>
          ))}
        </Stack>
      )}
    </Alert>
  );
}
