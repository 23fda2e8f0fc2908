/** The limit of calls, and how often it was reached. */
import type { FastifyInstance } from 'fastify';
import { webhookFactor } from '../http/rate-limit.ts';

const tooManyRequests = 429;

export interface CallLimits {
  readonly callsPerMinute: number | null;
  readonly webhooksPerMinute: number | null;
  readonly refusedCalls: number;
}

export function watchCalls(app: FastifyInstance, callsPerMinute: number | null) {
  let refusedCalls = 0;
  app.addHook('onResponse', async (_request, { statusCode }) => {
    if (statusCode === tooManyRequests) refusedCalls += 1;
  });
  return {
    read: (): CallLimits => ({
      callsPerMinute,
      webhooksPerMinute: callsPerMinute === null ? null : callsPerMinute * webhookFactor,
      refusedCalls,
    }),
  };
}
