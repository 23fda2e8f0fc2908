import { createDraws } from '../../../src/testing/crash/draws.ts';

/** Whether every place is tried, not just a sample. */
export const isFull = process.env['SIGNALBOX_TEST_FULL'] === '1';

/** Printed by every test that draws; set `SIGNALBOX_TEST_SEED` to draw the same again. */
export const seed = Number(
  process.env['SIGNALBOX_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31),
);

export function drawsOf(name: string): () => number {
  return createDraws(name, seed);
}

/** Lines in the output of the test run, which show that the places were really reached. */
export function report(line: string): void {
  process.stdout.write(`crash: ${line}\n`);
}

/** Options of the published suite: every place if asked for, else so many. */
export function sampled(size: number): { readonly seed: number; readonly sample?: number } {
  return isFull ? { seed } : { seed, sample: size };
}
