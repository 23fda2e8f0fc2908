/** What has no control of its own is written as JSON. */
import { Textarea } from '@mantine/core';
import { useState } from 'react';
import type { Json } from '../../plan/json.ts';
import { type FieldProps, idOf, problemOf } from './field-parts.ts';

export function JsonField({ shape, path, isRequired, value, onChange, form }: FieldProps) {
  const problem = problemOf(form, path);
  return (
    <JsonText
      id={idOf(form, path)}
      label={shape.label === '' ? 'JSON' : shape.label}
      description={[shape.description, 'As JSON'].filter(Boolean).join('. ')}
      isRequired={isRequired}
      isDisabled={form.isDisabled}
      value={value}
      onChange={onChange}
      {...(problem === undefined ? {} : { problem })}
    />
  );
}

/** Keeps what was written while it is no JSON yet, and says so; the value follows as soon as it is. */
export function JsonText({
  id,
  label,
  description,
  isRequired = false,
  isDisabled = false,
  minRows = 4,
  value,
  onChange,
  problem,
}: {
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly isRequired?: boolean;
  readonly isDisabled?: boolean;
  readonly minRows?: number;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  readonly problem?: string;
}) {
  const [text, setText] = useState(() => writtenOf(value));
  const read = readOf(text);
  const isCurrent = read.isJson && JSON.stringify(read.value) === JSON.stringify(value);
  const shown = isCurrent || !read.isJson ? text : writtenOf(value);
  const error = read.isJson ? problem : `Is no JSON yet: ${read.why}`;
  return (
    <Textarea
      id={id}
      label={label}
      description={description}
      withAsterisk={isRequired}
      disabled={isDisabled}
      autosize
      minRows={minRows}
      maxRows={24}
      spellCheck={false}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
      value={shown}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        const parsed = readOf(next);
        if (parsed.isJson) onChange(parsed.value);
      }}
      {...(error === undefined ? {} : { error })}
    />
  );
}

function writtenOf(value: Json | undefined): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2);
}

type Read =
  | { readonly isJson: true; readonly value: Json | undefined }
  | { readonly isJson: false; readonly why: string };

function readOf(text: string): Read {
  if (text.trim() === '') return { isJson: true, value: undefined };
  try {
    return { isJson: true, value: JSON.parse(text) as Json };
  } catch (error) {
    return { isJson: false, why: error instanceof Error ? error.message : 'it cannot be read' };
  }
}
