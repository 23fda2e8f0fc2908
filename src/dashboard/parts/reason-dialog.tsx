/** Asks for a reason before something is done that others will ask about later. */
import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { CliCommand } from './cli-command.tsx';
import { Failure } from './states.tsx';

export function ReasonDialog<T>({
  title,
  verb,
  about,
  colour = 'signal',
  args,
  isOptional = false,
  act,
  onDone,
  onClose,
}: {
  readonly title: string;
  /** On the button. */
  readonly verb: string;
  readonly about?: ReactNode;
  readonly colour?: string;
  /** The same on the command line. */
  readonly args: (reason: string) => readonly string[];
  readonly isOptional?: boolean;
  readonly act: (reason: string) => Promise<T>;
  readonly onDone: (answer: T) => void;
  readonly onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const doing = useMutation({ mutationFn: () => act(reason.trim()), onSuccess: onDone });
  return (
    <Modal opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          doing.mutate();
        }}
      >
        <Stack gap="md">
          {about}
          <Textarea
            data-autofocus
            label="Reason"
            description="Kept where others will look for it"
            withAsterisk={!isOptional}
            aria-required={!isOptional}
            autosize
            minRows={2}
            maxLength={2_000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {doing.isError && <Failure error={doing.error} />}
          <Group justify="space-between">
            <CliCommand args={args(reason.trim())} />
            <Group gap="xs">
              <Button variant="subtle" color="gray" onClick={onClose}>
                Back
              </Button>
              <Button
                type="submit"
                color={colour}
                loading={doing.isPending}
                disabled={!isOptional && reason.trim() === ''}
              >
                {verb}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
