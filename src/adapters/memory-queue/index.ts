/** A message queue in memory: for tests and for trying things out; nothing of it outlives the process. */
import type { Clock } from '../../ports/clock.ts';
import type { MessageQueue, QueueMessage } from '../../ports/message-queue.ts';

/** A queue without a server, for tests and for trying out. */
export interface MemoryQueue extends MessageQueue {
  send(body: string, options?: { readonly id?: string }): void;
  /** Messages that were not acknowledged, hidden ones included. */
  readonly size: number;
}

interface Held {
  readonly id: string;
  readonly body: string;
  attempt: number;
  /** Hidden until then; of no meaning while `receipt` is `null`. */
  visibleAtMs: number;
  receipt: string | null;
}

/** @param options - `hideForMs`: how long a received message stays hidden (30,000) */
export function createMemoryQueue(options: {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly hideForMs?: number;
}): MemoryQueue {
  const { clock, hideForMs = 30_000 } = options;
  const held: Held[] = [];
  const waiting = new Set<() => void>();
  let sent = 0;

  const wake = () => {
    for (const one of waiting) one();
  };

  function take(max: number): readonly QueueMessage[] {
    const nowMs = clock.nowMs();
    return held
      .filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
      .slice(0, max)
      .map((one) => {
        one.attempt += 1;
        one.receipt = `${one.id}#${one.attempt}`;
        hide(one, hideForMs);
        const { id, body, attempt, receipt } = one;
        return { id, body, attributes: {}, attempt, receipt };
      });
  }

  function hide(one: Held, forMs: number): void {
    one.visibleAtMs = clock.nowMs() + forMs;
    clock.after(forMs, wake);
  }

  const byReceipt = (receipt: string) => held.find((one) => one.receipt === receipt);

  return {
    send(body, { id } = {}) {
      sent += 1;
      held.push({ id: id ?? `m-${sent}`, body, attempt: 0, visibleAtMs: 0, receipt: null });
      wake();
    },
    get size() {
      return held.length;
    },
    async receive({ max, signal }) {
      for (let found = take(max); ; found = take(max)) {
        if (found.length > 0 || signal.aborted) return found;
        await new Promise<void>((resolve) => {
          const done = () => {
            waiting.delete(done);
            signal.removeEventListener('abort', done);
            resolve();
          };
          waiting.add(done);
          signal.addEventListener('abort', done);
        });
      }
    },
    async ack(receipt) {
      const one = byReceipt(receipt);
      if (one !== undefined) held.splice(held.indexOf(one), 1);
    },
    async nack(receipt, { delayMs }) {
      const one = byReceipt(receipt);
      if (one === undefined) return;
      one.receipt = null;
      hide(one, delayMs);
    },
    async extend(receipt, { forMs }) {
      const one = byReceipt(receipt);
      if (one !== undefined) hide(one, forMs);
    },
  };
}
