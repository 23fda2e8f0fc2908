/** Status by colour, icon and word: none of them alone. */
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CirclePlay,
  CircleX,
  type LucideIcon,
  Undo2,
  UserRound,
} from 'lucide-react';
import type { z } from 'zod';
import type { RunStatus } from '../../api/parts.ts';
import type { Run } from '../../api/run-shapes.ts';
import styles from './status-badge.module.css';

export type Status = z.infer<typeof RunStatus>;
/** Roles of colour, see the style sheet. */
export type Tint = 'neutral' | 'blue' | 'amber' | 'green' | 'red' | 'violet';

export const statusLooks: Readonly<
  Record<Status, { readonly label: string; readonly tint: Tint; readonly icon: LucideIcon }>
> = {
  pending: { label: 'Pending', tint: 'neutral', icon: CircleDashed },
  processing: { label: 'Processing', tint: 'blue', icon: CirclePlay },
  waiting_review: { label: 'Closing review', tint: 'amber', icon: UserRound },
  compensating: { label: 'Compensating', tint: 'violet', icon: Undo2 },
  complete: { label: 'Complete', tint: 'green', icon: CircleCheck },
  failed: { label: 'Failed', tint: 'red', icon: CircleX },
  cancelled: { label: 'Cancelled', tint: 'neutral', icon: Ban },
};

/** By itself, with its workflow or with everything. */
export function isHeld(run: Pick<Run, 'paused' | 'heldBy'>): boolean {
  return run.paused || run.heldBy.length > 0;
}

export function StatusBadge({
  status,
  isPaused = false,
}: {
  readonly status: Status;
  readonly isPaused?: boolean;
}) {
  const { label, tint, icon } = statusLooks[status];
  return (
    <span className={styles['pair']}>
      <Tag tint={tint} icon={icon}>
        {label}
      </Tag>
      {isPaused && (
        <Tag tint="amber" icon={CirclePause}>
          Paused
        </Tag>
      )}
    </span>
  );
}

/** A word in its colour, with an icon. */
export function Tag({
  tint = 'neutral',
  icon: Icon,
  children,
}: {
  readonly tint?: Tint;
  readonly icon?: LucideIcon;
  readonly children: string;
}) {
  return (
    <span className={styles['tag']} data-tint={tint}>
      {Icon !== undefined && <Icon size={13} strokeWidth={2.2} aria-hidden />}
      {children}
    </span>
  );
}
