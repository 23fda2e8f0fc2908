/** A form made from a JSON Schema, with a tab for the same value as JSON. The page around it brings the buttons. */
import { Alert, Anchor, Button, Group, List, Stack, Tabs, Text } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import { Field } from './field.tsx';
import { type FormSetting, idOf } from './field-parts.ts';
import type { FieldShape } from './field-shape.ts';
import { type FormProblem, keyOf, pathText } from './form-problems.ts';
import { JsonText } from './json-field.tsx';
import type { SchemaFormState } from './use-schema-form.ts';

export function SchemaForm({
  form,
  label,
  isDisabled = false,
}: {
  readonly form: SchemaFormState;
  /** Names the value as a whole. */
  readonly label: string;
  readonly isDisabled?: boolean;
}) {
  const setting = useMemo<FormSetting>(
    () => ({
      id: form.id,
      isDisabled,
      Field,
      problems: Map.groupBy(form.problems, ({ path }) => keyOf(path)),
    }),
    [form.id, isDisabled, form.problems],
  );
  const { shape } = form;
  const whole = { ...shape, label: shape.kind === 'object' ? '' : shape.label || label };
  return (
    <Stack gap="sm">
      {form.isDraftRestored && (
        <Group gap="xs" role="status">
          <Text size="sm" c="dimmed">
            Your draft was restored.
          </Text>
          <Button size="compact-xs" variant="subtle" onClick={form.reset}>
            Start afresh
          </Button>
        </Group>
      )}
      <Problems form={form} setting={setting} />
      <Tabs defaultValue="form" keepMounted={false}>
        <Tabs.List aria-label={`How to enter ${label}`} mb="sm">
          <Tabs.Tab value="form">Form</Tabs.Tab>
          <Tabs.Tab value="json">JSON</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="form">
          <Field
            shape={whole}
            path={[]}
            isRequired
            value={form.value}
            onChange={form.change}
            form={setting}
          />
        </Tabs.Panel>
        <Tabs.Panel value="json">
          <JsonText
            id={`${form.id}.json`}
            label={`${label} as JSON`}
            minRows={8}
            isDisabled={isDisabled}
            value={form.value}
            onChange={form.change}
          />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Problems({ form, setting }: { form: SchemaFormState; setting: FormSetting }) {
  const alert = useRef<HTMLDivElement>(null);
  const count = form.problems.length;
  useEffect(() => {
    if (count > 0) alert.current?.scrollIntoView({ block: 'nearest' });
  }, [count]);
  if (count === 0) return null;
  return (
    <Alert
      ref={alert}
      role="alert"
      color="red"
      title={count === 1 ? 'One thing is not right yet' : `${count} things are not right yet`}
    >
      <List size="sm">
        {form.problems.slice(0, 10).map((problem) => (
          <List.Item key={keyOf(problem.path) + problem.message}>
            <ProblemLink problem={problem} shape={form.shape} setting={setting} />
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

function ProblemLink({
  problem,
  shape,
  setting,
}: {
  problem: FormProblem;
  shape: FieldShape;
  setting: FormSetting;
}) {
  const { path, message } = problem;
  if (path.length === 0) return message;
  return (
    <>
      <Anchor component="button" type="button" size="sm" onClick={() => focusField(setting, path)}>
        {pathText(shape, path)}
      </Anchor>
      : {message}
    </>
  );
}

/** The control of the field, or of the nearest part around it. */
function focusField(setting: FormSetting, path: FormProblem['path']): void {
  for (let length = path.length; length > 0; length -= 1) {
    const control = document.getElementById(idOf(setting, path.slice(0, length)));
    if (control !== null) {
      control.focus();
      control.scrollIntoView({ block: 'center' });
      return;
    }
  }
}
