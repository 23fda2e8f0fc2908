import { Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** A number and what it counts. */
export function Figure({
  value,
  label,
  about,
}: {
  readonly value: ReactNode;
  readonly label: string;
  readonly about?: string;
}) {
  return (
    <div>
      <Text fz={22} fw={600} className="tabular" lh={1.2}>
        {value}
      </Text>
      <Text size="sm">{label}</Text>
      {about !== undefined && (
        <Text size="xs" c="dimmed">
          {about}
        </Text>
      )}
    </div>
  );
}
