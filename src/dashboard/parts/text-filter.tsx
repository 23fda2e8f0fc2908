import { ActionIcon, TextInput, type TextInputProps, Tooltip } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { Search, X } from 'lucide-react';
import { useEffect, useState } from 'react';

/** What is typed counts once the typing pauses. */
export function TextFilter({
  value,
  onChange,
  ...rest
}: Omit<TextInputProps, 'value' | 'onChange'> & {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const [text, setText] = useState(value);
  const report = useDebouncedCallback(onChange, 250);
  // oxlint-disable-next-line react/set-state-in-effect -- the address may change without this field, as by the search in the header
  useEffect(() => setText(value), [value]);
  const set = (next: string) => {
    setText(next);
    report(next.trim());
  };
  return (
    <TextInput
      {...rest}
      leftSection={<Search size={14} aria-hidden />}
      rightSection={
        text === '' ? null : (
          <Tooltip label="Clear">
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label="Clear the text"
              onClick={() => set('')}
            >
              <X size={13} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )
      }
      value={text}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}
