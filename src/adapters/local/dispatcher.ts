import { SignalboxError } from '../../errors.ts';
import type { Priority } from '../../plan/plan.ts';
import type { Dispatcher, Job } from '../../ports/dispatcher.ts';
import { createWaitingRoom, priorities } from './waiting-room.ts';

export interface LocalDispatcherOptions {
  /** Jobs at once over all queues; default 256. */
  readonly concurrency?: number;
  /** Jobs at once of single queues, by name; a queue without a limit shares the rest. */
  readonly queues?: { readonly [queue: string]: number };
}

/** Of eight places that become free, one goes to a waiting job of `default` first and one to a job of `low`, so that none starves. */
const turns: readonly (readonly Priority[])[] = [
  priorities,
  priorities,
  priorities,
  ['default', 'low', 'high'],
  priorities,
  priorities,
  priorities,
  ['low', 'default', 'high'],
];

/**
 * Runs jobs in this process: three priorities, a limit in all and one per queue.
 *
 * @throws SignalboxError `INPUT_INVALID` if a limit is no whole number above zero
 */
export function createLocalDispatcher(options: LocalDispatcherOptions = {}): Dispatcher {
  const limit = checkedLimit('concurrency', options.concurrency ?? 256);
  const limits = new Map(
    Object.entries(options.queues ?? {}).map(
      ([queue, most]) => [queue, checkedLimit(`queues."${queue}"`, most)] as const,
    ),
  );
  const room = createWaitingRoom();
  const runningByQueue = new Map<string, number>();
  let running = 0;
  let picked = 0;
  let isDraining = false;
  let drained: (() => void)[] = [];

  function isFree(queue: string): boolean {
    return (runningByQueue.get(queue) ?? 0) < (limits.get(queue) ?? limit);
  }

  function next(): Job | null {
    const job = room.take(turns[picked % turns.length] ?? priorities, isFree);
    if (job !== null) picked += 1;
    return job;
  }

  function pump(): void {
    if (isDraining) {
      if (running > 0) return;
      for (const resolve of drained) resolve();
      drained = [];
      return;
    }
    while (running < limit) {
      const job = next();
      if (job === null) return;
      void start(job);
    }
  }

  async function start(job: Job): Promise<void> {
    const { queue } = job;
    running += 1;
    runningByQueue.set(queue, (runningByQueue.get(queue) ?? 0) + 1);
    try {
      await job.run();
    } catch {
      // What goes wrong inside a job is the engine's to know; here it only frees the place.
    }
    running -= 1;
    const left = (runningByQueue.get(queue) ?? 1) - 1;
    if (left > 0) runningByQueue.set(queue, left);
    else runningByQueue.delete(queue);
    pump();
  }

  return {
    dispatch(job) {
      if (isDraining) return;
      room.add(job);
      pump();
    },
    get depth() {
      return { waiting: room.size, running };
    },
    get places() {
      const waiting = room.sizes();
      const names = new Set([...limits.keys(), ...runningByQueue.keys(), ...waiting.keys()]);
      const queues = [...names].sort().map((queue) => ({
        queue,
        limit: limits.get(queue) ?? null,
        waiting: waiting.get(queue) ?? 0,
        running: runningByQueue.get(queue) ?? 0,
      }));
      return { limit: Number.isFinite(limit) ? limit : null, queues };
    },
    drain() {
      isDraining = true;
      return new Promise((resolve) => {
        drained.push(resolve);
        pump();
      });
    },
  };
}

function checkedLimit(name: string, limit: number): number {
  if (limit >= 1 && (Number.isSafeInteger(limit) || limit === Number.POSITIVE_INFINITY))
    return limit;
  throw new SignalboxError(
    'INPUT_INVALID',
    `Dispatcher option ${name} must be a whole number above zero, got ${String(limit)}`,
    { details: { option: name, limit } },
  );
}
