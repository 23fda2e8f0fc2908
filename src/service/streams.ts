/** Streams that are open: bounded in number, each ended with the sign-in it came from, all ended with the service. */
import type { Readable } from 'node:stream';
import { SignalboxError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import { toEventStream } from './event-stream.ts';
import type { SignedIn } from './identity/identity.ts';

type Events = AsyncIterable<{ readonly id: string; readonly data: unknown }>;

interface OpenStream {
  /** The stream is to end. */
  readonly signal: AbortSignal;
  of(events: Events): Readable;
  end(): void;
}

export interface Streams {
  /** @throws SignalboxError `RATE_LIMITED` if too many are open */
  open(signedIn: SignedIn | null): OpenStream;
  close(): void;
}

const most = 1_000;
/** Nobody takes all of them. */
const mostOfOne = 200;
const heartbeatMs = 15_000;
const retryMs = 2_000;
/** A reader comes back by itself, and is asked who it is: somebody who may not read any more does not read on. */
const longestMs = 300_000;

export function createStreams(clock: Clock): Streams {
  const open = new Set<OpenStream>();
  const counts = new Map<string, number>();

  function leave(name: string): void {
    const left = (counts.get(name) ?? 1) - 1;
    if (left === 0) counts.delete(name);
    else counts.set(name, left);
  }

  return {
    open(signedIn) {
      const name = signedIn?.caller.name ?? '';
      const ofOne = counts.get(name) ?? 0;
      if (open.size >= most || ofOne >= mostOfOne)
        throw new SignalboxError(
          'RATE_LIMITED',
          open.size >= most
            ? `There are ${most} streams of events open`
            : `"${name}" has ${mostOfOne} streams of events open`,
          { hint: 'Close some, or ask again later' },
        );
      counts.set(name, ofOne + 1);
      const ended = new AbortController();
      const cancel = clock.after(lastsMs(signedIn, clock.nowMs()), () => ended.abort());
      const stream: OpenStream = {
        signal: ended.signal,
        of: (events) =>
          toEventStream(events, { clock, heartbeatMs, retryMs }).once('close', () => stream.end()),
        end() {
          cancel();
          if (open.delete(stream)) leave(name);
          ended.abort();
        },
      };
      open.add(stream);
      return stream;
    },
    close() {
      for (const stream of open) stream.end();
    },
  };
}

function lastsMs(signedIn: SignedIn | null, nowMs: number): number {
  const expiresAtMs = signedIn?.expiresAtMs ?? null;
  return expiresAtMs === null ? longestMs : Math.max(0, Math.min(longestMs, expiresAtMs - nowMs));
}
