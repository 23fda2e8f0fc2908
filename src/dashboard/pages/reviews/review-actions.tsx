/** Who is to decide a review: hold it, let it go, let somebody else decide, give it to others. */
import { Button, Group, Menu, TagsInput, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Hand } from 'lucide-react';
import { useState } from 'react';
import type { Review } from '../../../api/reviews.ts';
import { client } from '../../data/client.ts';
import { CliCommand } from '../../parts/cli-command.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';

export function ReviewActions({ review }: { readonly review: Review }) {
  const { runId, step, claimedBy } = review;
  const params = { runId, step };
  const [dialog, setDialog] = useState<'delegate' | 'assign' | 'take' | 'release' | null>(null);
  const [person, setPerson] = useState('');
  const [people, setPeople] = useState<string[]>([]);
  const queries = useQueryClient();
  const me = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => client.identity.me({}, { signal }),
    staleTime: 60_000,
  });
  const refresh = () => queries.invalidateQueries({ queryKey: ['reviews'] });
  const hold = useMutation({
    mutationFn: () => client.reviews.claim({ params, body: {} }),
    onSuccess: refresh,
    onError: (error) => notifyFailed('You do not hold it', error),
  });
  const release = useMutation({
    mutationFn: () => client.reviews.release({ params, body: {} }),
    onSuccess: refresh,
    onError: (error) => notifyFailed('It is still held', error),
  });
  const caller = me.data?.caller ?? null;
  const isMine = claimedBy !== null && claimedBy.actor === caller?.name;
  const isOperator = caller?.role === 'operator' || caller?.role === 'admin';
  const done = (message: string) => () => {
    setDialog(null);
    notifyDone(message);
    void refresh();
  };
  const command =
    (...flags: readonly string[]) =>
    (reason: string) => [
      'review',
      runId,
      step,
      ...flags,
      ...(reason === '' ? [] : ['--reason', reason]),
    ];
  const close = () => setDialog(null);
  return (
    <Group gap="xs">
      {claimedBy === null ? (
        <Button
          variant="default"
          leftSection={<Hand size={14} aria-hidden />}
          loading={hold.isPending}
          onClick={() => hold.mutate()}
        >
          Hold it
        </Button>
      ) : isMine ? (
        <Button variant="default" loading={release.isPending} onClick={() => release.mutate()}>
          Let it go
        </Button>
      ) : (
        <Button variant="default" onClick={() => setDialog('take')}>
          Take it over…
        </Button>
      )}
      {(claimedBy === null || isMine) && (
        <CliCommand args={['review', runId, step, isMine ? '--release' : '--claim']} />
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<Ellipsis size={14} aria-hidden />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setDialog('delegate')}>Let somebody decide for me…</Menu.Item>
          {isOperator && (
            <Menu.Item onClick={() => setDialog('assign')}>Assign to others…</Menu.Item>
          )}
          {isOperator && claimedBy !== null && !isMine && (
            <Menu.Item onClick={() => setDialog('release')}>
              End the hold of {claimedBy.actor}…
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {dialog === 'take' && (
        <ReasonDialog
          title={`Take it over from ${claimedBy?.actor ?? 'nobody'}`}
          verb="Take it over"
          args={command('--claim', '--take-over')}
          act={(reason) => client.reviews.claim({ params, body: { takeOver: true, reason } })}
          onDone={done('You hold it now')}
          onClose={close}
        />
      )}
      {dialog === 'release' && (
        <ReasonDialog
          title={`End the hold of ${claimedBy?.actor ?? 'nobody'}`}
          verb="End it"
          args={command('--release')}
          act={(reason) => client.reviews.release({ params, body: { reason } })}
          onDone={done('Nobody holds it now')}
          onClose={close}
        />
      )}
      {dialog === 'delegate' && (
        <ReasonDialog
          title="Let somebody decide for you"
          verb="Delegate"
          isOptional
          args={command('--delegate-to', person.trim())}
          about={
            <TextInput
              label="Who"
              description="Name by which they sign in; both of you count once"
              withAsterisk
              value={person}
              onChange={(event) => setPerson(event.currentTarget.value)}
            />
          }
          act={(reason) =>
            client.reviews.delegate({
              params,
              body: { to: person.trim(), ...(reason === '' ? {} : { reason }) },
            })
          }
          onDone={done(`${person.trim()} may decide for you`)}
          onClose={close}
        />
      )}
      {dialog === 'assign' && (
        <ReasonDialog
          title="Assign to others"
          verb="Assign"
          args={command(...people.flatMap((each) => ['--assign-to', each]))}
          about={
            <>
              <TagsInput
                size="xs"
                label="People and groups"
                description="Enter after each name"
                withAsterisk
                acceptValueOnBlur
                value={people}
                onChange={setPeople}
              />
              <Text size="xs" c="dimmed">
                A hold and delegations are over with it.
              </Text>
            </>
          }
          act={(reason) => client.reviews.assign({ params, body: { to: people, reason } })}
          onDone={done(`It is for ${people.join(', ')} now`)}
          onClose={close}
        />
      )}
    </Group>
  );
}
