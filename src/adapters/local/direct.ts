import type { Dispatcher } from '../../ports/dispatcher.ts';

/** Runs each job at once: no queue, no priorities, no limit. */
export function createDirectDispatcher(): Dispatcher {
  const running = new Set<Promise<void>>();
  let isDraining = false;
  return {
    dispatch(job) {
      if (isDraining) return;
      // What goes wrong inside a job is the engine's to know.
      const work = job
        .run()
        .catch(() => {})
        .finally(() => running.delete(work));
      running.add(work);
    },
    get depth() {
      return { waiting: 0, running: running.size };
    },
    async drain() {
      isDraining = true;
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
