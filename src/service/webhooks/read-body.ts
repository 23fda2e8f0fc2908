/** Reads the body of a request as it arrives, up to a size and within a time. */
import type { Readable } from 'node:stream';
import { SignalboxError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** @throws SignalboxError `PAYLOAD_TOO_LARGE`, `REQUEST_TOO_SLOW`; nothing more is read then */
export function readBody(
  stream: Readable,
  { maxBytes, timeoutMs }: BodyLimits,
  clock: Pick<Clock, 'after'>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = clock.after(timeoutMs, () =>
      fail(
        new SignalboxError(
          'REQUEST_TOO_SLOW',
          `The body was not complete within ${timeoutMs / 1000} seconds`,
          { details: { timeoutMs } },
        ),
      ),
    );
    const hungUp = () => fail(new SignalboxError('INPUT_INVALID', 'The sender hung up'));
    function fail(error: Error): void {
      stop();
      stream.off('close', hungUp);
      stream.removeAllListeners('data');
      stream.pause();
      reject(error);
    }
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) fail(tooLarge(maxBytes));
      else chunks.push(chunk);
    });
    stream.once('end', () => {
      stop();
      stream.off('close', hungUp);
      resolve(Buffer.concat(chunks));
    });
    stream.once('error', fail);
    stream.once('close', hungUp);
  });
}

export function tooLarge(maxBytes: number): SignalboxError {
  return new SignalboxError(
    'PAYLOAD_TOO_LARGE',
    `The body is larger than ${maxBytes} bytes, the most a webhook may have`,
    { details: { limit: maxBytes } },
  );
}
