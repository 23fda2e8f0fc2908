import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone } from '../../parts/notify.ts';
import { Failure } from '../../parts/states.tsx';

export function RemoveDialog({
  name,
  onClose,
  onDone,
}: {
  readonly name: string;
  readonly onClose: () => void;
  readonly onDone: () => unknown;
}) {
  const remove = useMutation({
    mutationFn: () => client.schedules.remove({ params: { name } }),
    onSuccess() {
      notifyDone(`"${name}" is removed`);
      onClose();
      return onDone();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Remove "${name}"`}>
      <Stack gap="md">
        <Text size="sm">It fires no more. The runs it has started stay.</Text>
        {remove.isError && <Failure error={remove.error} />}
        <Group justify="space-between">
          <CliCommand args={['schedule', 'remove', name]} />
          <Group gap="xs">
            <Button variant="subtle" color="gray" onClick={onClose}>
              Cancel
            </Button>
            <Button
              data-autofocus
              color="red"
              loading={remove.isPending}
              onClick={() => remove.mutate()}
            >
              Remove
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  );
}
