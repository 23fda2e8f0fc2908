/** The command line that does what a button does, to copy. */
import { ActionIcon, Code, CopyButton, Group, Popover, Text, Tooltip } from '@mantine/core';
import { Check, Copy, SquareTerminal } from 'lucide-react';
import { shellCommand } from './shell-command.ts';

/** @param args - of `signalbox`, unquoted: `['cancel', runId, '--reason', reason]` */
export function CliCommand({ args }: { readonly args: readonly string[] }) {
  return (
    <CommandPopover
      command={shellCommand(args)}
      label={`As command: ${args[0]}`}
      note="Talks to this service while it runs on the same store; from elsewhere add --url."
    />
  );
}

/** A call of the interface, where `signalbox` has no command of its own. */
export function CallCommand({ command }: { readonly command: string }) {
  return (
    <CommandPopover
      command={command}
      label="As a call of the API"
      note="Where one signs in, add -H 'authorization: Bearer TOKEN'."
    />
  );
}

function CommandPopover({
  command,
  label,
  note,
}: {
  readonly command: string;
  readonly label: string;
  readonly note: string;
}) {
  return (
    <Popover position="bottom-end" withArrow shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label="Copy as command">
          <ActionIcon variant="subtle" color="gray" size="md" aria-label={label}>
            <SquareTerminal size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p="xs" maw="min(560px, 92vw)">
        <CommandLine command={command} keepsEscape />
        <Text size="xs" c="dimmed" mt={4}>
          {note}
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}

/** A line of code with a button that copies it. */
export function CommandLine({
  command,
  keepsEscape = false,
}: {
  readonly command: string;
  /** Escape closes what is around it, and not the dialog around that. */
  readonly keepsEscape?: boolean;
}) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Code block style={{ flex: 1, minWidth: 0, whiteSpace: 'pre-wrap', wordBreak: 'break-word' }}>
        {command}
      </Code>
      <CopyButton value={command}>
        {({ copied, copy }) => (
          <ActionIcon
            variant="default"
            size="md"
            onClick={copy}
            data-mantine-stop-propagation={keepsEscape}
            aria-label={copied ? 'Copied' : 'Copy'}
          >
            {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          </ActionIcon>
        )}
      </CopyButton>
    </Group>
  );
}
