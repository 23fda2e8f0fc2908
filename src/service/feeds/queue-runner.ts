/** Takes messages off a queue: each is acknowledged when it is kept, never before. */
import type { Json } from '../../plan/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { QueueMessage } from '../../ports/message-queue.ts';
import type { QueueTrigger } from '../../triggers/queue.ts';
import { parseJsonBody } from '../../webhooks/body.ts';
import type { Accept, FeedRunner } from './feed-runner.ts';

const maxBodyBytes = 1024 * 1024;
const shownCharacters = 1_000;
const firstDelayMs = 1_000;
const maxDelayMs = 5 * 60_000;

export function createQueueRunner(
  trigger: QueueTrigger,
  deps: {
    readonly accept: Accept;
    readonly clock: Clock;
    readonly log: Logger;
    /** In [0, 1). */
    readonly random: () => number;
  },
): FeedRunner {
  const { accept, clock, log, random } = deps;
  const { name, queue, batch } = trigger;
  const counts = { accepted: 0, repeated: 0 };
  const ended = new AbortController();
  let lastAtMs: number | null = null;
  let problem: string | null = null;
  let working: Promise<void> = Promise.resolve();

  async function handle(message: QueueMessage): Promise<void> {
    try {
      const isNew = await accept(name, message.id, payloadOf(message.body));
      counts[isNew ? 'accepted' : 'repeated'] += 1;
      lastAtMs = clock.nowMs();
    } catch (error) {
      log.warn({ err: error, trigger: name, message: message.id }, 'a message is put back');
      await queue.nack(message.receipt, { delayMs: delayOf(message.attempt, random()) });
      return;
    }
    await queue.ack(message.receipt);
  }

  async function work(): Promise<void> {
    for (let failures = 0; !ended.signal.aborted; ) {
      try {
        const messages = await queue.receive({ max: batch, signal: ended.signal });
        await Promise.all(messages.map(handle));
        [failures, problem] = [0, null];
      } catch (error) {
        failures += 1;
        problem = error instanceof Error ? error.message : String(error);
        log.error({ err: error, trigger: name }, 'a queue cannot be read; it is tried again');
        await pause(delayOf(failures, random()));
      }
    }
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve);
      ended.signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  return {
    name,
    counts,
    get lastAtMs() {
      return lastAtMs;
    },
    get problem() {
      return problem;
    },
    start() {
      working = work();
    },
    async close() {
      ended.abort();
      await working;
    },
  };
}

function delayOf(attempt: number, random: number): number {
  const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 20));
  return delayMs * (0.5 + random / 2);
}

/** What is no JSON, or too long, is kept as a text: no rule takes it, so that it becomes a dead letter instead of coming back for ever. */
function payloadOf(body: string): Json {
  const bytes = Buffer.from(body, 'utf8');
  if (bytes.byteLength > maxBodyBytes) {
    return `${bytes.byteLength} bytes, beginning with: ${body.slice(0, shownCharacters)}`;
  }
  try {
    return parseJsonBody(bytes);
  } catch {
    return body.slice(0, shownCharacters);
  }
}
