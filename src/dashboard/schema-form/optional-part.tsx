/** A part of several fields that may be left out: nothing of it is sent until it is added. */
import { Button, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { FieldProps } from './field-parts.ts';
import { initialValueOf } from './form-value.ts';

export function OptionalPart({
  shape,
  isRequired,
  isPresent,
  onChange,
  form,
  children,
}: FieldProps & { readonly isPresent: boolean; readonly children: ReactNode }) {
  if (isRequired && !shape.isNullable) return children;
  const name = shape.label.toLowerCase();
  if (!isPresent) {
    return (
      <Button
        variant="light"
        size="xs"
        disabled={form.isDisabled}
        onClick={() => onChange(initialValueOf({ ...shape, isNullable: false }))}
      >
        Add {name}
      </Button>
    );
  }
  return (
    <Stack gap="md" align="stretch">
      {children}
      <Button
        variant="subtle"
        color="gray"
        size="xs"
        style={{ alignSelf: 'flex-start' }}
        disabled={form.isDisabled}
        onClick={() => onChange(shape.isNullable ? null : undefined)}
      >
        Leave out {name}
      </Button>
    </Stack>
  );
}
