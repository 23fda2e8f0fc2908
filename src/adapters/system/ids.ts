import { randomBytes } from 'node:crypto';
import type { Ids } from '../../ports/ids.ts';

/** Time in 9 digits of base 36 (good to the year 5188), then 80 random bits: ids sort by creation and cannot be guessed. */
export function createSystemIds(nowMs: () => number): Ids {
  return {
    runId: () =>
      `${Math.max(0, nowMs()).toString(36).padStart(9, '0')}-${randomBytes(10).toString('hex')}`,
    token: () => randomBytes(16).toString('hex'),
    random: () => Math.random(),
  };
}
