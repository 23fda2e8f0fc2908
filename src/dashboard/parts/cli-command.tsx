/** The command line that does what a button does, to copy. */
import { ActionIcon, Code, CopyButton, Group, Popover, Stack, Text, Tooltip } from '@mantine/core';
import { Check, Copy, SquareTerminal } from 'lucide-react';
import { serviceAddress } from '../data/base-path.ts';
import { shellCommand } from './shell-command.ts';

/** @param args - of `signalbox`, unquoted: `['cancel', runId, '--reason', reason]` */
export function CliCommand({ args }: { readonly args: readonly string[] }) {
  return <CliCommands commands={[{ does: '', args }]} />;
}

/** The commands of several buttons that stand together. */
export function CliCommands({
  commands,
}: {
  readonly commands: readonly { readonly does: string; readonly args: readonly string[] }[];
}) {
  const names = [
    ...new Set(
      commands.map(({ args: [first, second] }) =>
        second !== undefined && first === 'call' ? second : first,
      ),
    ),
  ];
  return (
    <Popover position="bottom-end" withArrow shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label="Copy as command">
          <ActionIcon
            variant="subtle"
            color="gray"
            size="md"
            aria-label={`As command: ${names.join(', ')}`}
          >
            <SquareTerminal size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p="xs" maw="min(560px, 92vw)">
        <Stack gap={6}>
          {commands.map(({ does, args }) => (
            <div key={does}>
              {does !== '' && (
                <Text size="xs" fw={600}>
                  {does}
                </Text>
              )}
              <CommandLine command={shellCommand(args)} keepsEscape />
            </div>
          ))}
        </Stack>
        <Text size="xs" c="dimmed" mt={4}>
          Talks to this service while it runs on the same store; from elsewhere add{' '}
          <span className="mono">--url {serviceAddress}</span>.
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
      <Code
        block
        mah={160}
        // A list of a hundred runs scrolls, by keyboard too, and leaves the buttons in sight.
        tabIndex={command.length > 600 ? 0 : undefined}
        style={{
          flex: 1,
          minWidth: 0,
          overflow: 'auto',
          whiteSpace: 'pre-wrap',
          wordBreak: 'break-word',
        }}
      >
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
