/** Reading a stream of server-sent events (HTML Living Standard, section 9.2), in Node and in pages, through any number of broken connections. */
import { ServiceError } from './service-error.ts';

/** One event of a stream. */
export interface StreamEvent<T> {
  /** Gives the reader its place again after a break. */
  readonly id: string;
  readonly data: T;
}

/** From where a stream is followed, and until when. */
export interface SubscribeOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
  /** Goes on after this event. */
  readonly lastEventId?: string;
  /** Told when the connection is there, and when it is lost, with the reason; it is taken up again by itself. */
  readonly onConnection?: (isOpen: boolean, error: unknown) => void;
}

const longestWaitMs = 30_000;

/**
 * Events as they come. Ends with the signal alone.
 *
 * @param connect - asks for the stream, from after an event on
 * @throws ServiceError if the service refuses for good
 */
export async function* readEvents<T>(
  connect: (lastEventId: string | undefined, signal: AbortSignal) => Promise<Response>,
  { signal, lastEventId, onConnection }: SubscribeOptions,
): AsyncGenerator<StreamEvent<T>, void, undefined> {
  const ended = new AbortController();
  const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  let last = lastEventId;
  let retryMs = 2_000;
  let failures = 0;
  try {
    while (!either.aborted) {
      try {
        const response = await connect(last, either);
        if (!response.ok) throw await ServiceError.from(response);
        onConnection?.(true, null);
        for await (const { id, data, retry } of framesIn(response)) {
          failures = 0;
          if (retry !== null) retryMs = retry;
          if (data === null) continue;
          last = id ?? last;
          yield { id: last ?? '', data: JSON.parse(data) as T };
        }
        onConnection?.(false, null);
      } catch (error) {
        if (either.aborted) return;
        if (error instanceof ServiceError && error.status < 500 && error.status !== 429)
          throw error;
        onConnection?.(false, error);
      }
      await pause(Math.min(retryMs * 2 ** failures, longestWaitMs), either);
      failures += 1;
    }
  } finally {
    ended.abort();
  }
}

interface Frame {
  readonly id: string | null;
  readonly data: string | null;
  readonly retry: number | null;
}

async function* framesIn({ body }: Response): AsyncGenerator<Frame> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const frames = text.replaceAll('\r\n', '\n').split('\n\n');
      text = frames.pop() ?? '';
      yield* frames.map(toFrame);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function toFrame(text: string): Frame {
  const fields = text.split('\n').map((line) => {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    return { name, value };
  });
  const of = (name: string) => fields.filter((field) => field.name === name);
  const data = of('data');
  const retry = Number(of('retry').at(-1)?.value);
  return {
    id: of('id').at(-1)?.value ?? null,
    data: data.length === 0 ? null : data.map(({ value }) => value).join('\n'),
    retry: Number.isInteger(retry) ? retry : null,
  };
}

function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, timeMs);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
