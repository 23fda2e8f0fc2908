import { fastifyRateLimit } from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { SignalboxError } from '../../errors.ts';
import { networkOf } from './network.ts';

/** Webhooks come in bursts, from few addresses. */
export const webhookFactor = 10;

/** Counts the calls of each address (of IPv6: each network), before anything of them is looked at. Addresses are remembered up to a bounded number. */
export async function limitRates(app: FastifyInstance, callsPerMinute: number): Promise<void> {
  const isWebhook = (url: string) => url.startsWith('/webhooks/');
  await app.register(fastifyRateLimit, {
    // as a hook of a route it would come after the one that refuses who has not signed in
    global: false,
    max: ({ url }) => (isWebhook(url) ? callsPerMinute * webhookFactor : callsPerMinute),
    timeWindow: 60_000,
    cache: 10_000,
    keyGenerator: ({ ip, url }) => `${isWebhook(url) ? 'webhook' : 'call'} ${networkOf(ip)}`,
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { max, ttl }) =>
      new SignalboxError(
        'RATE_LIMITED',
        `More than ${max} calls came from this address in a minute`,
        {
          hint: `Ask again in ${Math.ceil(ttl / 1000)} seconds`,
        },
      ),
  });
  app.addHook('onRequest', app.rateLimit());
}
