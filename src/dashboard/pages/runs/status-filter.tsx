/** The statuses with their counts, and what waits for people in any of them; each narrows the list to itself. */
import { UnstyledButton } from '@mantine/core';
import { ClipboardCheck } from 'lucide-react';
import { type Status, statusLooks } from '../../parts/status-badge.tsx';
import styles from './runs.module.css';

const order = Object.keys(statusLooks) as readonly Status[];

export function StatusFilter({
  counts,
  total,
  chosen,
  onChange,
  inReview,
  isInReview,
  onInReview,
}: {
  readonly counts: { readonly [status in Status]?: number | undefined } | undefined;
  readonly total: number | undefined;
  readonly chosen: readonly Status[];
  readonly onChange: (chosen: readonly Status[]) => void;
  /** Runs of any status with an open review; `undefined` while it is not known. */
  readonly inReview: number | undefined;
  readonly isInReview: boolean;
  readonly onInReview: (isInReview: boolean) => void;
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
      <UnstyledButton
        className={styles['status']}
        data-tint="amber"
        aria-pressed={isInReview}
        onClick={() => onInReview(!isInReview)}
      >
        <ClipboardCheck size={13} strokeWidth={2.2} aria-hidden />
        With an open review <Count value={inReview} />
      </UnstyledButton>
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
