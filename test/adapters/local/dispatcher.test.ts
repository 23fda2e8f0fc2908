import { describe, expect, it } from 'vitest';
import {
  createLocalDispatcher,
  type LocalDispatcherOptions,
} from '../../../src/adapters/local/dispatcher.ts';
import type { Priority } from '../../../src/plan/plan.ts';
import type { Dispatcher } from '../../../src/ports/dispatcher.ts';

/** Hands out jobs by name and keeps account of them; a job runs until it is ended. */
class Hall {
  readonly dispatcher: Dispatcher;
  readonly started: string[] = [];
  readonly #running = new Map<string, PromiseWithResolvers<void>>();

  constructor(options?: LocalDispatcherOptions) {
    this.dispatcher = createLocalDispatcher(options);
  }

  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  add(id: string, priority: Priority = 'default', queue = 'default'): void {
    this.dispatcher.dispatch({ id, queue, priority, run: () => this.#run(id) });
  }

  async end(id: string, how: 'resolve' | 'reject' = 'resolve'): Promise<void> {
    const job = this.#running.get(id);
    if (job === undefined) throw new Error(`"${id}" does not run`);
    this.#running.delete(id);
    if (how === 'resolve') job.resolve();
    else job.reject(new Error('broken'));
    await rest();
  }

  /** Ends whatever has run longest, so many times. */
  async endNext(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      const [oldest] = this.running;
      if (oldest !== undefined) await this.end(oldest);
    }
  }

  #run(id: string): Promise<void> {
    this.started.push(id);
    const job = Promise.withResolvers<void>();
    this.#running.set(id, job);
    return job.promise;
  }
}

describe('the local dispatcher', () => {
  it('runs jobs at once up to its limit, and the others as places become free', async () => {
    const hall = new Hall({ concurrency: 2 });
    for (const id of ['a', 'b', 'c', 'd']) hall.add(id);

    expect(hall.running).toEqual(['a', 'b']);
    expect(hall.dispatcher.depth).toEqual({ waiting: 2, running: 2 });
    await hall.end('a');
    expect(hall.running).toEqual(['b', 'c']);
    await hall.endNext(3);
    expect(hall.dispatcher.depth).toEqual({ waiting: 0, running: 0 });
  });

  it('runs 256 at once if nothing else is said', () => {
    const hall = new Hall();
    for (let job = 0; job < 300; job += 1) hall.add(`job ${job}`);

    expect(hall.dispatcher.depth).toEqual({ waiting: 44, running: 256 });
  });

  it('runs higher priorities first, and equal ones in order', async () => {
    const hall = new Hall({ concurrency: 1 });
    hall.add('first');
    hall.add('low', 'low');
    hall.add('default 1');
    hall.add('default 2');
    hall.add('high 1', 'high');
    hall.add('high 2', 'high');

    await hall.endNext(6);

    expect(hall.started).toEqual(['first', 'high 1', 'high 2', 'default 1', 'default 2', 'low']);
  });

  it.each(['default', 'low'] as const)(
    'starves no job of priority "%s", however many others come',
    async (priority) => {
      const hall = new Hall({ concurrency: 1 });
      hall.add('first');
      hall.add('patient', priority);
      for (let round = 0; round < 100 && !hall.started.includes('patient'); round += 1) {
        for (const other of ['high', 'default', 'low'] as const)
          if (other !== priority) hall.add(`${other} ${round}`, other);
        await hall.endNext(1);
      }

      expect(hall.started.indexOf('patient')).toBeGreaterThan(0);
      expect(hall.started.indexOf('patient')).toBeLessThanOrEqual(20);
    },
  );

  it('gives most places to the high ones when all kinds wait', async () => {
    const hall = new Hall({ concurrency: 1 });
    for (let job = 0; job < 200; job += 1)
      for (const priority of ['high', 'default', 'low'] as const)
        hall.add(`${priority} ${job}`, priority);

    await hall.endNext(159);

    const share = (priority: string) => hall.started.filter((id) => id.startsWith(priority)).length;
    expect(share('high')).toBeGreaterThan(100);
    expect(share('default')).toBeGreaterThan(0);
    expect(share('low')).toBeGreaterThan(0);
  });

  it('holds each queue to its own limit, and lets other queues pass it', async () => {
    const hall = new Hall({ concurrency: 10, queues: { mail: 1 } });
    hall.add('mail 1', 'high', 'mail');
    hall.add('mail 2', 'high', 'mail');
    hall.add('work', 'low', 'work');

    expect(hall.running).toEqual(['mail 1', 'work']);
    await hall.end('mail 1');
    expect(hall.running).toEqual(['work', 'mail 2']);
  });

  it('holds all queues together to the limit of the whole', () => {
    const hall = new Hall({ concurrency: 2, queues: { mail: 5 } });
    for (const id of ['a', 'b', 'c']) hall.add(id, 'default', 'mail');

    expect(hall.running).toEqual(['a', 'b']);
  });

  it.each(['toString', 'constructor', '__proto__', ''])(
    'G-01: knows no limit for a queue called %j',
    (queue) => {
      const hall = new Hall({ queues: { mail: 1 } });
      hall.add('a', 'default', queue);
      hall.add('b', 'default', queue);

      expect(hall.running).toEqual(['a', 'b']);
    },
  );

  it('frees the place of a job that fails, also if it fails before it gives a promise', async () => {
    const hall = new Hall({ concurrency: 1 });
    hall.add('a');
    hall.dispatcher.dispatch({
      id: 'broken',
      queue: 'default',
      priority: 'default',
      run() {
        throw new Error('not even a promise');
      },
    });
    hall.add('b');

    await hall.end('a', 'reject');

    expect(hall.running).toEqual(['b']);
    expect(hall.dispatcher.depth).toEqual({ waiting: 0, running: 1 });
  });

  it.each([0, -1, Number.NaN, 1.5, '3' as never])(
    'refuses a limit of %s, which would stop everything',
    (limit) => {
      expect(() => createLocalDispatcher({ concurrency: limit })).toThrow(
        /concurrency.*whole number/,
      );
      expect(() => createLocalDispatcher({ queues: { mail: limit } })).toThrow(
        /"mail".*whole number/,
      );
    },
  );

  it('keeps 100,000 waiting jobs in order, whether their queue is full or not', async () => {
    const hall = new Hall({ concurrency: 2, queues: { mail: 1 } });
    for (let job = 0; job < 100_000; job += 1) hall.add(`mail ${job}`, 'default', 'mail');
    hall.add('work');

    expect(hall.running).toEqual(['mail 0', 'work']);
    await hall.end('mail 0');
    expect(hall.running).toEqual(['work', 'mail 1']);
    expect(hall.dispatcher.depth.waiting).toBe(99_998);
  });
});

