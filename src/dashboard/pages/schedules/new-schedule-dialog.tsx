/** A new schedule: what it starts with which input, when, and what it does when time was missed or is short. */
import { Button, Group, Modal, SimpleGrid, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { ServiceError } from '../../../client/index.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone } from '../../parts/notify.ts';
import { Empty, Failure, Loading } from '../../parts/states.tsx';
import { problemsOfRefusal } from '../../schema-form/form-problems.ts';
import { withoutSensitive } from '../../schema-form/form-value.ts';
import { SchemaForm } from '../../schema-form/schema-form.tsx';
import { useSchemaForm } from '../../schema-form/use-schema-form.ts';
import { useWorkflows, WorkflowSelect } from '../start/workflow-select.tsx';
import { bodyOf, commandOf, type NewSchedule, nothing } from './rule.ts';
import { RuleFields } from './rule-fields.tsx';
import { RulePreview } from './rule-preview.tsx';

type Details = AnswerOf<typeof api.workflows.get>;

export function NewScheduleDialog({ onClose }: { readonly onClose: () => void }) {
  const list = useWorkflows();
  const [chosen, setChosen] = useState<string | null>(null);
  const [schedule, setSchedule] = useState(nothing);
  const name = chosen ?? list.data?.workflows[0]?.name ?? '';
  const details = useQuery({
    queryKey: ['workflows', 'one', name],
    queryFn: ({ signal }) => client.workflows.get({ params: { workflow: name } }, { signal }),
    enabled: name !== '',
  });
  return (
    <Modal opened onClose={onClose} title="New schedule" size={920}>
      <Stack gap="md">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
        {list.data?.workflows.length === 0 && (
          <Empty title="There is no workflow">The service was started without one.</Empty>
        )}
        {name !== '' && (
          <>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
              <RuleFields schedule={schedule} onChange={setSchedule} />
              <RulePreview schedule={schedule} />
            </SimpleGrid>
            <WorkflowSelect
              workflows={list.data?.workflows ?? []}
              value={name}
              onChange={setChosen}
            />
          </>
        )}
        {details.isError && <Failure error={details.error} />}
        {details.data !== undefined && (
          <InputForm
            key={details.data.hash}
            workflow={details.data}
            schedule={schedule}
            onClose={onClose}
          />
        )}
      </Stack>
    </Modal>
  );
}

function InputForm({
  workflow,
  schedule,
  onClose,
}: {
  readonly workflow: Details;
  readonly schedule: NewSchedule;
  readonly onClose: () => void;
}) {
  const form = useSchemaForm({ schema: workflow.input, draftKey: null });
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      client.schedules.create({ body: bodyOf(schedule, workflow.name, form.value ?? null) }),
    onSuccess({ name }) {
      notifyDone(`"${name}" is created`);
      onClose();
      return queries.invalidateQueries({ queryKey: ['schedules'] });
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
        if (form.check()) create.mutate();
      }}
    >
      <Stack gap="md">
        <section className="card" style={{ padding: 16 }}>
          <SchemaForm form={form} label="Input" />
        </section>
        {create.isError && <Failure error={create.error} />}
        <Group justify="space-between">
          <CliCommand
            args={commandOf(
              schedule,
              workflow.name,
              withoutSensitive(form.value, form.shape) ?? null,
            )}
          />
          <Group gap="xs">
            <Button variant="subtle" color="gray" onClick={onClose}>
              Back
            </Button>
            <Button
              type="submit"
              loading={create.isPending}
              disabled={schedule.name.trim() === '' || schedule.cron.trim() === ''}
            >
              Create schedule
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
