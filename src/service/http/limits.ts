/** Sizes and times of the HTTP side; everything that comes from outside is bounded by one of them. */
import type { FastifyServerOptions } from 'fastify';

export interface HttpLimits {
  /** Of a request's body. Default 1 MiB; the engine refuses inputs of more than its own `maxPayloadBytes`. */
  readonly bodyBytes: number;
  /** Until the head of a request has arrived. Default 10 s. */
  readonly headersMs: number;
  /** Until a whole request has arrived. Default 30 s. */
  readonly requestMs: number;
  /** Until a call is answered; streams are not limited. Default 120 s. */
  readonly handlerMs: number;
  /** Connections at a time. Default 2,000. */
  readonly connections: number;
  /** Calls of one address in a minute, webhooks counting a tenth; `null`: as many as come. Default 1,200, on this machine alone as many as come. */
  readonly callsPerMinute: number | null;
}

export const defaultLimits: HttpLimits = {
  bodyBytes: 1024 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  handlerMs: 120_000,
  connections: 2_000,
  callsPerMinute: 1_200,
};

/** Of a connection on which nothing happens: longer than the longest wait and than the heartbeat of streams. */
const quietMs = 90_000;
const keepAliveMs = 30_000;

export function toServerOptions(limits: HttpLimits) {
  return {
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    handlerTimeout: limits.handlerMs,
    connectionTimeout: quietMs,
    keepAliveTimeout: keepAliveMs,
    http: {
      headersTimeout: Math.min(limits.headersMs, limits.requestMs),
      connectionsCheckingInterval: Math.max(100, Math.min(limits.headersMs / 2, 5_000)),
      maxHeaderSize: 16_384,
    },
    routerOptions: { maxParamLength: 1_000 },
    forceCloseConnections: 'idle',
    exposeHeadRoutes: true,
    requestIdHeader: false,
  } as const satisfies FastifyServerOptions & { readonly http: object };
}
