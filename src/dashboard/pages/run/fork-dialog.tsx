/** A new run from a past moment of this one: what is reused, what is done again, and what must not be without a word. */
import { Alert, Checkbox, Group, JsonInput, NumberInput, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Run } from '../../../api/run-shapes.ts';
import type { Json } from '../../../plan/json.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import styles from './run.module.css';
import { useInput } from './use-run.ts';
import { useRunAction } from './use-run-action.ts';

export function ForkDialog({
  run,
  at: given,
  reason: givenReason = '',
  isEditing = false,
  onClose,
  onForked,
}: {
  readonly run: Run;
  /** Entry of the history after which the new run begins. */
  readonly at: number;
  readonly reason?: string;
  /** The input is open for editing at once. */
  readonly isEditing?: boolean;
  readonly onClose: () => void;
  readonly onForked?: (runId: string) => void;
}) {
  const [at, setAt] = useState(given);
  const [reason, setReason] = useState(givenReason);
  const [isEdited, setIsEdited] = useState(isEditing);
  const [text, setText] = useState<string | null>(null);
  const [isAccepted, setIsAccepted] = useState(false);
  const [, navigate] = useLocation();
  const { runId } = run;
  const original = useInput(runId, isEdited);
  const shown = text ?? (original.data === undefined ? '' : JSON.stringify(original.data, null, 2));
  const input = parsed(isEdited ? shown : '');
  const isHidden = isEdited && shown.includes(redacted);
  const isValid = !isEdited || (input !== undefined && !isHidden);
  const changes = { at, ...(isEdited && input !== undefined && { input }) };
  const [asked] = useDebouncedValue(JSON.stringify(changes), 300);
  const preview = useQuery({
    queryKey: ['fork-preview', runId, asked],
    queryFn: ({ signal }) =>
      client.runs.previewFork(
        { params: { runId }, body: JSON.parse(asked) as typeof changes },
        { signal },
      ),
    enabled: isValid,
    placeholderData: keepPreviousData,
  });
  const repeats = preview.data?.repeats ?? [];
  const fork = useRunAction(
    run,
    'Forked',
    () =>
      client.runs.fork({
        params: { runId },
        body: {
          ...changes,
          ...(reason !== '' && { reason }),
          ...(repeats.length > 0 && { acceptIrreversible: true }),
        },
      }),
    ({ runId: forkId }) => {
      onClose();
      if (onForked === undefined) navigate(`/runs/${encodeURIComponent(forkId)}`);
      else onForked(forkId);
    },
  );
  return (
    <ActionDialog
      title="Fork this run"
      command={[
        'fork',
        runId,
        '--at',
        String(at),
        ...(isEdited && input !== undefined ? ['--input', JSON.stringify(input)] : []),
        ...(repeats.length > 0 ? ['--accept-irreversible'] : []),
        ...(reason === '' ? [] : ['--reason', reason]),
      ]}
      action="Fork"
      isBusy={fork.isPending}
      isReady={isValid && preview.isSuccess && (repeats.length === 0 || isAccepted)}
      onConfirm={() => fork.mutate()}
      onClose={onClose}
    >
      <Text size="sm">
        A new run that stands where this one stood after an entry of its history. This one stays as
        it is.
      </Text>
      <Group align="flex-end">
        <NumberInput
          data-autofocus
          label="After entry"
          description={`1 to ${run.entries}`}
          value={at}
          min={1}
          max={run.entries}
          onChange={(value) => {
            const seq = Number(value);
            if (Number.isInteger(seq) && seq >= 1 && seq <= run.entries) setAt(seq);
          }}
          w={140}
        />
        <Checkbox
          label="With another input"
          checked={isEdited}
          onChange={(event) => setIsEdited(event.currentTarget.checked)}
          mb={6}
        />
      </Group>
      {isEdited && (
        <JsonInput
          label="Input"
          value={shown}
          onChange={setText}
          autosize
          minRows={4}
          maxRows={14}
          error={
            isValid
              ? null
              : isHidden
                ? `Sensitive values are not shown: put them in the place of ${redacted}`
                : 'Not JSON yet'
          }
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
      )}
      {preview.isPending && isValid && <Loading rows={3} />}
      {preview.isError && <Failure error={preview.error} />}
      {preview.data !== undefined && <Preview preview={preview.data} />}
      {repeats.length > 0 && (
        <Alert
          color="red"
          variant="light"
          p="xs"
          icon={<TriangleAlert size={16} aria-hidden />}
          title="This may happen a second time"
        >
          <ul className={styles['steps']} aria-label="May happen twice">
            {repeats.map(({ step, why }) => (
              <li key={step}>
                {step}: {whyWords[why]}
              </li>
            ))}
          </ul>
          <Checkbox
            mt={4}
            label="I accept that"
            checked={isAccepted}
            onChange={(event) => setIsAccepted(event.currentTarget.checked)}
          />
        </Alert>
      )}
      <ReasonField
        description="Stands in the history of the new run"
        value={reason}
        onChange={setReason}
        isFirst={false}
      />
    </ActionDialog>
  );
}

/** What the service shows in the place of a sensitive value. */
const redacted = '[redacted]';

const whyWords = {
  irreversible: 'it cannot be undone',
  unsafe: 'it is not safe to repeat',
  event: 'it sends an event to others',
} as const;

function Preview({
  preview: { reused, replaced, again },
}: {
  readonly preview: Awaited<ReturnType<typeof client.runs.previewFork>>;
}) {
  return (
    <Stack gap={4}>
      <Text size="sm">
        <strong>Reused</strong>{' '}
        {reused.length === 0 ? 'nothing' : reused.map(({ step }) => step).join(', ')}
      </Text>
      {replaced.length > 0 && (
        <Text size="sm">
          <strong>Replaced</strong> {replaced.join(', ')}
        </Text>
      )}
      <div>
        <Text size="sm" fw={600}>
          Done again
        </Text>
        {again.length === 0 ? (
          <Text size="sm">nothing</Text>
        ) : (
          <ul className={styles['steps']} aria-label="Done again">
            {again.map(({ step, why }) => (
              <li key={step}>
                {step} <span className={styles['faint']}>{why.replaceAll('"?', '"')}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Stack>
  );
}

/** `undefined` if it is no JSON. */
function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
