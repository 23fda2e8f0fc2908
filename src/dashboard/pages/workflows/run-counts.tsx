/** How many runs stand where: words and icons, each a link to those runs. */
import { Anchor, Group, Text } from '@mantine/core';
import { Link } from 'wouter';
import { RunStatus } from '../../../api/parts.ts';
import { statusLooks } from '../../parts/status-badge.tsx';

export function RunCounts({
  workflow,
  counts,
}: {
  readonly workflow: string;
  readonly counts: Readonly<Record<string, number>>;
}) {
  const present = RunStatus.options.filter((status) => (counts[status] ?? 0) > 0);
  if (present.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        none yet
      </Text>
    );
  }
  return (
    <Group gap="4px 12px">
      {present.map((status) => {
        const { label, icon: Icon, tint } = statusLooks[status];
        return (
          <Anchor
            key={status}
            component={Link}
            size="sm"
            c={`var(--sb-${tint}-ink)`}
            href={`/runs?workflow=${encodeURIComponent(workflow)}&status=${status}`}
          >
            <Group gap={4} component="span" wrap="nowrap">
              <Icon size={13} aria-hidden />
              <span className="tabular">
                {counts[status]} {label.toLowerCase()}
              </span>
            </Group>
          </Anchor>
        );
      })}
    </Group>
  );
}
