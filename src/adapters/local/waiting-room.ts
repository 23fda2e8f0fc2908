import type { Priority } from '../../plan/plan.ts';
import type { Job } from '../../ports/dispatcher.ts';

/** The highest first. */
export const priorities: readonly Priority[] = ['high', 'default', 'low'];

/** Jobs that wait for a place: by priority and queue, each line first come first served. Taking one costs the same however many wait. */
export interface WaitingRoom {
  readonly size: number;
  /** Of each queue with waiting jobs, how many. */
  sizes(): ReadonlyMap<string, number>;
  add(job: Job): void;
  /** The oldest job of a queue that is free, of the first priority that has one. */
  take(order: readonly Priority[], isFree: (queue: string) => boolean): Job | null;
}

interface Line {
  readonly jobs: { readonly job: Job; readonly number: number }[];
  /** Index of the first; those before it have been taken. */
  first: number;
}

/** Places of jobs taken are given back when there are so many, and at least half of the line. */
const wornPlaces = 1_024;

export function createWaitingRoom(): WaitingRoom {
  const rows = new Map<Priority, Map<string, Line>>(priorities.map((each) => [each, new Map()]));
  let size = 0;
  let count = 0;

  function firstIn(row: ReadonlyMap<string, Line>, isFree: (queue: string) => boolean) {
    let found: { readonly queue: string; readonly line: Line; readonly number: number } | null =
      null;
    for (const [queue, line] of row) {
      const number = line.jobs[line.first]?.number ?? Number.POSITIVE_INFINITY;
      if (number < (found?.number ?? Number.POSITIVE_INFINITY) && isFree(queue))
        found = { queue, line, number };
    }
    return found;
  }

  return {
    get size() {
      return size;
    },
    sizes() {
      const sizes = new Map<string, number>();
      for (const row of rows.values())
        for (const [queue, { jobs, first }] of row)
          sizes.set(queue, (sizes.get(queue) ?? 0) + jobs.length - first);
      return sizes;
    },
    add(job) {
      const row = rows.get(job.priority);
      const line = row?.get(job.queue) ?? { jobs: [], first: 0 };
      row?.set(job.queue, line);
      line.jobs.push({ job, number: count });
      count += 1;
      size += 1;
    },
    take(order, isFree) {
      for (const priority of order) {
        const row = rows.get(priority);
        const found = row === undefined ? null : firstIn(row, isFree);
        if (row === undefined || found === null) continue;
        const { line, queue } = found;
        const taken = line.jobs[line.first]?.job ?? null;
        line.first += 1;
        size -= 1;
        if (line.first === line.jobs.length) row.delete(queue);
        else if (line.first >= wornPlaces && line.first * 2 >= line.jobs.length) {
          line.jobs.splice(0, line.first);
          line.first = 0;
        }
        return taken;
      }
      return null;
    },
  };
}
