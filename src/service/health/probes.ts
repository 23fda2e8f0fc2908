/** For whoever starts and watches the process: is it alive, and may it get requests. Says nothing else, and asks nobody to sign in. */
import type { FastifyInstance } from 'fastify';
import type { ServiceParts } from '../parts.ts';
import type { Writable } from './writable.ts';

export function serveProbes(
  app: FastifyInstance,
  { store, log, writable }: ServiceParts & { readonly writable: Writable },
): void {
  app.get('/healthz', (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  );
  app.get('/readyz', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    try {
      await store.nextDueAtMs();
      const fault = await writable.fault();
      if (fault === null) return await reply.send({ status: 'ready' });
      log.error({ err: fault }, 'not ready: the store cannot be written');
      return await reply.status(503).send({ status: 'unavailable' });
    } catch (error) {
      log.error({ err: error }, 'not ready: the store does not answer');
      return reply.status(503).send({ status: 'unavailable' });
    }
  });
}