describe('the places of a local dispatcher', () => {
  it('say for each queue its limit, what runs and what waits', async () => {
    const hall = new Hall({ concurrency: 3, queues: { mail: 1, reports: 2 } });
    for (const id of ['mail 1', 'mail 2']) hall.add(id, 'default', 'mail');
    for (const id of ['a', 'b', 'c']) hall.add(id);

    expect(hall.dispatcher.places).toEqual({
      limit: 3,
      queues: [
        { queue: 'default', limit: null, waiting: 1, running: 2 },
        { queue: 'mail', limit: 1, waiting: 1, running: 1 },
        { queue: 'reports', limit: 2, waiting: 0, running: 0 },
      ],
    });
    await hall.endNext(5);
    expect(hall.dispatcher.places?.queues.map(({ queue }) => queue)).toEqual(['mail', 'reports']);
  });

  it('have no limit where none was wanted', () => {
    const unlimited = new Hall({ concurrency: Number.POSITIVE_INFINITY });

    expect(unlimited.dispatcher.places).toEqual({ limit: null, queues: [] });
  });
});

describe('a local dispatcher that drains', () => {
  it('starts nothing more, and is done when what runs has ended', async () => {
    const hall = new Hall({ concurrency: 1 });
    hall.add('a');
    hall.add('b');
    let isDrained = false;
    const drain = async () => {
      await hall.dispatcher.drain();
      isDrained = true;
    };
    const drained = drain();

    hall.add('c');
    await rest();
    expect(isDrained).toBe(false);
    await hall.end('a');
    await drained;

    expect(hall.started).toEqual(['a']);
  });

  it('is done at once if nothing runs, as often as it is asked', async () => {
    const hall = new Hall();

    await Promise.all([hall.dispatcher.drain(), hall.dispatcher.drain()]);
    await hall.dispatcher.drain();

    hall.add('late');
    expect(hall.started).toEqual([]);
  });
});

async function rest(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
