import type { FastifyInstance, FastifyRequest } from 'fastify';

const everyMs = 50;

/**
 * Connections on which nothing was asked yet do not count as idle to older versions of Node, and would hold up the end of the server for minutes.
 * While it closes they are cut off as soon as nobody waits for an answer. Streams of events have been ended by then; who reads one comes back.
 */
export function cutUnusedConnections(app: FastifyInstance): void {
  let underWay = 0;
  app.addHook('onRequest', async (request) => {
    if (isAnswered(request)) underWay += 1;
  });
  app.addHook('onResponse', async (request) => {
    if (isAnswered(request)) underWay -= 1;
  });
  app.addHook('preClose', async () => {
    const { server } = app;
    if (!server.listening) return;
    const timer = setInterval(() => {
      if (underWay === 0) server.closeAllConnections();
    }, everyMs);
    server.once('close', () => clearInterval(timer));
  });
}

function isAnswered({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.route?.media !== 'text/event-stream';
}
