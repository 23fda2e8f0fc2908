/** Who calls, how the page tells time, and who else may call. */
import { Radio, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { client } from '../../data/client.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { Failure, Loading } from '../../parts/states.tsx';
import { useTimeStyle } from '../../parts/time.tsx';
import { Sessions } from './sessions.tsx';
import { SignInState } from './sign-in-state.tsx';
import { Tokens } from './tokens.tsx';

export function SettingsPage() {
  const me = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => client.identity.me({}, { signal }),
  });
  const [style, setStyle] = useTimeStyle();
  return (
    <>
      <PageHeader
        title="Settings"
        about="Who you are here, how times are shown, and who else may call."
      />
      <Stack gap="md" maw={900}>
        {me.isPending && <Loading rows={3} />}
        {me.isError && <Failure error={me.error} retry={() => void me.refetch()} />}
        {me.data !== undefined && <SignInState me={me.data} />}
        <section className="card" style={{ padding: 16 }} aria-labelledby="times">
          <Title order={2} id="times" mb="xs">
            Times
          </Title>
          <Radio.Group
            aria-labelledby="times"
            value={style}
            onChange={(next) => setStyle(next === 'absolute' ? 'absolute' : 'relative')}
          >
            <Stack gap="xs">
              <Radio value="relative" label="How long ago or ahead, the exact time on demand" />
              <Radio value="absolute" label="The exact time, in the zone of this browser" />
            </Stack>
          </Radio.Group>
          <Text size="xs" c="dimmed" mt="xs">
            Kept in this browser.
          </Text>
        </section>
        {me.data?.caller?.role === 'admin' && (
          <>
            <Tokens />
            <Sessions />
          </>
        )}
      </Stack>
    </>
  );
}
