/**
 * External systems of the example workflows. A machine talks HTTP to the address in an environment variable; without one, a stand-in of the
 * system starts in this process at its first use.
 */
import type { z } from 'zod';
import { failureOfStatus, PermanentError, TransientError } from '../src/index.ts';
import type { Fault } from './faults.ts';

export type Json = z.infer<z.ZodJSONSchema>;

/** A kind of thing that a stand-in keeps, by id. */
export interface Collection<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
}

/** What is kept in one collection; everything one request changes is stored together or not at all. */
export interface Rows<T> {
  get(id: string): T | null;
  /** In order of first storing. */
  all(): readonly T[];
  put(id: string, row: T): void;
  delete(id: string): void;
}

export interface Answer {
  readonly status: number;
  readonly body: Json;
  /** Of a body that is a text and is sent as it is. Default: the body is sent as JSON. */
  readonly contentType?: string | undefined;
}

export interface Received {
  /** The same for every repeat of a request, so it serves as the id of what the request makes. */
  readonly id: string;
  /** A `:name` of the route's path. */
  readonly param: (name: string) => string;
  readonly query: URLSearchParams;
  readonly rows: <T>(collection: Collection<T>) => Rows<T>;
}

export interface Route {
  readonly method: string;
  /** `/students/:id`. */
  readonly path: string;
  /** `refused` says why the body does not fit. */
  answer(body: unknown, received: Received): Answer | { readonly refused: string };
}

export interface Platform {
  /** Names the folder of the stand-in's state and its faults in the environment. */
  readonly name: string;
  /** Environment variable with the base address of the real system. */
  readonly urlFrom: string;
  readonly routes: readonly Route[];
}

export interface StandIn extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** @param route `POST /charges`, or `*` for those without their own */
  fault(route: string, fault: Fault): void;
  /** No fault and no delay any more, and no request counted. */
  reset(): void;
  /** Requests that arrived at a route since the start, whatever became of them; without a route, at all. */
  count(route?: string): number;
  close(): Promise<void>;
}

/** A route without a body: `'GET /students/:id'`. */
export function route(at: string, answer: (received: Received) => Answer): Route {
  return { ...endpoint(at), answer: (_body, received) => answer(received) };
}

/** A route whose body is checked first; what does not fit is answered with status 400. */
export function bodyRoute<B>(
  at: string,
  schema: z.ZodType<B>,
  answer: (received: Received & { readonly body: B }) => Answer,
): Route {
  return {
    ...endpoint(at),
    answer(body, received) {
      const parsed = schema.safeParse(body);
      return parsed.success
        ? answer({ ...received, body: parsed.data })
        : { refused: parsed.error.message };
    },
  };
}

function endpoint(at: string): { method: string; path: string } {
  const [method = '', path = ''] = at.split(' ');
  return { method, path };
}

const started = new Map<
  string,
  { readonly platform: Platform; readonly standIn: Promise<StandIn> }
>();

/**
 * The stand-in that this process shares; started at the first call. It does not keep the process alive.
 *
 * @throws Error if another platform has its name
 */
export function standInOf(platform: Platform): Promise<StandIn> {
  const running = started.get(platform.name);
  if (running === undefined) {
    const standIn = import('./stand-in.ts').then(({ startStandIn }) => startStandIn(platform));
    started.set(platform.name, { platform, standIn });
    return standIn;
  }
  if (running.platform !== platform)
    throw new Error(`Two platforms have the name "${platform.name}"; give one of them another`);
  return running.standIn;
}

/** Where the system is: as the environment says, otherwise its stand-in. No slash at the end. */
export async function platformUrl(platform: Platform): Promise<string> {
  const url = process.env[platform.urlFrom] ?? (await standInOf(platform)).url;
  return url.replace(/\/+$/, '');
}

export interface Call<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** Makes it harmless to call again. */
  readonly idempotencyKey?: string;
  readonly signal: AbortSignal;
  readonly answer: z.ZodType<T>;
}

const largestAnswer = 1024 * 1024;

/**
 * Calls a system once.
 *
 * @throws TransientError if another attempt may succeed: no connection, no whole answer, status 408, 425, 429 or 5xx (`Retry-After` is kept)
 * @throws PermanentError for every other status that is no success, and for an answer of another shape
 */
export async function call<T>(platform: Platform, request: Call<T>): Promise<T> {
  const { method, path, signal, idempotencyKey } = request;
  const what = `${platform.name}: ${method} ${path}`;
  const { status, text, retryAfter } = await send(await platformUrl(platform), request).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      const repeat =
        idempotencyKey === undefined && method !== 'GET' ? ' (sent without a key)' : '';
      throw new TransientError(`${what} got no answer${repeat}`, { cause: error });
    },
  );
  if (status < 200 || status > 299) {
    throw failureOfStatus(status, `${what} was answered with ${status}: ${text.slice(0, 300)}`, {
      retryAfter,
      nowMs: Date.now(),
    });
  }
  const parsed = request.answer.safeParse(asJson(text));
  if (parsed.success) return parsed.data;
  throw new PermanentError(`${what} gave an answer of another shape: ${parsed.error.message}`);
}

async function send(url: string, { method, path, body, idempotencyKey, signal }: Call<unknown>) {
  const response = await fetch(`${url}${path}`, {
    method,
    signal,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    text: await boundedText(response),
    retryAfter: response.headers.get('retry-after'),
  };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > largestAnswer) throw new Error(`The answer is larger than ${largestAnswer} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
