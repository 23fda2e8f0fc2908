import { Button, Checkbox, Group, Modal, MultiSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../../api/api.ts';
import { OutgoingEvent } from '../../../api/endpoints.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Failure } from '../../parts/states.tsx';
import { useWorkflows } from '../start/workflow-select.tsx';

export type Endpoint = AnswerOf<typeof api.endpoints.list>['endpoints'][number];

/** Where to, and what of: of a new endpoint, or of one there is. */
export function EndpointDialog({
  endpoint,
  onDone,
  onClose,
}: {
  /** Left out: a new one. */
  readonly endpoint?: Endpoint;
  /** @param secret - of a new one */
  readonly onDone: (secret: string | null) => void;
  readonly onClose: () => void;
}) {
  const [url, setUrl] = useState(endpoint?.url ?? '');
  const [description, setDescription] = useState(endpoint?.description ?? '');
  const [events, setEvents] = useState<readonly string[]>(
    endpoint?.events ?? ['run.failed', 'review.opened'],
  );
  const [workflows, setWorkflows] = useState<readonly string[]>(endpoint?.workflows ?? []);
  const known = useWorkflows().data?.workflows ?? [];
  const queries = useQueryClient();
  const body = {
    url: url.trim(),
    description: description.trim(),
    events: OutgoingEvent.options.filter((event) => events.includes(event)),
    workflows: workflows.length === 0 ? null : [...workflows],
  };
  const change =
    endpoint === undefined ? undefined : { params: { endpointId: endpoint.endpointId }, body };
  const save = useMutation({
    async mutationFn() {
      if (change === undefined) return (await client.endpoints.create({ body })).secret;
      await client.endpoints.update(change);
      return null;
    },
    onSuccess(secret) {
      onDone(secret);
      return queries.invalidateQueries({ queryKey: ['endpoints'] });
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={change === undefined ? 'Add an endpoint' : 'Edit the endpoint'}
      size="lg"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="md">
          <TextInput
            data-autofocus
            type="url"
            label="URL"
            description="Is sent a signed POST; addresses of private networks are refused"
            withAsterisk
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <TextInput
            label="Description"
            value={description}
            maxLength={500}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Checkbox.Group label="Told of" value={[...events]} onChange={setEvents}>
            <Group gap="12px 16px" mt={6}>
              {OutgoingEvent.options.map((event) => (
                <Checkbox key={event} value={event} label={event} />
              ))}
            </Group>
          </Checkbox.Group>
          <MultiSelect
            label="Workflows"
            placeholder={workflows.length === 0 ? 'Every workflow' : ''}
            data={[...new Set([...known.map(({ name }) => name), ...(endpoint?.workflows ?? [])])]}
            searchable
            value={[...workflows]}
            onChange={setWorkflows}
          />
          {save.isError && <Failure error={save.error} />}
          <Group justify="space-between">
            <CliCommand
              args={
                change === undefined
                  ? callArguments(api.endpoints.create, { body })
                  : callArguments(api.endpoints.update, change)
              }
            />
            <Group gap="xs">
              <Button variant="subtle" color="gray" onClick={onClose}>
                Back
              </Button>
              <Button
                type="submit"
                disabled={body.url === '' || body.events.length === 0}
                loading={save.isPending}
              >
                {change === undefined ? 'Add it' : 'Save'}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
