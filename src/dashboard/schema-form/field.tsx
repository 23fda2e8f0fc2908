/** A field of the form: the control that suits its shape, its hint, and what is wrong with it. */
import {
  Checkbox,
  NativeSelect,
  NumberInput,
  PasswordInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import type { ReactNode } from 'react';
import type { Json } from '../../plan/json.ts';
import { type FieldProps, idOf, problemOf } from './field-parts.ts';
import type { FieldOf } from './field-shape.ts';
import { JsonField } from './json-field.tsx';
import { ListField } from './list-field.tsx';
import { ObjectField } from './object-field.tsx';
import { RecordField } from './record-field.tsx';
import { UnionField } from './union-field.tsx';

/** What the controls of all scalar fields share. */
function controlOf({ shape, path, isRequired, form }: FieldProps) {
  const error = problemOf(form, path);
  return {
    id: idOf(form, path),
    label: shape.label === '' ? undefined : shape.label,
    'aria-label': shape.label === '' ? `Item ${Number(path.at(-1) ?? 0) + 1}` : undefined,
    description: shape.description,
    withAsterisk: isRequired,
    'aria-required': isRequired,
    disabled: form.isDisabled,
    ...(error === undefined ? {} : { error }),
  };
}

export function Field(props: FieldProps): ReactNode {
  const { shape, value, onChange } = props;
  switch (shape.kind) {
    case 'constant':
      return null;
    case 'object':
      return <ObjectField {...props} shape={shape} />;
    case 'record':
      return <RecordField {...props} shape={shape} />;
    case 'list':
      return <ListField {...props} shape={shape} />;
    case 'union':
      return <UnionField {...props} shape={shape} />;
    case 'json':
      return <JsonField {...props} shape={shape} />;
    case 'text':
      return <TextField {...props} shape={shape} />;
    case 'number':
      return (
        <NumberInput
          {...controlOf(props)}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => onChange(typeof next === 'number' ? next : emptyOf(props))}
          allowDecimal={!shape.isInteger}
          clampBehavior="none"
          {...(shape.min === null ? {} : { min: shape.min })}
          {...(shape.max === null ? {} : { max: shape.max })}
        />
      );
    case 'boolean':
      return shape.isNullable || (!props.isRequired && shape.initial === undefined) ? (
        <Choice {...props} values={[true, false]} />
      ) : (
        <Checkbox
          {...controlOf(props)}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'choice':
      return <Choice {...props} values={shape.values} />;
    default:
      return shape satisfies never;
  }
}

function emptyOf({ shape }: FieldProps): Json | undefined {
  return shape.isNullable ? null : undefined;
}

function Choice({ values, ...props }: FieldProps & { readonly values: readonly Json[] }) {
  const index = props.value === undefined ? -1 : values.indexOf(props.value);
  return (
    <NativeSelect
      {...controlOf(props)}
      value={String(index)}
      onChange={(event) => {
        const next = values[Number(event.currentTarget.value)];
        props.onChange(next === undefined ? emptyOf(props) : next);
      }}
      data={[
        { value: '-1', label: props.isRequired ? 'Choose…' : '—' },
        ...values.map((each, at) => ({ value: String(at), label: textOf(each) })),
      ]}
    />
  );
}

function textOf(value: Json): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const inputTypes = {
  plain: 'text',
  email: 'email',
  uri: 'url',
  date: 'date',
  'date-time': 'datetime-local',
  time: 'time',
} as const;

function TextField(props: FieldProps<FieldOf<'text'>>) {
  const { shape, value, isRequired, onChange } = props;
  const text = typeof value === 'string' ? value : '';
  // An empty field that may be left out was left out; one that may not is empty.
  const change = (next: string) =>
    onChange(next === '' && (!isRequired || shape.isNullable) ? emptyOf(props) : next);
  const common = {
    ...controlOf(props),
    ...(shape.maxLength === null ? {} : { maxLength: shape.maxLength }),
  };
  if (shape.isSensitive) {
    return (
      <PasswordInput
        {...common}
        autoComplete="off"
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
      />
    );
  }
  if (shape.isLong) {
    return (
      <Textarea
        {...common}
        autosize
        minRows={3}
        maxRows={16}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
      />
    );
  }
  if (shape.format === 'date-time') {
    return (
      <TextInput
        {...common}
        type="datetime-local"
        description={[shape.description, 'In your time zone'].filter(Boolean).join('. ')}
        value={localTimeOf(text)}
        onChange={(event) => {
          const at = new Date(event.currentTarget.value);
          change(Number.isNaN(at.getTime()) ? '' : at.toISOString());
        }}
      />
    );
  }
  return (
    <TextInput
      {...common}
      type={inputTypes[shape.format]}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

/** As `datetime-local` wants it. */
function localTimeOf(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return '';
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
