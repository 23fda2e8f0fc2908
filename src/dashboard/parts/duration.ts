const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** The largest unit and, below ten of it, the next: `2 d 4 h`, `37 min`, `1.4 s`, `80 ms`. What lacks a hundredth counts as whole. */
export function durationInWords(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, '')} s`;
  const index = units.findIndex(([, unitMs]) => ms >= unitMs);
  const [unit, unitMs] = units[index] ?? units[3];
  const whole = Math.floor(ms / unitMs + 0.01);
  const next = units[index + 1];
  if (whole >= 10 || next === undefined) return `${whole} ${unit}`;
  const rest = Math.floor((ms - whole * unitMs) / next[1]);
  return rest <= 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${next[0]}`;
}
