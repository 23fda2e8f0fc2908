/** What can be done to the runs that are chosen, or to all that the filter finds. */
import { Button, Group, Text } from '@mantine/core';
import { Ban, Pause, Play, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { BulkDialog, type BulkKind } from './bulk-dialog.tsx';
import type { RunFilters } from './run-filters.ts';
import styles from './runs.module.css';
import { toSelection } from './selection.ts';

const kinds = [
  { kind: 'retry', label: 'Retry', icon: RotateCcw },
  { kind: 'pause', label: 'Pause', icon: Pause },
  { kind: 'resume', label: 'Resume', icon: Play },
  { kind: 'cancel', label: 'Cancel', icon: Ban },
] as const;

export function BulkBar({
  chosen,
  filters,
  total,
  onClear,
}: {
  readonly chosen: ReadonlySet<string>;
  readonly filters: RunFilters;
  /** Runs that the filter finds. */
  readonly total: number | undefined;
  readonly onClear: () => void;
}) {
  const [isAll, setIsAll] = useState(false);
  const [open, setOpen] = useState<{
    readonly kind: BulkKind;
    readonly selection: ReturnType<typeof toSelection>;
  } | null>(null);
  const mayTakeAll = total !== undefined && total > chosen.size;
  const count = isAll ? (total ?? chosen.size) : chosen.size;
  const clear = () => {
    setIsAll(false);
    onClear();
  };
  return (
    <section className={`card ${styles['bulk']}`} aria-label="Chosen runs">
      <Text size="sm" fw={600} aria-live="polite">
        {count.toLocaleString('en')} {count === 1 ? 'run' : 'runs'} chosen
      </Text>
      {!isAll && mayTakeAll && (
        <Button variant="subtle" size="compact-sm" onClick={() => setIsAll(true)}>
          Choose all {total.toLocaleString('en')} that fit the filter
        </Button>
      )}
      <Group gap="xs" ml="auto">
        {kinds.map(({ kind, label, icon: Icon }) => (
          <Button
            key={kind}
            variant="default"
            leftSection={<Icon size={14} aria-hidden />}
            onClick={() =>
              setOpen({
                kind,
                selection: isAll ? toSelection(filters, Date.now()) : { runIds: [...chosen] },
              })
            }
          >
            {label}…
          </Button>
        ))}
        <Button variant="subtle" color="gray" onClick={clear}>
          Clear
        </Button>
      </Group>
      {open !== null && (
        <BulkDialog
          kind={open.kind}
          selection={open.selection}
          onClose={() => setOpen(null)}
          onStarted={clear}
        />
      )}
    </section>
  );
}
