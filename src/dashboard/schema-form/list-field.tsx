/** A list: one item a row; items of one line each as lines, so that they can be pasted. */
import { Button, CloseButton, Group, Stack, Textarea } from '@mantine/core';
import { useRef, useState } from 'react';
import type { Json } from '../../plan/json.ts';
import { type FieldProps, idOf, problemOf } from './field-parts.ts';
import type { FieldOf, FieldShape } from './field-shape.ts';
import { initialValueOf } from './form-value.ts';
import { OptionalPart } from './optional-part.tsx';
import { Part } from './part.tsx';

export function ListField(props: FieldProps<FieldOf<'list'>>) {
  const { shape, value } = props;
  const items: readonly Json[] = Array.isArray(value) ? value : [];
  if (isLineWise(shape.item) && items.every(isLine)) return <LinesField {...props} />;
  return (
    <Part {...props}>
      <OptionalPart {...props} isPresent={Array.isArray(value)}>
        <Rows {...props} items={items} />
      </OptionalPart>
    </Part>
  );
}

function Rows({
  shape,
  path,
  items,
  onChange,
  form,
}: FieldProps<FieldOf<'list'>> & { readonly items: readonly Json[] }) {
  const add = useRef<HTMLButtonElement>(null);
  const isFull = shape.maxItems !== null && items.length >= shape.maxItems;
  return (
    <Stack gap="sm">
      {items.map((item, index) => (
        // Rows have no identity but their place.
        <Group key={index} align="flex-start" wrap="nowrap" gap="xs">
          <div style={{ flex: 1, minWidth: 0 }}>
            <form.Field
              shape={rowShape(shape.item, index)}
              path={[...path, index]}
              isRequired
              value={item}
              onChange={(next) => onChange(items.with(index, next ?? null))}
              form={form}
            />
          </div>
          <CloseButton
            aria-label={`Remove item ${index + 1}`}
            disabled={form.isDisabled || items.length <= shape.minItems}
            onClick={() => {
              onChange(items.toSpliced(index, 1));
              add.current?.focus();
            }}
          />
        </Group>
      ))}
      <Button
        ref={add}
        variant="light"
        size="xs"
        style={{ alignSelf: 'flex-start' }}
        disabled={form.isDisabled || isFull}
        onClick={() => onChange([...items, initialValueOf(shape.item) ?? emptyOf(shape.item)])}
      >
        Add item
      </Button>
    </Stack>
  );
}

/** Items of several fields are numbered, so that a screen reader and a problem can name them. */
function rowShape(item: FieldShape, index: number): FieldShape {
  return { ...item, label: `${index + 1}` };
}

function emptyOf(item: FieldShape): Json {
  return item.kind === 'text' ? '' : null;
}

function LinesField({
  shape,
  path,
  value,
  isRequired,
  onChange,
  form,
}: FieldProps<FieldOf<'list'>>) {
  const items: readonly Json[] = Array.isArray(value) ? value : [];
  const written = items.map(String).join('\n');
  const [text, setText] = useState(written);
  const shown = sameItems(itemsOf(text, shape.item), items) ? text : written;
  const error =
    problemOf(form, path) ??
    items.map((_, index) => lineProblem(index, problemOf(form, [...path, index]))).find(Boolean);
  return (
    <Textarea
      id={idOf(form, path)}
      label={shape.label}
      description={[shape.description, 'One a line'].filter(Boolean).join('. ')}
      withAsterisk={isRequired}
      aria-required={isRequired}
      disabled={form.isDisabled}
      autosize
      minRows={3}
      maxRows={12}
      value={shown}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        onChange(next === '' && !isRequired ? undefined : [...itemsOf(next, shape.item)]);
      }}
      {...(error === undefined ? {} : { error })}
    />
  );
}

function lineProblem(index: number, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `Line ${index + 1}: ${problem}`;
}

function isLineWise({ kind, isSensitive, isNullable, ...item }: FieldShape): boolean {
  if (isSensitive) return false;
  if (kind === 'number') return true;
  return kind === 'text' && !isNullable && 'format' in item && item.format === 'plain';
}

function isLine(value: Json): boolean {
  return (
    (typeof value === 'string' && !/[\r\n]/.test(value)) ||
    typeof value === 'number' ||
    value === null
  );
}

/** What is no number stays text, so that the schema says what is wrong. */
function itemsOf(text: string, item: FieldShape): readonly Json[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  while (lines.at(-1)?.trim() === '') lines.pop();
  if (item.kind !== 'number') return lines;
  return lines.map((line) => {
    if (item.isNullable && /^\s*(null)?\s*$/.test(line)) return null;
    return line.trim() !== '' && Number.isFinite(Number(line)) ? Number(line) : line;
  });
}

function sameItems(a: readonly Json[], b: readonly Json[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
