/** What two versions drawn as one differ in, as a list beside the chart or as a table in its place. */
import { Table, Text, UnstyledButton } from '@mantine/core';
import { createLucideIcon, Equal, Minus, Plus } from 'lucide-react';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import styles from './workflow.module.css';

export type ChangeRow = AnswerOf<typeof api.workflows.changes>['rows'][number];

/** As it stands on the chart. */
const Wave = createLucideIcon('wave', [
  ['path', { d: 'M4 14c2.6-5.4 5.6-5.4 8-2.3s5.4 3.1 8-2.2', key: 'wave' }],
]);

const looks = {
  added: { tint: 'green', icon: Plus, label: 'Added' },
  removed: { tint: 'red', icon: Minus, label: 'Removed' },
  changed: { tint: 'amber', icon: Wave, label: 'Changed' },
  same: { tint: 'neutral', icon: Equal, label: 'As before' },
} as const;

function ChangeTag({ change }: Pick<ChangeRow, 'change'>) {
  const { label, tint, icon } = looks[change ?? 'same'];
  return (
    <Tag tint={tint} icon={icon}>
      {label}
    </Tag>
  );
}

/** The signs of the chart, and how its lines are drawn. */
export function ChangeLegend({ rows }: { readonly rows: readonly ChangeRow[] }) {
  return (
    <ul className={styles['legend']} aria-label="Signs on the chart">
      {(['added', 'removed', 'changed', null] as const).map((change) => (
        <li key={change}>
          <ChangeTag change={change} />
          <svg width="26" height="8" aria-hidden data-change={change ?? 'same'}>
            <path d="M1 4h24" />
          </svg>
          <span className="tabular">{rows.filter((row) => row.change === change).length}</span>
        </li>
      ))}
    </ul>
  );
}

export function ChangeList({
  rows,
  chosen,
  onChoose,
}: {
  readonly rows: readonly ChangeRow[];
  readonly chosen: string | null;
  readonly onChoose: (node: string) => void;
}) {
  const changed = rows.filter(({ change }) => change !== null);
  if (changed.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing that is drawn here: the lists below say what else differs.
      </Text>
    );
  return (
    <ul className={styles['changes']} aria-label="Changes on the chart">
      {changed.map((row) => (
        <li key={row.id}>
          <UnstyledButton
            className={styles['change']}
            data-chosen={row.part === 'box' && row.node === chosen}
            onClick={() => onChoose(row.node)}
          >
            <ChangeTag change={row.change} />
            <Text size="sm" fw={row.part === 'box' ? 600 : 400} component="span">
              {row.name}
            </Text>
            <Text size="xs" c="dimmed" component="span" className={styles['note']}>
              {row.note ?? row.about}
            </Text>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}

export function ChangeTable({ rows }: { readonly rows: readonly ChangeRow[] }) {
  return (
    <DataTable
      label="Both versions"
      minWidth={520}
      columns={['Part', 'What', 'Change', 'Otherwise']}
    >
      {rows.map((row) => (
        <Table.Tr key={row.id}>
          <Table.Td fw={row.part === 'box' ? 600 : 400}>{row.name}</Table.Td>
          <Table.Td>{row.about}</Table.Td>
          <Table.Td>
            <ChangeTag change={row.change} />
          </Table.Td>
          <Table.Td>{row.note}</Table.Td>
        </Table.Tr>
      ))}
    </DataTable>
  );
}
