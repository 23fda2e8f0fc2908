/** Workers of a queue, or reviewers: so many at a time, first come, first served. */
import type { Agenda } from './agenda.ts';

export interface Pool {
  /** Calls `work` once there is somebody; `done` sets them free. @returns gives the place up, waiting or served */
  enter(work: () => void): { leave(): void };
  report(): PoolReport;
}

export interface PoolReport {
  readonly name: string;
  /** `null`: no limit. */
  readonly size: number | null;
  readonly served: number;
  readonly meanWaitMs: number;
  readonly p95WaitMs: number;
  /** Waiting, over time. */
  readonly meanLength: number;
  readonly maxLength: number;
  /** Part of the time they were busy; `null` without a limit. */
  readonly utilisation: number | null;
  /** How many waited when: at most {@link seriesLength} points of the greatest length in each stretch. */
  readonly series: readonly { readonly atMs: number; readonly length: number }[];
}

export const seriesLength = 240;

export function createPool(name: string, size: number | null, agenda: Agenda): Pool {
  const waiting = new Set<{ sinceMs: number; work: () => void }>();
  const waits: number[] = [];
  const changes: { atMs: number; length: number }[] = [{ atMs: 0, length: 0 }];
  let busy = 0;
  let busyMs = 0;
  let lengthMs = 0;
  let maxLength = 0;
  let lastMs = 0;

  function count(): void {
    const passedMs = agenda.nowMs - lastMs;
    busyMs += busy * passedMs;
    lengthMs += waiting.size * passedMs;
    lastMs = agenda.nowMs;
  }

  function note(): void {
    maxLength = Math.max(maxLength, waiting.size);
    changes.push({ atMs: agenda.nowMs, length: waiting.size });
  }

  function serve(sinceMs: number, work: () => void): void {
    busy += 1;
    waits.push(agenda.nowMs - sinceMs);
    work();
  }

  function goOn(): void {
    const [next] = waiting;
    if (next === undefined || (size !== null && busy >= size)) return;
    waiting.delete(next);
    note();
    serve(next.sinceMs, next.work);
  }

  return {
    enter(work) {
      count();
      const entry = { sinceMs: agenda.nowMs, work: () => {} };
      let state: 'waiting' | 'served' | 'gone' = 'waiting';
      entry.work = () => {
        state = 'served';
        work();
      };
      if (size === null || busy < size) serve(agenda.nowMs, entry.work);
      else {
        waiting.add(entry);
        note();
      }
      return {
        leave() {
          count();
          if (state === 'served') busy -= 1;
          else if (state === 'waiting' && waiting.delete(entry)) note();
          state = 'gone';
          goOn();
        },
      };
    },
    report() {
      count();
      const sorted = [...waits].sort((a, b) => a - b);
      const overMs = Math.max(1, lastMs);
      return {
        name,
        size,
        served: waits.length,
        meanWaitMs: waits.length === 0 ? 0 : waits.reduce((sum, ms) => sum + ms, 0) / waits.length,
        p95WaitMs: sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0,
        meanLength: lengthMs / overMs,
        maxLength,
        utilisation: size === null ? null : busyMs / overMs / size,
        series: thinned(changes, overMs),
      };
    },
  };
}

function thinned(
  changes: readonly { readonly atMs: number; readonly length: number }[],
  overMs: number,
): PoolReport['series'] {
  const greatest = Array.from({ length: seriesLength }, () => 0);
  let at = 0;
  let length = 0;
  for (let stretch = 0; stretch < seriesLength; stretch += 1) {
    const endMs = ((stretch + 1) * overMs) / seriesLength;
    let most = length;
    for (let next = changes[at]; next !== undefined && next.atMs <= endMs; next = changes[at]) {
      ({ length } = next);
      most = Math.max(most, length);
      at += 1;
    }
    greatest[stretch] = most;
  }
  return greatest.map((most, stretch) => ({
    atMs: (stretch * overMs) / seriesLength,
    length: most,
  }));
}
