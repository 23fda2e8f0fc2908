/** Pairs of a name and a value. */
import { Button, CloseButton, Group, Stack, TextInput } from '@mantine/core';
import type { Json } from '../../plan/json.ts';
import type { FieldProps } from './field-parts.ts';
import { type FieldOf, isObject } from './field-shape.ts';
import { initialValueOf } from './form-value.ts';
import { OptionalPart } from './optional-part.tsx';
import { Part } from './part.tsx';

export function RecordField(props: FieldProps<FieldOf<'record'>>) {
  const { shape, path, value, onChange, form } = props;
  const entries = Object.entries(isObject(value) ? value : {});
  const change = (next: readonly (readonly [string, Json])[]) => onChange(Object.fromEntries(next));
  return (
    <Part {...props}>
      <OptionalPart {...props} isPresent={isObject(value)}>
        <Stack gap="sm">
          {entries.map(([name, item], index) => (
            // The name changes while it is written; the place does not.
            <Group key={index} align="flex-start" wrap="nowrap" gap="xs">
              <TextInput
                aria-label={`Name ${index + 1}`}
                placeholder="Name"
                value={name}
                disabled={form.isDisabled}
                onChange={(event) => {
                  const next = event.currentTarget.value;
                  if (!entries.some(([other], at) => at !== index && other === next))
                    change(entries.with(index, [next, item]));
                }}
              />
              <div style={{ flex: 1, minWidth: 0 }}>
                <form.Field
                  shape={{ ...shape.item, label: '' }}
                  path={[...path, name]}
                  isRequired
                  value={item}
                  onChange={(next) => change(entries.with(index, [name, next ?? null]))}
                  form={form}
                />
              </div>
              <CloseButton
                aria-label={`Remove ${name === '' ? `pair ${index + 1}` : name}`}
                disabled={form.isDisabled}
                onClick={() => change(entries.toSpliced(index, 1))}
              />
            </Group>
          ))}
          <Button
            variant="light"
            size="xs"
            style={{ alignSelf: 'flex-start' }}
            disabled={form.isDisabled || (isObject(value) && '' in value)}
            onClick={() => change([...entries, ['', initialValueOf(shape.item) ?? '']])}
          >
            Add pair
          </Button>
        </Stack>
      </OptionalPart>
    </Part>
  );
}
