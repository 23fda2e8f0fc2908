import type { Priority } from '../../plan/plan.ts';
import type { Dispatcher, Job } from '../../ports/dispatcher.ts';

export interface LocalDispatcherOptions {
  /** Jobs at once over all queues; default 256. */
  readonly concurrency?: number;
  /** Jobs at once of single queues, by name; a queue without a limit shares the rest. */
  readonly queues?: { readonly [queue: string]: number };
}

const order: readonly Priority[] = ['high', 'default', 'low'];

/** Every so often a waiting job of lower priority goes first, so that none starves. */
const fairEvery = 8;

/** Runs jobs in this process: three priorities, a limit in all and one per queue. */
export function createLocalDispatcher(options: LocalDispatcherOptions = {}): Dispatcher {
  const limit = options.concurrency ?? 256;
  const waiting: { readonly [priority in Priority]: Job[] } = { high: [], default: [], low: [] };
  const runningByQueue = new Map<string, number>();
  let running = 0;
  let picked = 0;
  let isDraining = false;
  let drained: (() => void)[] = [];

  function isFree(job: Job): boolean {
    const queueLimit = options.queues?.[job.queue];
    return queueLimit === undefined || (runningByQueue.get(job.queue) ?? 0) < queueLimit;
  }

  function next(): Job | null {
    picked += 1;
    const priorities = picked % fairEvery === 0 ? order.toReversed() : order;
    for (const priority of priorities) {
      const jobs = waiting[priority];
      if (jobs.length === 0) continue;
      const [first] = jobs;
      if (first !== undefined && isFree(first)) return jobs.shift() ?? null;
      const index = jobs.findIndex(isFree);
      if (index >= 0) return jobs.splice(index, 1)[0] ?? null;
    }
    return null;
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
      start(job);
    }
  }

  function start(job: Job): void {
    running += 1;
    runningByQueue.set(job.queue, (runningByQueue.get(job.queue) ?? 0) + 1);
    const ended = () => {
      running -= 1;
      runningByQueue.set(job.queue, (runningByQueue.get(job.queue) ?? 1) - 1);
      pump();
    };
    // What goes wrong inside a job is the engine's to know; here it only frees the place.
    job.run().then(ended, ended);
  }

  return {
    dispatch(job) {
      if (isDraining) return;
      waiting[job.priority].push(job);
      pump();
    },
    get depth() {
      return {
        waiting: waiting.high.length + waiting.default.length + waiting.low.length,
        running,
      };
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
