import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

export interface Visit {
  readonly path: string;
  readonly arrivedAtMs: number;
  readonly answeredAtMs: number;
}

/**
 * A server that answers nobody before as many requests as it has answers are there at once. Callers that come one after the other wait for
 * ever; the visits say when each came and was answered.
 *
 * @param answers - by path
 */
export async function openMeetingPlace(answers: Readonly<Record<string, unknown>>) {
  const visits: Visit[] = [];
  const waiting: (() => void)[] = [];
  const expected = Object.keys(answers).length;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const arrivedAtMs = performance.now();
    request.resume();
    waiting.push(() => {
      visits.push({ path, arrivedAtMs, answeredAtMs: performance.now() });
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(answers[path]));
    });
    if (waiting.length === expected) for (const answer of waiting.splice(0)) answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return { url: `http://127.0.0.1:${address.port}`, visits };
}
