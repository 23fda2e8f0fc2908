import { SignalboxError } from '../errors.ts';
import type { RunStatus } from '../plan/plan.ts';

export const runStatuses = [
  'pending',
  'processing',
  'waiting_review',
  'compensating',
  'complete',
  'failed',
  'cancelled',
] as const;

/** Every legal change of a run's status, 13 of 49 pairs. There is no way to `complete` but through `waiting_review`. */
export const lifecycle: { readonly [from in RunStatus]: readonly RunStatus[] } = {
  pending: ['processing', 'cancelled'],
  processing: ['waiting_review', 'compensating', 'failed', 'cancelled'],
  waiting_review: ['complete', 'compensating', 'failed', 'cancelled'],
  compensating: ['failed', 'cancelled'],
  complete: [],
  failed: ['pending'],
  cancelled: [],
};

export function isTerminal(status: RunStatus): boolean {
  return status === 'complete' || status === 'failed' || status === 'cancelled';
}

/** @throws SignalboxError `INVALID_TRANSITION` naming the present status, the wanted one and the allowed ones */
export function assertLegal(from: RunStatus, to: RunStatus): void {
  if (lifecycle[from].includes(to)) return;
  const allowed = lifecycle[from].length === 0 ? 'none' : lifecycle[from].join(', ');
  throw new SignalboxError(
    'INVALID_TRANSITION',
    `A run cannot go from "${from}" to "${to}"; allowed: ${allowed}`,
    {
      details: { from, to, allowed: lifecycle[from] },
    },
  );
}
