import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { notifyFailed } from '../../parts/notify.ts';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

type Me = AnswerOf<typeof api.identity.me>;

/** Who calls, and since when or until when. */
export function SignInState({ me }: { readonly me: Me }) {
  const { caller, mode, via, expiresAt } = me;
  const queries = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => client.identity.signOut(),
    async onSuccess({ url }) {
      if (url !== null) window.location.assign(url);
      else await queries.invalidateQueries();
    },
    onError: (error) => notifyFailed('You are still signed in', error),
  });
  return (
    <section className="card" style={{ padding: 16 }} aria-labelledby="you">
      <Group justify="space-between" align="flex-start">
        <Stack gap={4}>
          <Title order={2} id="you">
            You
          </Title>
          {caller === null ? (
            <Text size="sm">You are not signed in.</Text>
          ) : (
            <>
              <Group gap="xs">
                <Text size="sm" fw={600}>
                  {caller.name}
                </Text>
                <Tag tint="blue">{caller.role}</Tag>
                {caller.groups.map((group) => (
                  <Tag key={group}>{group}</Tag>
                ))}
              </Group>
              <Text size="sm" c="dimmed">
                {mode === 'development'
                  ? 'Development: everybody on this machine is the administrator, without signing in.'
                  : `Signed in by ${via ?? 'session'}.`}
                {expiresAt !== null && (
                  <>
                    {' '}
                    It ends <Time at={expiresAt} />.
                  </>
                )}
                {caller.workflows !== null && ` Limited to ${caller.workflows.join(', ')}.`}
              </Text>
            </>
          )}
        </Stack>
        {via === 'session' && (
          <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
            Sign out
          </Button>
        )}
      </Group>
    </section>
  );
}
