/** The HTTP server: what holds for every request, before and after any call. */
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { SignalboxError } from '../../errors.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Logger } from '../../ports/logger.ts';
import { logAccess } from './access-log.ts';
import { keepRedirectsBelow, withoutBasePath } from './base-path.ts';
import { parseBody } from './json-body.ts';
import { type HttpLimits, toServerOptions } from './limits.ts';
import { answerBrokenRequest, sendProblem } from './problems.ts';
import { limitRates } from './rate-limit.ts';
import { refuseReadBodies } from './read-bodies.ts';
import { sendSecurityHeaders } from './security-headers.ts';
import { cutUnusedConnections } from './unused-connections.ts';

interface ServerParts {
  readonly basePath: string;
  readonly limits: HttpLimits;
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies: readonly string[];
  readonly ids: Ids;
  readonly log: Logger;
}

export async function createServer({
  basePath,
  limits,
  proxies,
  ids,
  log,
}: ServerParts): Promise<FastifyInstance> {
  const app = Fastify({
    ...toServerOptions(limits),
    trustProxy: [...proxies],
    ...(basePath === ''
      ? {}
      : { rewriteUrl: ({ url = '/' }: IncomingMessage) => withoutBasePath(basePath, url) }),
    logger: false,
    genReqId: () => ids.token(),
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply, log),
  });
  app.server.maxConnections = limits.connections;
  app.decorateRequest('caller', null);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, log));
  takeJsonAlone(app);
  refuseReadBodies(app);
  logAccess(app, log);
  cutUnusedConnections(app);
  sendSecurityHeaders(app);
  keepRedirectsBelow(basePath, app);
  if (limits.callsPerMinute !== null) await limitRates(app, limits.callsPerMinute);
  return app;
}

/** Text and forms can be sent by pages of other sites without asking; JSON cannot. */
function takeJsonAlone(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    async ({ headers }: FastifyRequest, body: Buffer) => {
      const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
      const charset = /;\s*charset="?([^";\s]+)/i.exec(type)?.[1] ?? 'utf-8';
      if (!/^utf-?8$/i.test(charset) || encoding.toLowerCase() !== 'identity')
        throw new SignalboxError('UNSUPPORTED_MEDIA_TYPE', 'The body is not plain JSON in UTF-8', {
          hint: 'Send "Content-Type: application/json", without a Content-Encoding',
        });
      return parseBody(body);
    },
  );
}
