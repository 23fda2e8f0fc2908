/** Lists somebody looks at again and again, kept by the service under a name. */
import { ActionIcon, Button, Checkbox, Group, Menu, Modal, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Bookmark, ChevronDown, Trash2, Users } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { callArguments } from '../../parts/call-arguments.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { isNarrowed, type RunFilters, toSearch } from './run-filters.ts';

type View = AnswerOf<typeof api.views.list>['views'][number];

export function SavedViews({ filters }: { readonly filters: RunFilters }) {
  const [, navigate] = useLocation();
  const [isNaming, naming] = useDisclosure(false);
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: ['views'],
    queryFn: ({ signal }) => client.views.list({}, { signal }),
    staleTime: 30_000,
  });
  const [removing, setRemoving] = useState<View | null>(null);
  const remove = useMutation({
    mutationFn: (viewId: string) => client.views.remove({ params: { viewId } }),
    onSuccess() {
      setRemoving(null);
      return queries.invalidateQueries({ queryKey: ['views'] });
    },
    onError: (error) => notifyFailed('The view was not removed', error),
  });
  const views = data?.views ?? [];
  return (
    <>
      <Menu position="bottom-end" width={280} closeOnItemClick={false}>
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<Bookmark size={14} aria-hidden />}
            rightSection={<ChevronDown size={14} aria-hidden />}
          >
            Views
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.length === 0 && <Menu.Label>No saved view yet</Menu.Label>}
          {views.map((view) => (
            <Group key={view.viewId} gap={2} wrap="nowrap">
              <Menu.Item
                flex={1}
                leftSection={view.shared ? <Users size={13} aria-label="shared" /> : null}
                closeMenuOnClick
                onClick={() => navigate(`/runs${view.search === '' ? '' : `?${view.search}`}`)}
              >
                {view.name}
              </Menu.Item>
              {view.mine && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Remove the view ${view.name}`}
                  onClick={() => setRemoving(view)}
                >
                  <Trash2 size={14} aria-hidden />
                </ActionIcon>
              )}
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item disabled={!isNarrowed(filters)} closeMenuOnClick onClick={naming.open}>
            Save what is shown now…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {removing !== null && (
        <ActionDialog
          title={`Remove the view "${removing.name}"`}
          command={callArguments(api.views.remove, { params: { viewId: removing.viewId } })}
          action="Remove"
          isDangerous
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate(removing.viewId)}
          onClose={() => setRemoving(null)}
        >
          {removing.shared && 'Nobody sees it any more.'}
        </ActionDialog>
      )}
      <SaveDialog isOpen={isNaming} onClose={naming.close} search={toSearch(filters).toString()} />
    </>
  );
}

function SaveDialog({
  isOpen,
  onClose,
  search,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly search: string;
}) {
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const queries = useQueryClient();
  const body = { name: name.trim(), search, shared };
  const save = useMutation({
    mutationFn: () => client.views.create({ body }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['views'] });
      notifyDone(`View "${name.trim()}" saved`);
      setName('');
      onClose();
    },
    onError: (error) => notifyFailed('The view was not saved', error),
  });
  return (
    <Modal opened={isOpen} onClose={onClose} title="Save this view" size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            required
            data-autofocus
          />
          <Checkbox
            label="Everybody sees it"
            checked={shared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
          <Group justify="space-between">
            <CliCommand args={callArguments(api.views.create, { body })} />
            <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
