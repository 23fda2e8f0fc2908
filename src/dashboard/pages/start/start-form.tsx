/** The input of a workflow as a form, options of the run, and the button that starts it. */
import { Accordion, Button, Group, Menu, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ChevronDown, Play } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { ServiceError } from '../../../client/index.ts';
import type { Json } from '../../../plan/json.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone } from '../../parts/notify.ts';
import { Failure } from '../../parts/states.tsx';
import { problemsOfRefusal } from '../../schema-form/form-problems.ts';
import { withoutSensitive } from '../../schema-form/form-value.ts';
import { SchemaForm } from '../../schema-form/schema-form.tsx';
import { useSchemaForm } from '../../schema-form/use-schema-form.ts';

type Details = AnswerOf<typeof api.workflows.get>;
const priorities = ['default', 'high', 'low'] as const;

export function StartForm({ workflow }: { readonly workflow: Details }) {
  const form = useSchemaForm({ schema: workflow.input, draftKey: `start.${workflow.name}` });
  const [key, setKey] = useState('');
  const [labels, setLabels] = useState('');
  const [priority, setPriority] = useState<(typeof priorities)[number]>('default');
  const [startAt, setStartAt] = useState('');
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: (input: Json) =>
      client.runs.start({
        body: {
          workflow: workflow.name,
          input,
          ...(key.trim() === '' ? {} : { key: key.trim() }),
          ...(labels.trim() === '' ? {} : { labels: labelsOf(labels) }),
          ...(priority === 'default' ? {} : { priority }),
          ...(startAt === '' ? {} : { startAt: new Date(startAt).toISOString() }),
        },
      }),
    async onSuccess({ runId, created }) {
      form.forget();
      await queries.invalidateQueries({ queryKey: ['runs'] });
      notifyDone(
        created ? 'The run is started' : 'A run with this key was there already; this is it',
      );
      navigate(`/runs/${encodeURIComponent(runId)}`);
    },
    onError(error) {
      if (error instanceof ServiceError) form.refuse(problemsOfRefusal(error.problem));
    },
  });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (form.check()) start.mutate(form.value ?? null);
      }}
    >
      <Stack gap="md">
        <section className="card" style={{ padding: 16 }}>
          {workflow.examples.length > 0 && (
            <Group justify="flex-end" mb={-30} style={{ position: 'relative', zIndex: 1 }}>
              <Menu position="bottom-end">
                <Menu.Target>
                  <Button variant="subtle" rightSection={<ChevronDown size={14} aria-hidden />}>
                    Fill in an example
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  {workflow.examples.map(({ name, value }) => (
                    <Menu.Item key={name} onClick={() => form.change(value)}>
                      {name}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
            </Group>
          )}
          <SchemaForm form={form} label="Input" />
        </section>
        <Accordion variant="contained" radius="md">
          <Accordion.Item value="options">
            <Accordion.Control>Options: key, labels, priority, starting time</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="sm">
                <TextInput
                  label="Key"
                  description="A second start with the same key and input gives this run, not another one"
                  value={key}
                  maxLength={200}
                  onChange={(event) => setKey(event.currentTarget.value)}
                />
                <TextInput
                  label="Labels"
                  description="As name=value, separated by commas"
                  placeholder="customer=acme, team=claims"
                  value={labels}
                  onChange={(event) => setLabels(event.currentTarget.value)}
                />
                <NativeSelect
                  label="Priority"
                  value={priority}
                  onChange={(event) =>
                    setPriority(
                      priorities.find((one) => one === event.currentTarget.value) ?? 'default',
                    )
                  }
                  data={[...priorities]}
                />
                <TextInput
                  type="datetime-local"
                  label="Start at"
                  description="In your time zone; empty: at once"
                  value={startAt}
                  onChange={(event) => setStartAt(event.currentTarget.value)}
                />
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        {start.isError && <Failure error={start.error} />}
        <Group gap="xs">
          <Button
            type="submit"
            size="sm"
            loading={start.isPending}
            leftSection={<Play size={15} aria-hidden />}
          >
            Start run
          </Button>
          <Button variant="subtle" color="gray" size="sm" onClick={form.reset}>
            Empty the form
          </Button>
          <CliCommand
            args={commandOf(workflow.name, {
              input: withoutSensitive(form.value, form.shape) ?? null,
              key: key.trim(),
              priority,
              startAt,
              labels,
            })}
          />
        </Group>
      </Stack>
    </form>
  );
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(',')
      .map((pair) => pair.split('='))
      .filter(([name = '']) => name.trim() !== '')
      .map(([name = '', ...value]) => [name.trim(), value.join('=').trim()]),
  );
}

interface Wanted {
  readonly input: Json;
  readonly key: string;
  readonly priority: string;
  readonly startAt: string;
  readonly labels: string;
}

function commandOf(workflow: string, { input, key, priority, startAt, labels }: Wanted) {
  return [
    'run',
    workflow,
    '--input',
    JSON.stringify(input),
    ...(key === '' ? [] : ['--key', key]),
    ...Object.entries(labelsOf(labels)).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...(priority === 'default' ? [] : ['--priority', priority]),
    ...(startAt === '' ? [] : ['--start-at', new Date(startAt).toISOString()]),
  ];
}
