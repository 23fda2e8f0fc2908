/** Binds calls of the interface to what serves them: caller identified, role checked, request checked, answer checked. */
import type { FastifyInstance } from 'fastify';
import { apiRoot } from '../api/api.ts';
import type { GivenAnswerOf, ParsedOf, Route } from '../api/route.ts';
import type { Caller } from './caller.ts';
import type { Guard } from './identity/guard.ts';
import type { SignedIn } from './identity/identity.ts';
import type { Streams } from './streams.ts';

export interface Call {
  /** Somebody of the role the call needs; `anonymous` where it needs none and nobody has signed in. */
  readonly caller: Caller;
  readonly signedIn: SignedIn | null;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Address of the peer. */
  readonly ip: string;
  /** Ends when the caller has hung up. */
  readonly signal: AbortSignal;
  /** Header of the answer. */
  setHeader(name: string, value: string): void;
}

export type Bind = <R extends Route>(
  route: R,
  serve: (request: ParsedOf<R>, call: Call) => Promise<GivenAnswerOf<R>> | GivenAnswerOf<R>,
) => void;

const anonymous: Caller = { name: 'anonymous', role: 'viewer', groups: [] };

interface BindParts {
  readonly guard: Guard;
  readonly streams: Streams;
}

export function createBind(app: FastifyInstance, { guard, streams }: BindParts): Bind {
  const callers = new WeakMap<object, SignedIn>();

  return (route, serve) => {
    const { method, path, summary, params, query, body, answer, media } = route;
    const status = route.status ?? (answer === null ? 204 : 200);
    app.route({
      method,
      url: `${apiRoot}${path}`,
      config: { route },
      schema: {
        summary,
        ...(params === undefined ? {} : { params }),
        ...(query === undefined ? {} : { querystring: query }),
        ...(body === undefined ? {} : { body }),
        ...(answer === null || media !== undefined ? {} : { response: { [status]: answer } }),
      },
      // before the body is read
      async onRequest(request) {
        const signedIn = await guard.enter(request, route);
        if (signedIn !== null) callers.set(request, signedIn);
      },
      async handler(request, reply) {
        const given = { params: request.params, query: request.query, body: request.body };
        const signedIn = callers.get(request) ?? null;
        await guard.checkScope(signedIn, route, request);
        const stream = media === 'text/event-stream' ? streams.open(signedIn) : null;
        const aborted = new AbortController();
        reply.raw.once('close', () => {
          aborted.abort();
          stream?.end();
        });
        const result = await serve(given as never, {
          caller: signedIn?.caller ?? anonymous,
          signedIn,
          headers: request.headers,
          ip: request.ip,
          signal:
            stream === null ? aborted.signal : AbortSignal.any([aborted.signal, stream.signal]),
          setHeader: (name, value) => void reply.header(name, value),
        });
        if (media !== undefined) void reply.type(`${media}; charset=utf-8`);
        if (stream !== null) {
          // a connection that is kept would hold up the end of the service
          void reply.headers({ 'cache-control': 'no-store', connection: 'close' });
          return reply.send(stream.of(result as never));
        }
        return reply.status(status).send(result);
      },
    });
  };
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The declaration it is bound to. */
    readonly route?: Route;
  }
}
