import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../ports/clock.ts';
import { toAnswer } from './answers.ts';
import type { DecisionRequest, DecisionResponse } from './exchange.ts';
import { maxBodyBytes } from './submission.ts';

const bodyTimeMs = 10_000;

/** Answers one request of `node:http`. */
export function serve(
  handle: (request: DecisionRequest) => Promise<DecisionResponse>,
  request: IncomingMessage,
  response: ServerResponse,
  clock: Pick<Clock, 'after'>,
): void {
  const { method = '', url = '', headers } = request;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const disarm = clock.after(bodyTimeMs, () => request.destroy());
  const stop = () => {
    disarm();
    request.removeAllListeners('data').removeAllListeners('end').resume();
  };
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    chunks.push(chunk);
    if (bytes <= maxBodyBytes) return;
    stop();
    const { status, headers, body } = toAnswer({ kind: 'too_large' }, false);
    response.writeHead(status, { ...headers, connection: 'close' }).end(body);
  });
  request.on('error', disarm);
  request.on('end', () => {
    stop();
    const contentType = headers['content-type'];
    const body = Buffer.concat(chunks).toString('utf8');
    void answer({ method, url, contentType, body });
  });

  async function answer(given: DecisionRequest): Promise<void> {
    const { status, headers, body } = await handle(given);
    response.writeHead(status, headers).end(body);
  }
}
