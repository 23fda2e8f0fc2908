import { Anchor, Table, Text } from '@mantine/core';
import { CircleCheck, CircleSlash, CircleX, Clock3 } from 'lucide-react';
import { Link } from 'wouter';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { Fire } from './schedule-parts.ts';

const looks = {
  started: { tint: 'green', icon: CircleCheck, label: 'Started' },
  published: { tint: 'green', icon: CircleCheck, label: 'Published' },
  skipped: { tint: 'neutral', icon: CircleSlash, label: 'Skipped' },
  missed: { tint: 'amber', icon: CircleSlash, label: 'Missed' },
  queued: { tint: 'blue', icon: Clock3, label: 'Queued' },
  failed: { tint: 'red', icon: CircleX, label: 'Failed' },
} as const;

const causes: Readonly<Record<Fire['cause'], string>> = {
  schedule: '',
  catch_up: 'made up for',
  backfill: 'backfill',
  manual: 'by hand',
};

/** What became of the last times, newest first. */
export function Fires({ fires }: { readonly fires: readonly Fire[] }) {
  if (fires.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        It has not fired yet.
      </Text>
    );
  }
  return (
    <Table aria-label="Last times">
      <Table.Tbody>
        {fires.map((fire) => {
          const { tint, icon, label } = looks[fire.outcome];
          const times =
            fire.count > 1 ? ` ${fire.isAtLeast ? 'at least ' : ''}${fire.count} times` : '';
          return (
            <Table.Tr key={`${fire.slot} ${fire.at}`}>
              <Table.Td c="dimmed">
                <Time at={fire.slot} />
              </Table.Td>
              <Table.Td>
                <Tag tint={tint} icon={icon}>{`${label}${times}`}</Tag>
              </Table.Td>
              <Table.Td>
                {fire.runId !== null && (
                  <Anchor
                    component={Link}
                    size="sm"
                    underline="always"
                    href={`/runs/${encodeURIComponent(fire.runId)}`}
                  >
                    run
                  </Anchor>
                )}{' '}
                <Text span size="xs" c="dimmed">
                  {[causes[fire.cause], fire.reason].filter(Boolean).join(': ')}
                </Text>
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}
