/** The statuses with their counts; each narrows the list to itself. */
import { UnstyledButton } from '@mantine/core';
import { type Status, statusLooks } from '../../parts/status-badge.tsx';
import styles from './runs.module.css';

const order = Object.keys(statusLooks) as readonly Status[];

export function StatusFilter({
  counts,
  total,
  chosen,
  onChange,
}: {
  readonly counts: { readonly [status in Status]?: number | undefined } | undefined;
  readonly total: number | undefined;
  readonly chosen: readonly Status[];
  readonly onChange: (chosen: readonly Status[]) => void;
}) {
  const toggle = (status: Status) =>
    onChange(
      chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status],
    );
  return (
    <div className={styles['statuses']} role="group" aria-label="Status">
      <UnstyledButton
        className={styles['status']}
        aria-pressed={chosen.length === 0}
        onClick={() => onChange([])}
      >
        All <Count value={total} />
      </UnstyledButton>
      {order.map((status) => {
        const { label, icon: Icon, tint } = statusLooks[status];
        return (
          <UnstyledButton
            key={status}
            className={styles['status']}
            data-tint={tint}
            aria-pressed={chosen.includes(status)}
            onClick={() => toggle(status)}
          >
            <Icon size={13} strokeWidth={2.2} aria-hidden />
            {label} <Count value={counts?.[status] ?? (counts === undefined ? undefined : 0)} />
          </UnstyledButton>
        );
      })}
    </div>
  );
}

function Count({ value }: { readonly value: number | undefined }) {
  return (
    <span className={styles['count']}>
      {value === undefined ? '…' : value.toLocaleString('en')}
    </span>
  );
}
