import { randomFillSync } from 'node:crypto';
import type { Ids } from '../../ports/ids.ts';

/** Time in 9 digits of base 36 (good to the year 5188), then 80 random bits: ids sort by creation and cannot be guessed. */
export function createSystemIds(nowMs: () => number): Ids {
  return {
    runId: () => `${Math.max(0, nowMs()).toString(36).padStart(9, '0')}-${randomHex(10)}`,
    token: () => randomHex(16),
    random: () => Math.random(),
  };
}

/** Drawn in blocks, since asking the system costs as much for many bytes as for a few; none is given out twice. */
const block = Buffer.alloc(4_096);
let used = block.length;

function randomHex(bytes: number): string {
  if (used + bytes > block.length) {
    randomFillSync(block);
    used = 0;
  }
  used += bytes;
  return block.toString('hex', used - bytes, used);
}
