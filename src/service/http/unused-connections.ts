import type { FastifyInstance } from 'fastify';

const everyMs = 50;
/** What is not answered by then is cut off, too: some versions of Node do not notice that a reader has gone. */
const graceMs = 3_000;

/**
 * Connections on which nothing was asked yet do not count as idle to older versions of Node, and would hold up the end of the server for minutes.
 * While it closes they are cut off as soon as nobody waits for an answer, or after three seconds.
 */
export function cutUnusedConnections(app: FastifyInstance): void {
  let underWay = 0;
  app.addHook('onRequest', async () => {
    underWay += 1;
  });
  app.addHook('onResponse', async () => {
    underWay -= 1;
  });
  app.addHook('preClose', async () => {
    const { server } = app;
    if (!server.listening) return;
    let leftMs = graceMs;
    const timer = setInterval(() => {
      leftMs -= everyMs;
      if (underWay === 0 || leftMs <= 0) server.closeAllConnections();
    }, everyMs);
    server.once('close', () => clearInterval(timer));
  });
}
