/** Who is signed in; without anybody, how one signs in instead of the page. */
import {
  Button,
  Center,
  Menu,
  PasswordInput,
  Stack,
  Text,
  Title,
  UnstyledButton,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { CircleUserRound, LogIn, LogOut } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { basePath, placeHere } from '../data/base-path.ts';
import { client } from '../data/client.ts';
import { type Me, useMe } from '../data/me.ts';
import { notifyFailed } from '../parts/notify.ts';
import { Failure } from '../parts/states.tsx';
import styles from './shell.module.css';

/** The pages, for whoever may see them. */
export function SignedIn({ children }: { readonly children: ReactNode }) {
  const me = useMe();
  return me.data?.mode === 'sign-in' && me.data.caller === null ? (
    <SignIn me={me.data} />
  ) : (
    children
  );
}

function SignIn({ me: { provider } }: { readonly me: Me }) {
  const [token, setToken] = useState('');
  const signIn = useMutation({
    mutationFn: () => client.identity.signIn({ body: { token: token.trim() } }),
    // Anew, news of the runs included
    onSuccess: () => window.location.reload(),
  });
  return (
    <Center mih="60dvh">
      <Stack className="card" p="xl" w={380} maw="100%" gap="md">
        <Title order={1}>Sign in</Title>
        {provider !== null && (
          <Button
            component="a"
            href={`${provider.url}?to=${encodeURIComponent(placeHere())}`}
            size="sm"
            leftSection={<LogIn size={16} aria-hidden />}
          >
            {`Sign in with ${provider.name}`}
          </Button>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            signIn.mutate();
          }}
        >
          <Stack gap="sm">
            <PasswordInput
              label={provider === null ? 'API token' : 'Or by an API token'}
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              autoComplete="off"
              required
            />
            {signIn.isError && <Failure error={signIn.error} />}
            <Button
              type="submit"
              variant={provider === null ? 'filled' : 'default'}
              loading={signIn.isPending}
              disabled={token.trim() === ''}
            >
              Sign in
            </Button>
          </Stack>
        </form>
      </Stack>
    </Center>
  );
}

export function AccountMenu() {
  const { data: me } = useMe();
  const signOut = useMutation({
    mutationFn: () => client.identity.signOut(),
    onSuccess: ({ url }) => window.location.assign(url ?? `${basePath}/`),
    onError: (error) => notifyFailed('You are still signed in', error),
  });
  if (me?.caller == null) return null;
  const { name, role, groups } = me.caller;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton className={styles['account']} aria-label={`Signed in as ${name}`}>
          <CircleUserRound size={18} aria-hidden />
          <span className={`truncate ${styles['accountName']}`}>{name}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown maw={280}>
        <Menu.Label>
          {name}, {role}
          {groups.length > 0 && <Text size="xs">in {groups.join(', ')}</Text>}
          {me.mode === 'development' && <Text size="xs">development, without sign-in</Text>}
        </Menu.Label>
        {me.via === 'session' && (
          <Menu.Item
            leftSection={<LogOut size={14} aria-hidden />}
            onClick={() => signOut.mutate()}
          >
            Sign out
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
