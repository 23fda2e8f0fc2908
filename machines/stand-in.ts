/**
 * A stand-in of an external system: an HTTP server on this machine that keeps what it is told, answers a repeated `Idempotency-Key` as it did the
 * first time, and is as slow and as faulty as one wants.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { z } from 'zod';
import { Fault, Faults, FaultsOfAll } from './faults.ts';
import { dataPath } from './files.ts';
import type { Answer, Platform, Received, Route, StandIn } from './platform.ts';
import { openRecords, type Records } from './stand-in-records.ts';

const largestBody = 1024 * 1024;

/**
 * Starts a stand-in on a port of this machine; port 0 takes a free one. Its first faults are in the environment, by name of the platform:
 * `STAND_IN_FAULTS='{"payments":{"POST /charges":{"delayMs":200}}}'`. Others are set by `PUT /_faults`, in the same form without the name;
 * `GET /_requests` counts.
 */
export async function startStandIn(
  platform: Platform,
  { port = 0 }: { port?: number } = {},
): Promise<StandIn> {
  const faults = new Map<string, z.output<typeof Fault>>();
  const counts = new Map<string, number>();
  const set = (given: z.output<typeof Faults>) => {
    for (const [at, fault] of Object.entries(given)) faults.set(at, fault);
  };
  const all: unknown = JSON.parse(process.env['STAND_IN_FAULTS'] ?? '{}');
  set(FaultsOfAll.parse(all)[platform.name] ?? {});

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const body = await readBody(request);
    if (body === 'too large') return reply(response, refusal(413, 'The body is too large'));
    if (body === 'not JSON') return reply(response, refusal(400, 'The body is not JSON'));
    const asked = `${request.method} ${url.pathname}`;
    if (asked === 'GET /_requests')
      return reply(response, { status: 200, body: Object.fromEntries(counts) });
    if (asked === 'PUT /_faults') {
      const parsed = Faults.safeParse(body.value);
      if (!parsed.success) return reply(response, refusal(400, parsed.error.message));
      set(parsed.data);
      return reply(response, { status: 200, body: {} });
    }

    const found = routeFor(platform.routes, request.method, url.pathname);
    if (found === null) return reply(response, refusal(404, `There is no ${asked}`));
    const at = `${found.route.method} ${found.route.path}`;
    counts.set(at, (counts.get(at) ?? 0) + 1);
    const fault = faults.get(at) ?? faults.get('*');
    const isHit =
      fault !== undefined && fault.times > 0 && (fault.status ?? fault.drop) !== undefined;
    if (fault !== undefined && isHit) fault.times -= 1;
    if (fault !== undefined && fault.delayMs > 0) await wait(fault.delayMs);
    if (isHit && fault.drop === 'before') return void response.destroy();
    if (isHit && fault.status !== undefined) {
      if (fault.retryAfterS !== undefined) response.setHeader('retry-after', fault.retryAfterS);
      return reply(response, refusal(fault.status, 'A fault that was asked for'));
    }
    const key = request.headers['idempotency-key']?.toString();
    const answer = carryOut(platform, found, key, body.value, url.searchParams);
    if (isHit && fault.drop === 'after') return void response.destroy();
    reply(response, answer);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      reply(response, refusal(500, error instanceof Error ? error.message : String(error)));
    });
  });
  // Neither the server nor a connection that is kept for later holds the process back.
  server.on('connection', (socket) => socket.unref());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');

  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${address.port}`,
    fault: (at, fault) => set({ [at]: Fault.parse(fault) }),
    reset() {
      faults.clear();
      counts.clear();
    },
    count: (at) =>
      at === undefined ? [...counts.values()].reduce((a, b) => a + b, 0) : (counts.get(at) ?? 0),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Found {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
}

function routeFor(routes: readonly Route[], method = 'GET', path: string): Found | null {
  const given = path.split('/');
  for (const route of routes) {
    const parts = route.path.split('/');
    const isFit =
      route.method === method &&
      parts.length === given.length &&
      parts.every((part, index) => part.startsWith(':') || part === given[index]);
    if (!isFit) continue;
    const params = parts.flatMap((part, index): [string, string][] =>
      part.startsWith(':') ? [[part.slice(1), decodeURIComponent(given[index] ?? '')]] : [],
    );
    return { route, params: new Map(params) };
  }
  return null;
}

/** What the request changes and how it was answered are one transaction: after a crash both are there, or neither. */
function carryOut(
  platform: Platform,
  { route, params }: Found,
  key: string | undefined,
  body: unknown,
  query: URLSearchParams,
): Answer {
  const scope = `${route.method} ${route.path} ${[...params.values()].join(' ')}`;
  const digest = hash(JSON.stringify(body ?? null));
  return openRecords(dataPath('platforms', `${platform.name}.db`), (records) => {
    const earlier = key === undefined ? null : records.answer(scope, key);
    if (earlier !== null) {
      return earlier.digest === digest
        ? earlier.answer
        : refusal(422, 'This Idempotency-Key came before with another body');
    }
    const answer = route.answer(body, received(records, params, query, key, scope));
    if ('refused' in answer) return refusal(400, answer.refused);
    if (key !== undefined) records.remember(scope, key, digest, answer);
    return answer;
  });
}

function received(
  records: Records,
  params: Found['params'],
  query: URLSearchParams,
  key: string | undefined,
  scope: string,
): Received {
  return {
    id: key === undefined ? randomUUID() : hash(`${scope} ${key}`).slice(0, 16),
    query,
    rows: (collection) => records.rows(collection),
    param(name) {
      const value = params.get(name);
      if (value === undefined) throw new Error(`The path has no ":${name}"`);
      return value;
    },
  };
}

async function readBody(
  request: IncomingMessage,
): Promise<{ readonly value: unknown } | 'too large' | 'not JSON'> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > largestBody) return 'too large';
    chunks.push(bytes);
  }
  if (size === 0) return { value: undefined };
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return 'not JSON';
  }
}

function refusal(status: number, error: string): Answer {
  return { status, body: { error } };
}

function reply(response: ServerResponse, { status, body, contentType }: Answer): void {
  response
    .writeHead(status, { 'content-type': contentType ?? 'application/json' })
    .end(contentType !== undefined && typeof body === 'string' ? body : JSON.stringify(body));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
