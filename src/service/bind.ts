/** Binds calls of the interface to what serves them: request checked, role checked, answer checked. */
import type { FastifyInstance } from 'fastify';
import { apiRoot } from '../api/api.ts';
import type { GivenAnswerOf, ParsedOf, Route } from '../api/route.ts';
import type { Caller } from './caller.ts';

export interface Call {
  readonly caller: Caller;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Ends when the caller has hung up. */
  readonly signal: AbortSignal;
}

export type Bind = <R extends Route>(
  route: R,
  serve: (request: ParsedOf<R>, call: Call) => Promise<GivenAnswerOf<R>> | GivenAnswerOf<R>,
) => void;

export function createBind(app: FastifyInstance, callerOf: (request: object) => Caller): Bind {
  return (route, serve) => {
    const { method, path, summary, params, query, body, answer } = route;
    const status = route.status ?? (answer === null ? 204 : 200);
    app.route({
      method,
      url: `${apiRoot}${path}`,
      schema: {
        summary,
        ...(params === undefined ? {} : { params }),
        ...(query === undefined ? {} : { querystring: query }),
        ...(body === undefined ? {} : { body }),
        ...(answer === null ? {} : { response: { [status]: answer } }),
      },
      async handler(request, reply) {
        const aborted = new AbortController();
        reply.raw.once('close', () => aborted.abort());
        const given = { params: request.params, query: request.query, body: request.body };
        const result = await serve(given as never, {
          caller: callerOf(request),
          headers: request.headers,
          signal: aborted.signal,
        });
        return reply.status(status).send(result);
      },
    });
  };
}
