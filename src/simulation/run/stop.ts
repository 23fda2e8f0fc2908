import type { ActiveRun, Next } from './active-run.ts';
import { failureOf } from './events.ts';

/** Attempts that are told to stop do so at once; others end by themselves. */
export function stopWork(
  { items, children }: ActiveRun,
  mode: 'drain' | 'abort',
  running: readonly string[],
): readonly Next[] {
  for (const step of running) children.get(step)?.cancel(mode);
  if (mode === 'drain') return [];
  const stopped = running.filter((step) => items.has({ step, kind: 'work' }));
  items.close(({ step, kind }) => kind === 'work' && stopped.includes(step));
  return stopped.map((step) => [{ type: `${step}.failed`, failure: failureOf(step, false) }]);
}
