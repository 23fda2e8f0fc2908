/** A place in the code, to copy into an editor. */
import { ActionIcon, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { Check, Copy } from 'lucide-react';

export interface Place {
  readonly file: string;
  readonly line: number;
}

export function CodePlace({ place, what }: { readonly place: Place; readonly what: string }) {
  const text = `${place.file}:${place.line}`;
  return (
    <Group gap={4} wrap="nowrap" component="span" display="inline-flex">
      <Text size="xs" className="mono" component="span" style={{ overflowWrap: 'anywhere' }}>
        {text}
      </Text>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              onClick={copy}
              aria-label={copied ? `Place of ${what} copied` : `Copy the place of ${what}`}
            >
              {copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}
