import { Stack, Text } from '@mantine/core';
import type { FieldProps } from './field-parts.ts';
import { type FieldOf, isObject } from './field-shape.ts';
import { withField } from './form-value.ts';
import { OptionalPart } from './optional-part.tsx';
import { Part } from './part.tsx';

/** Fields side by side below a caption; without one, it is the form itself. */
export function ObjectField(props: FieldProps<FieldOf<'object'>>) {
  const { shape, path, value, onChange, form } = props;
  const fields = (
    <Stack gap="md">
      {shape.fields.map(({ name, isRequired, shape: field }) => (
        <form.Field
          key={name}
          shape={field}
          path={[...path, name]}
          isRequired={isRequired}
          value={isObject(value) ? value[name] : undefined}
          onChange={(next) => onChange(withField(value, name, next))}
          form={form}
        />
      ))}
      {shape.fields.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing to fill in.
        </Text>
      )}
    </Stack>
  );
  if (path.length === 0 || shape.label === '') return fields;
  return (
    <Part {...props}>
      <OptionalPart {...props} isPresent={isObject(value)}>
        {fields}
      </OptionalPart>
    </Part>
  );
}
