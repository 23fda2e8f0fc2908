import { Table } from '@mantine/core';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { dstWords, localText, type Slot } from './schedule-parts.ts';

/** Times a rule fires at, with a mark where clocks are set. */
export function Slots({
  slots,
  label,
}: {
  readonly slots: readonly Slot[];
  readonly label: string;
}) {
  return (
    <Table aria-label={label}>
      <Table.Tbody>
        {slots.map((slot) => (
          <Table.Tr key={slot.at} data-dst={slot.dst ?? undefined}>
            <Table.Td className="tabular" style={{ whiteSpace: 'nowrap' }}>
              {localText(slot.local)}
              {slot.dst !== null && (
                <div>
                  <Tag tint="violet">{dstWords[slot.dst]}</Tag>
                </div>
              )}
            </Table.Td>
            <Table.Td c="dimmed" style={{ whiteSpace: 'nowrap' }}>
              <Time at={slot.at} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
