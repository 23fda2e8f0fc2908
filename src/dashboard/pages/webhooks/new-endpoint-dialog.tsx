import { Button, Checkbox, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../../api/api.ts';
import { OutgoingEvent } from '../../../api/endpoints.ts';
import { client } from '../../data/client.ts';
import { apiCommand } from '../../parts/api-command.ts';
import { CallCommand } from '../../parts/cli-command.tsx';
import { Failure } from '../../parts/states.tsx';

/** Where to, and what of. */
export function NewEndpointDialog({
  onMade,
  onClose,
}: {
  readonly onMade: (secret: string) => void;
  readonly onClose: () => void;
}) {
  const [url, setUrl] = useState('');
  const [description, setDescription] = useState('');
  const [events, setEvents] = useState<readonly string[]>(['run.failed', 'review.opened']);
  const queries = useQueryClient();
  const body = {
    url: url.trim(),
    description: description.trim(),
    events: OutgoingEvent.options.filter((event) => events.includes(event)),
  };
  const make = useMutation({
    mutationFn: () => client.endpoints.create({ body }),
    onSuccess({ secret }) {
      onMade(secret);
      return queries.invalidateQueries({ queryKey: ['endpoints'] });
    },
  });
  return (
    <Modal opened onClose={onClose} title="Add an endpoint">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
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
            <Group gap="xs 16px" mt={4}>
              {OutgoingEvent.options.map((event) => (
                <Checkbox key={event} value={event} label={event} />
              ))}
            </Group>
          </Checkbox.Group>
          {make.isError && <Failure error={make.error} />}
          <Group justify="flex-end" gap="xs">
            <CallCommand command={apiCommand(api.endpoints.create, { body })} />
            <Button variant="subtle" color="gray" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              disabled={body.url === '' || body.events.length === 0}
              loading={make.isPending}
            >
              Add it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
