/** One of several: which, and then its fields. */
import { SegmentedControl, Stack } from '@mantine/core';
import { useState } from 'react';
import type { FieldProps } from './field-parts.ts';
import type { FieldOf } from './field-shape.ts';
import { initialValueOf, optionOf } from './form-value.ts';
import { OptionalPart } from './optional-part.tsx';
import { Part } from './part.tsx';

export function UnionField(props: FieldProps<FieldOf<'union'>>) {
  const { shape, path, value, onChange, form } = props;
  const [chosen, setChosen] = useState<number | null>(null);
  const index = chosen ?? optionOf(shape.options, value);
  const option = shape.options[index];
  return (
    <Part {...props}>
      <OptionalPart {...props} isPresent={value !== undefined && value !== null}>
        <Stack gap="md">
          <SegmentedControl
            aria-label={`Kind of ${shape.label.toLowerCase()}`}
            disabled={form.isDisabled}
            value={String(index)}
            onChange={(next) => {
              const picked = shape.options[Number(next)];
              setChosen(Number(next));
              if (picked !== undefined) onChange(initialValueOf(picked));
            }}
            data={shape.options.map(({ label }, at) => ({ value: String(at), label }))}
          />
          {option !== undefined && (
            <form.Field
              shape={{ ...option, label: option.kind === 'object' ? '' : shape.label }}
              path={path}
              isRequired
              value={value}
              onChange={onChange}
              form={form}
            />
          )}
        </Stack>
      </OptionalPart>
    </Part>
  );
}
