const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const pattern = /^(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d)$/;

/** 100 years: what lies beyond is a mistake of units, and the sum with any date stays a valid date. */
export const maxDurationMs = 36_500 * unitMs.d;

/**
 * Milliseconds of a duration such as `250ms`, `1.5s`, `5m`, `24h` or `365d`.
 *
 * @returns `null` if the text is not a duration, not a whole number of milliseconds, or longer than {@link maxDurationMs}
 */
export function parseDuration(text: string): number | null {
  const match = text.length > 32 ? null : pattern.exec(text);
  if (match === null) return null;
  const exact = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  const whole = Math.round(exact);
  if (Math.abs(exact - whole) > 1e-6 || whole > maxDurationMs) return null;
  return whole;
}
