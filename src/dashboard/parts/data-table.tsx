import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** A table with a heading over every column, which scrolls sideways, by keyboard too, where it is narrower than it needs to be. */
export function DataTable({
  label,
  columns,
  minWidth,
  children,
}: {
  readonly label: string;
  /** Empty: a column of buttons, which needs no heading. */
  readonly columns: readonly string[];
  /** In pixels. */
  readonly minWidth: number;
  /** The rows. */
  readonly children: ReactNode;
}) {
  return (
    <Table.ScrollContainer minWidth={minWidth} tabIndex={0} role="group" aria-label={label}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) =>
              column === '' ? (
                <Table.Td key={column} />
              ) : (
                <Table.Th key={column} scope="col">
                  {column}
                </Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
