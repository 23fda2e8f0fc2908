import { Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { api } from '../../../api/api.ts';
import { type AnswerOf, type Role, roles } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { Failure } from '../../parts/states.tsx';

/** What a token may do, and until when. */
export function NewTokenDialog({
  onMade,
  onClose,
}: {
  readonly onMade: (made: AnswerOf<typeof api.tokens.create>) => void;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [groups, setGroups] = useState('');
  const [expiresAt, setExpiresAt] = useState('');
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () =>
      client.tokens.create({
        body: {
          name: name.trim(),
          role,
          ...(groups.trim() === ''
            ? {}
            : {
                groups: groupsOf(groups),
              }),
          ...(expiresAt === ''
            ? {}
            : { expiresAt: new Date(`${expiresAt}T23:59:59`).toISOString() }),
        },
      }),
    onSuccess(made) {
      onMade(made);
      return queries.invalidateQueries({ queryKey: ['tokens'] });
    },
  });
  return (
    <Modal opened onClose={onClose} title="Make a token">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Stack gap="md">
          <TextInput
            data-autofocus
            label="Name"
            description="Stands in histories as the actor of whatever is done with it"
            withAsterisk
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label="Role"
            description="Each may what those before it may"
            value={role}
            onChange={(event) =>
              setRole(roles.find((each) => each === event.currentTarget.value) ?? 'viewer')
            }
            data={[...roles]}
          />
          <TextInput
            label="Groups"
            description="For reviews that are assigned to groups, separated by commas"
            value={groups}
            onChange={(event) => setGroups(event.currentTarget.value)}
          />
          <TextInput
            type="date"
            label="Ends at the end of"
            description="Empty: never"
            value={expiresAt}
            onChange={(event) => setExpiresAt(event.currentTarget.value)}
          />
          {make.isError && <Failure error={make.error} />}
          <Group justify="flex-end" gap="xs">
            <CliCommand
              args={[
                'token',
                'create',
                name.trim(),
                '--role',
                role,
                ...groupsOf(groups).flatMap((group) => ['--group', group]),
              ]}
            />
            <Button variant="subtle" color="gray" onClick={onClose}>
              Back
            </Button>
            <Button type="submit" disabled={name.trim() === ''} loading={make.isPending}>
              Make it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function groupsOf(text: string): string[] {
  return text
    .split(',')
    .map((group) => group.trim())
    .filter(Boolean);
}
