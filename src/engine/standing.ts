/** Where a run stands, in the words by which people look for runs. */
import type { RunStatus } from '../plan/plan.ts';
import type { Standing } from '../ports/store.ts';
import type { OpenItem } from './run-body.ts';
import type { Waiting } from './waiting.ts';

/** States beyond this number are not looked for; a chart with more is in all of its statuses' lists anyway. */
const maxStates = 100;

interface Stands {
  readonly status: RunStatus;
  readonly open: readonly OpenItem[];
  readonly pausedAtMs: number | null;
  /** Value of the chart's snapshot. */
  readonly value: unknown;
}

export function standingOf({ open, pausedAtMs, value }: Stands): Standing {
  const waits: Record<string, number> = pausedAtMs === null ? {} : { pause: pausedAtMs };
  for (const item of open) {
    const kind = item.kind === 'timer' ? kindOfTimer(item.name) : item.kind;
    waits[kind] = Math.min(waits[kind] ?? Number.POSITIVE_INFINITY, item.sinceMs);
  }
  return { waits, states: pathsIn(value) };
}

/** As {@link Waiting} calls what a timer stands for. */
export function kindOfTimer(name: string): Waiting['kind'] {
  if (name === 'retry_due') return 'retry';
  if (name === 'deferral_over') return 'breaker';
  return name === 'started' ? 'start' : 'timer';
}

function pathsIn(root: unknown): readonly string[] {
  const paths: string[] = [];
  const pending: (readonly [prefix: string, value: unknown])[] = [['', root]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [prefix, value] = next;
    if (typeof value === 'string') paths.push(`${prefix}${value}`);
    else if (typeof value === 'object' && value !== null) {
      const inner = Object.entries(value);
      if (inner.length === 0) paths.push(prefix.slice(0, -1));
      for (const [name, below] of inner.toReversed()) pending.push([`${prefix}${name}.`, below]);
    }
    if (paths.length === maxStates) break;
  }
  return paths;
}
