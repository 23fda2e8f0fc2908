/** Keeps the leases of runs this engine works on, also while it closes, until it gives them back. */
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import type { RunTable } from './run-table.ts';
import type { Settings } from './settings.ts';

export interface Leases {
  /** Renews them no more; whoever wants the runs may take them at once. */
  giveBack(): Promise<void>;
}

interface LeaseDeps {
  readonly store: Store;
  readonly runs: RunTable;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly owner: string;
  readonly log: Logger;
}

/** Of a store nobody else works on nothing has to be kept. */
export function keepLeases({ store, runs, clock, settings, owner, log }: LeaseDeps): Leases {
  let isOver = !store.shared;
  let renewing = Promise.resolve();
  let stopWaiting = isOver ? () => {} : renewLater();

  function renewLater(): () => void {
    return clock.after(settings.leaseMs / 3, () => {
      renewing = renew().finally(() => {
        if (!isOver) stopWaiting = renewLater();
      });
    });
  }

  async function renew(): Promise<void> {
    const held = runs.leased();
    if (held.length === 0) return;
    // A commit on its way may be the one that takes the lease.
    const unsettled = new Set(held.filter((runId) => runs.isPending(runId)));
    try {
      const lost = await store.renew(owner, held, clock.nowMs() + settings.leaseMs);
      for (const runId of lost)
        if (!unsettled.has(runId) && !runs.isPending(runId)) runs.drop(runId);
    } catch (error) {
      log.error({ err: error }, 'leases could not be renewed');
    }
  }

  return {
    async giveBack() {
      if (isOver) return;
      isOver = true;
      stopWaiting();
      await renewing;
      const held = runs.leased();
      if (held.length === 0) return;
      try {
        await store.renew(owner, held, 0);
      } catch (error) {
        log.warn({ err: error }, 'leases were not given back; they expire by themselves');
      }
    },
  };
}
