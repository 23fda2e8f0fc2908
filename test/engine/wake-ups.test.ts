import { expect, it } from 'vitest';
import { type CourierDeps, createCourier } from '../../src/engine/courier.ts';
import { createSweeper } from '../../src/engine/sweeper.ts';
import { createUnreadable } from '../../src/engine/unreadable.ts';
import type { WorkDeps } from '../../src/engine/work-deps.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

const turns = (most: number) => Array.from({ length: most }, (_, after) => after);

/** Asks, and once more so many turns later for what has come up just then. @returns whether a look saw it */
async function isSeenWhen(
  after: number,
  createLook: (look: () => void) => () => Promise<void>,
): Promise<boolean> {
  let isThere = false;
  let isSeen = false;
  const ask = createLook(() => {
    isSeen ||= isThere;
  });
  const first = ask();
  for (let turn = 0; turn < after; turn += 1) await Promise.resolve();
  isThere = true;
  await Promise.all([first, ask()]);
  return isSeen;
}

it.each(turns(12))(
  'M018: a message that comes %d turns after the inbox was read is seen',
  async (after) => {
    const isSeen = await isSeenWhen(after, (look) => {
      const store = {
        async inbox() {
          look();
          return [];
        },
      };
      const courier = createCourier({ store } as unknown as CourierDeps);
      return () => courier.broadcast();
    });

    expect(isSeen).toBe(true);
  },
);

it.each(turns(20))(
  'a run that is due %d turns after a look for due runs has begun is seen',
  async (after) => {
    const isSeen = await isSeenWhen(after, (look) => {
      const store = {
        shared: false,
        async claimable() {
          look();
          return [];
        },
        nextDueAtMs: async () => null,
      };
      const deps = {
        store,
        clock: new ManualClock(0),
        settings: { maxSleepMs: 1_000, pollMs: 1_000 },
        inFlight: new Map(),
        isClosed: () => false,
        holds: { lifted: () => [] },
      };
      const courier = { broadcast: async () => {}, deliver: async () => {} };
      const sweeper = createSweeper(
        deps as unknown as WorkDeps,
        courier,
        createUnreadable(deps.clock, 1_000),
        null,
        () => {},
      );
      return () => sweeper.sweep();
    });

    expect(isSeen).toBe(true);
  },
);
