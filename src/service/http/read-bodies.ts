import type { FastifyInstance } from 'fastify';
import { SignalboxError } from '../../errors.ts';

/** In a server of one's own something may have read the body before; it would be waited for until the time is over. */
export function refuseReadBodies(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (!raw.readableDidRead) return;
    throw new SignalboxError('BODY_READ', 'The body was read before the service got the request', {
      hint: 'Hand the request over before anything that reads bodies, such as express.json()',
    });
  });
}
