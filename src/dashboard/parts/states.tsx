/** What a page shows while it has nothing to show: it loads, it is empty, it failed. */
import { Alert, Anchor, Button, Center, Group, Skeleton, Stack, Text } from '@mantine/core';
import type { LucideIcon } from 'lucide-react';
import { CircleAlert, Inbox, Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ServiceError } from '../../client/index.ts';

/** @param rows - lines to stand in for, default 6 */
export function Loading({ rows = 6 }: { readonly rows?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={row === 0 ? 24 : 18} width={row === 0 ? '30%' : '100%'} />
      ))}
    </Stack>
  );
}

/** Says what would stand here, and how it comes about. */
export function Empty({
  title,
  children,
  icon: Icon = Inbox,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly icon?: LucideIcon;
}) {
  return (
    <Center py={56} px="md">
      <Stack align="center" gap={6} maw={460}>
        <Icon size={28} strokeWidth={1.5} aria-hidden color="var(--mantine-color-dimmed)" />
        <Text fw={600}>{title}</Text>
        {children !== undefined && (
          <Text component="div" size="sm" c="dimmed" ta="center">
            {children}
          </Text>
        )}
      </Stack>
    </Center>
  );
}

/** @param retry - asks again */
export function Failure({
  error,
  retry,
  children,
}: {
  readonly error: unknown;
  readonly retry?: () => void;
  readonly children?: ReactNode;
}) {
  const { message, hint, code } = describe(error);
  if (error instanceof ServiceError && error.status === 403) {
    return (
      <NotAllowed>
        {message}. {hint}
      </NotAllowed>
    );
  }
  if (error instanceof ServiceError && error.status === 404) {
    return (
      <Empty title={message}>
        {hint ?? 'The address may be mistyped, or what was here has been removed.'}
        <br />
        <Anchor component={Link} href="/runs" size="sm">
          To the runs
        </Anchor>
      </Empty>
    );
  }
  return (
    <Alert
      color="red"
      variant="light"
      icon={<CircleAlert size={18} aria-hidden />}
      title={message}
      role="alert"
    >
      <Stack gap="xs">
        {hint !== undefined && <Text size="sm">{hint}</Text>}
        <Group gap="sm">
          {retry !== undefined && (
            <Button variant="default" onClick={retry}>
              Try again
            </Button>
          )}
          {children}
          {code !== undefined && (
            <Text size="xs" c="dimmed" className="mono">
              {code}
            </Text>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

/** For whom the service refuses what the page is for. */
export function NotAllowed({ children }: { readonly children?: ReactNode }) {
  return (
    <Empty icon={Lock} title="Your role does not allow this">
      {children ?? 'An administrator may give you another one.'}
    </Empty>
  );
}

export function NotFound() {
  return (
    <Empty title="There is no page at this address">
      <Anchor component={Link} href="/runs" size="sm">
        To the runs
      </Anchor>
    </Empty>
  );
}

/** An error in words a person can act on. */
export function describe(error: unknown): {
  readonly message: string;
  readonly hint?: string;
  readonly code?: string;
} {
  if (error instanceof ServiceError) {
    const { message, hint, code } = error;
    return { message, code, ...(hint !== undefined && { hint }) };
  }
  if (error instanceof TypeError && /fetch|network/i.test(error.message)) {
    return {
      message: 'The service does not answer',
      hint: 'It may be starting or stopped; this page tries again when it is back.',
    };
  }
  if (
    error instanceof Error &&
    /preload CSS|dynamically imported|module script/.test(error.message)
  ) {
    return {
      message: 'This page could not be loaded',
      hint: 'The service does not answer, or it has a newer dashboard than this window: load the page again.',
    };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}
