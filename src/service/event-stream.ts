/** Server-sent events (HTML Living Standard, section 9.2) from a source that is read no faster than the reader reads. */
import { Readable } from 'node:stream';
import type { Clock } from '../ports/clock.ts';

interface StreamOptions {
  readonly clock: Clock;
  /** Comments tell reader and proxies in between that the stream lives. */
  readonly heartbeatMs: number;
  /** Wait after which a reader comes back. */
  readonly retryMs: number;
}

export function toEventStream(
  events: AsyncIterable<{ readonly id: string; readonly data: unknown }>,
  options: StreamOptions,
): Readable {
  return Readable.from(textOf(events, options), { objectMode: false, highWaterMark: 16_384 });
}

async function* textOf(
  events: AsyncIterable<{ readonly id: string; readonly data: unknown }>,
  { clock, heartbeatMs, retryMs }: StreamOptions,
): AsyncGenerator<string> {
  yield `retry: ${retryMs}\n\n`;
  const iterator = events[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ; ) {
      let cancel = () => {};
      const quiet = new Promise<null>((resolve) => {
        cancel = clock.after(heartbeatMs, () => resolve(null));
      });
      const got = await Promise.race([next, quiet]);
      cancel();
      if (got === null) yield ': still here\n\n';
      else if (got.done === true) return;
      else {
        const { id, data } = got.value;
        // JSON has no line break outside strings, and inside they are escaped
        yield `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
        next = iterator.next();
      }
    }
  } finally {
    await iterator.return?.();
  }
}
