/**
 * The floor: the steps and nothing else. One line per record is appended to a file, and everything pending in the same turn of the event loop
 * shares one fdatasync. No engine that makes each step durable before the next can be faster on this machine.
 */
import { closeSync, fdatasync, openSync, write } from 'node:fs';
import { sum3, trivialStep } from './work.ts';

export interface Floor {
  /** Four records, one after the other: the run, then each of its three steps. */
  run(n: number): Promise<number>;
  close(): void;
}

export function createFloor(file: string): Floor {
  const descriptor = openSync(file, 'a');
  let lines: string[] = [];
  let waiters: ((error: Error | null) => void)[] = [];
  let isBusy = false;

  function flush(): void {
    if (isBusy || lines.length === 0) return;
    isBusy = true;
    const [block, waiting] = [lines.join(''), waiters];
    lines = [];
    waiters = [];
    const end = (error: Error | null) => {
      isBusy = false;
      for (const done of waiting) done(error);
      setImmediate(flush);
    };
    write(descriptor, block, (error) => {
      if (error === null) fdatasync(descriptor, end);
      else end(error);
    });
  }

  function record(value: object): Promise<void> {
    return new Promise((resolve, reject) => {
      lines.push(`${JSON.stringify(value)}\n`);
      waiters.push((error) => (error === null ? resolve() : reject(error)));
      if (lines.length === 1) setImmediate(flush);
    });
  }

  async function step(n: number, number: number) {
    const result = await trivialStep(n, number);
    await record({ id: n, step: number, result });
    return result;
  }

  return {
    async run(n) {
      await record({ id: n, workflow: 'hello-seq3', input: n });
      const first = await step(n, 1);
      const second = await step(n, 2);
      const third = await step(n, 3);
      return sum3(first, second, third);
    },
    close: () => closeSync(descriptor),
  };
}
