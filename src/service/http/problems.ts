/** Every refusal as problem details (RFC 9457), also of what never reaches a call. */
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SignalboxError } from '../../errors.ts';
import type { Logger } from '../../ports/logger.ts';
import { type Problem, problemOf } from '../problem.ts';
import { inOurWords } from './refusals-of-fastify.ts';

export const problemType = 'application/problem+json';

export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const problem = problemOf(inOurWords(error));
  if (problem.status >= 500) {
    const { method, id: requestId } = request;
    const failure = { err: error, requestId, method, route: request.routeOptions.url ?? null };
    log.error(failure, 'a call failed');
  }
  if ([429, 503].includes(problem.status) && !reply.hasHeader('retry-after'))
    void reply.header('retry-after', '5');
  // RFC 9110, section 11.6.1
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="signalbox"');
  const waitMs = error instanceof SignalboxError ? error.details['retryAfterMs'] : undefined;
  if (typeof waitMs === 'number')
    void reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
  const known = problem.status >= 500 ? { ...problem, requestId: request.id } : problem;
  return reply.status(problem.status).type(problemType).serializer(JSON.stringify).send(known);
}

/** For the answer to arrive before the connection is cut. */
const lingerMs = 500;

/** Answers what is not HTTP, or comes too slowly or too large to be looked at. */
export function answerBrokenRequest(
  error: Error & { readonly code?: string },
  socket: Socket,
): void {
  if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason, refusal] = refusalOf(error.code);
  const body = JSON.stringify({ ...problemOf(refusal), status } satisfies Problem);
  // who does not hang up in turn keeps no connection
  setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function refusalOf(code: string | undefined): readonly [number, string, SignalboxError] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [
      408,
      'Request Timeout',
      new SignalboxError('REQUEST_TOO_SLOW', 'The request did not arrive in time'),
    ];
  if (code === 'HPE_HEADER_OVERFLOW')
    return [
      431,
      'Request Header Fields Too Large',
      new SignalboxError('REQUEST_INVALID', 'The head of the request is too large'),
    ];
  return [400, 'Bad Request', new SignalboxError('REQUEST_INVALID', 'This is not HTTP')];
}

/**
 * Paths nobody serves, and methods a path does not know. Register it before the routes.
 *
 * @param basePath - for addresses in refusals
 * @param page - answers a reader's browser; `null`: there are no pages
 */
export function answerUnknownPaths(
  app: FastifyInstance,
  basePath: string,
  page: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null,
): void {
  const known: { readonly pattern: RegExp; readonly method: string }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(
      `^${url
        .replaceAll(/[.+^$()|[\]\\{}]/g, String.raw`\$&`)
        .replaceAll(/:\w+/g, '[^/]+')
        .replaceAll('*', '.*')}$`,
    );
    for (const one of [method].flat()) known.push({ pattern, method: one });
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    const methods = known.flatMap(({ pattern, method }) => (pattern.test(path) ? [method] : []));
    const allowed = [...new Set(methods)];
    if (allowed.length > 0 && !allowed.includes(request.method)) {
      void reply.header('allow', allowed.join(', '));
      throw new SignalboxError(
        'METHOD_NOT_ALLOWED',
        `${request.method} is not one of the methods of this path: ${allowed.join(', ')}`,
      );
    }
    const answered = page(request, reply);
    if (answered !== null) return answered;
    throw new SignalboxError(
      'NOT_FOUND',
      `There is nothing at ${request.method} ${basePath}${path}`,
      {
        hint: `The calls are listed in ${basePath}/api/v1/openapi.json`,
      },
    );
  });
}
