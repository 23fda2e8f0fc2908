/** The frame of a dialog that does something: what it is about, the command that does the same, and its button. */
import { Button, Group, Modal, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { CommandLine } from './cli-command.tsx';
import { shellCommand } from './shell-command.ts';

export function ActionDialog({
  title,
  command,
  action,
  isBusy,
  isReady = true,
  isDangerous = false,
  onConfirm,
  onClose,
  children,
}: {
  readonly title: string;
  /** Arguments of `signalbox` that do the same; absent: no command does. */
  readonly command?: readonly string[];
  /** What the button says. */
  readonly action: string;
  readonly isBusy: boolean;
  readonly isReady?: boolean;
  readonly isDangerous?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Modal opened onClose={onClose} title={title} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        <Stack gap="md">
          {children}
          {command !== undefined && <CommandLine command={shellCommand(command)} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Back
            </Button>
            <Button
              type="submit"
              color={isDangerous ? 'red' : 'signal'}
              loading={isBusy}
              disabled={!isReady}
            >
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
