/** `--highlight`: names in a row, or a file with the counterexample of a check. */
import { z } from 'zod';
import { type PathToShow, pathOfNames } from '../diagram/highlight.ts';
import type { Plan } from '../plan/plan.ts';
import { readJson } from './json-argument.ts';
import { UsageError } from './usage-error.ts';

const Path = z.object({
  steps: z.array(z.string().max(200)).max(10_000),
  moves: z
    .array(z.object({ from: z.string().max(2_000), to: z.string().max(2_000).nullable() }))
    .max(10_000),
});

/** @throws UsageError, SignalboxError `PATH_UNKNOWN` */
export async function parseHighlight(plan: Plan, given: string): Promise<PathToShow> {
  if (!given.endsWith('.json')) return pathOfNames(plan, namesIn(given));
  const found = firstPath(await readJson('--highlight', given, process.stdin));
  if (found === null)
    throw new UsageError(
      `--highlight: "${given}" holds no path`,
      'Give what `signalbox check --json` prints, or an object with "steps" and "moves"',
    );
  return found;
}

function namesIn(given: string): readonly string[] {
  return given
    .split(/,|->|→|>/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The document itself, or the first counterexample in what a check has printed. */
function firstPath(document: unknown): PathToShow | null {
  const pending: unknown[] = [document];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const path = Path.safeParse(next);
    if (path.success) return path.data;
    if (typeof next === 'object' && next !== null) pending.push(...Object.values(next));
  }
  return null;
}
