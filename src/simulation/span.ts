const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A duration with two or three digits: `1.5 h`, `320 ms`. */
export function shortSpan(ms: number): string {
  const [unit, unitMs] = units.find(([, size]) => ms >= size) ?? ['ms', 1];
  const value = ms / unitMs;
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(2))} ${unit}`;
}
