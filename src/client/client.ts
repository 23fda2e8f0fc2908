/** The typed client: a function for each call of the interface, derived from the same declarations the service is built on. */
import { api, apiRoot } from '../api/api.ts';
import type { AnswerOf, RequestOf, Route, Stream } from '../api/route.ts';
import { SignalboxError } from '../errors.ts';
import { ServiceError } from './service-error.ts';
import { readEvents, type StreamEvent, type SubscribeOptions } from './subscribe.ts';

/** Where the service is, and who calls. */
export interface ClientOptions {
  /** Address of the service, as `http://127.0.0.1:4400` or `https://example.com/signalbox`. In a page: leave it out for its own origin, or give the path. */
  readonly url?: string;
  /** API token. In a page, the session's cookie stands for it. */
  readonly token?: string;
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** A repetition with the same key gets the first answer. */
  readonly idempotencyKey?: string;
}

type Given<R extends Route, Options> =
  object extends RequestOf<R>
    ? [request?: RequestOf<R>, options?: Options]
    : [request: RequestOf<R>, options?: Options];
type Call<R extends Route> = R extends Stream
  ? (...given: Given<R, SubscribeOptions>) => AsyncIterable<StreamEvent<AnswerOf<R>>>
  : (...given: Given<R, CallOptions>) => Promise<AnswerOf<R>>;

type Topics = typeof api;
/** One method for each route of the service, by topic: `client.runs.start(…)`. */
export type Client = {
  readonly [T in keyof Topics]: {
    readonly [N in keyof Topics[T]]: Topics[T][N] extends Route ? Call<Topics[T][N]> : never;
  };
};

interface AnyRequest {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** Every call throws {@link ServiceError} if the service refuses. */
export function createClient(options: ClientOptions = {}): Client {
  const topics = Object.entries(api).map(([topic, routes]) => [
    topic,
    Object.fromEntries(
      Object.entries(routes).map(([name, route]) => [
        name,
        (request: AnyRequest = {}, call: CallOptions & SubscribeOptions = {}) =>
          isStream(route)
            ? readEvents((last, signal) => open(options, route, request, last, signal), call)
            : send(options, route, request, call),
      ]),
    ),
  ]);
  return Object.fromEntries(topics) as Client;
}

function isStream(route: Route): boolean {
  return route.media === 'text/event-stream';
}

/** Asks for a stream, from after an event on. */
function open(
  options: ClientOptions,
  route: Route,
  request: AnyRequest,
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  return ask(options, route, request, headers, signal);
}

async function send(
  options: ClientOptions,
  route: Route,
  request: AnyRequest,
  { signal, idempotencyKey }: CallOptions,
): Promise<unknown> {
  const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
  const response = await ask(options, route, request, headers, signal);
  if (!response.ok) throw await ServiceError.from(response);
  if (response.status === 204) return undefined;
  return route.media === undefined ? response.json() : response.text();
}

function ask(
  { url = '', token, headers, fetch = globalThis.fetch }: ClientOptions,
  { method, path, media }: Route,
  { params = {}, query = {}, body }: AnyRequest,
  more: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return fetch(`${url.replace(/\/+$/, '')}${apiRoot}${addressOf(path, params)}${searchOf(query)}`, {
    method,
    headers: {
      accept: media === undefined ? 'application/json' : `${media}, application/problem+json`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...more,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** @throws SignalboxError `INPUT_INVALID` for a part that would lead to another address: URLs resolve dots, however they are written */
export function addressOf(path: string, params: Readonly<Record<string, unknown>>): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = String(params[name]);
    if (!/^\.{0,2}$/.test(value)) return encodeURIComponent(value);
    throw new SignalboxError('INPUT_INVALID', `"${value}" cannot be the ${name} of a call`, {
      details: { [name]: value },
    });
  });
}

function searchOf(query: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) search.append(name, String(one));
    }
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}
