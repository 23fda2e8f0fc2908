import { Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

/** Title of a page, what it is about, and what can be done on it. */
export function PageHeader({
  title,
  about,
  children,
}: {
  readonly title: string;
  readonly about?: ReactNode;
  /** Actions, at the right. */
  readonly children?: ReactNode;
}) {
  useDocumentTitle(`${title} · Signalbox`);
  return (
    <Group justify="space-between" align="flex-start" gap="sm" mb="md">
      <Stack gap={2} style={{ minWidth: 0 }}>
        <Title order={1}>{title}</Title>
        {about !== undefined && (
          <Text component="div" size="sm" c="dimmed">
            {about}
          </Text>
        )}
      </Stack>
      {children !== undefined && <Group gap="xs">{children}</Group>}
    </Group>
  );
}
