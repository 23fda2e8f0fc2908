/**
 * A line for each request: which call, by whom, what came of it. Nothing a client can choose freely stands in it: the pattern of the route instead
 * of the path, no query, no header. So no secret gets into the log, and no line of it can be forged.
 */
import type { FastifyInstance } from 'fastify';
import type { Logger } from '../../ports/logger.ts';

export function logAccess(app: FastifyInstance, log: Logger): void {
  app.addHook('onResponse', async (request, reply) => {
    const { id: requestId, method, ip, routeOptions, caller } = request;
    const line = {
      requestId,
      method,
      route: routeOptions.url ?? null,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      actor: caller?.name ?? null,
      ip,
    };
    if (reply.statusCode >= 500) log.warn(line, 'request');
    else log.info(line, 'request');
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, once that is known. */
    caller: { readonly name: string } | null;
  }
}
