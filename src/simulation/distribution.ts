/** How long something takes, by chance. */
import { z } from 'zod';
import { maxDurationMs, parseDuration } from '../plan/duration.ts';

/** Milliseconds, or a duration such as `30s`. */
const Ms = z
  .union([z.number(), z.string()])
  .transform((value) => (typeof value === 'number' ? value : (parseDuration(value) ?? Number.NaN)))
  .refine((ms) => ms >= 0 && ms <= maxDurationMs, 'is no duration such as "30s"');

/**
 * A fixed duration, or one drawn: `exponential` by its mean, `uniform` between two, `lognormal` by its median and the value that 90% stay below,
 * `empirical` one of those observed.
 */
export const Distribution = z.union([
  Ms.transform((ms) => ({ kind: 'fixed' as const, ms })),
  z.strictObject({ kind: z.literal('fixed'), ms: Ms }),
  z.strictObject({ kind: z.literal('exponential'), mean: Ms }),
  z.strictObject({ kind: z.literal('uniform'), min: Ms, max: Ms }),
  z.strictObject({ kind: z.literal('lognormal'), median: Ms, p90: Ms }),
  z.strictObject({ kind: z.literal('empirical'), values: z.array(Ms).min(1).max(10_000) }),
]);
export type Distribution = z.output<typeof Distribution>;

/** The 90% point of the standard normal distribution. */
const z90 = 1.2815515655446004;

/** @param random - draws in [0, 1) @returns milliseconds, 0 or more */
export function drawMs(distribution: Distribution, random: () => number): number {
  switch (distribution.kind) {
    case 'fixed':
      return distribution.ms;
    case 'exponential':
      return -Math.log(1 - random()) * distribution.mean;
    case 'uniform':
      return distribution.min + (distribution.max - distribution.min) * random();
    case 'lognormal': {
      const { median, p90 } = distribution;
      if (median <= 0) return 0;
      return median * Math.exp((Math.log(Math.max(1, p90 / median)) / z90) * drawNormal(random));
    }
    case 'empirical':
      return distribution.values[Math.floor(random() * distribution.values.length)] ?? 0;
    default:
      return distribution satisfies never;
  }
}

/** Box and Muller. */
function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
