/** The HTTP application: every call of the interface, checked on its way in and out. */
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { createBind } from './bind.ts';
import type { Caller } from './caller.ts';
import type { ServiceParts } from './parts.ts';
import { problemOf } from './problem.ts';
import { serveRuns } from './runs.ts';

const developer: Caller = { name: 'developer', role: 'admin', groups: [] };

export async function createApp(parts: ServiceParts): Promise<FastifyInstance> {
  const app = Fastify({ logger: false });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error);
    return reply.status(problem.status).type('application/problem+json').send(problem);
  });
  const bind = createBind(app, () => developer);
  serveRuns(bind, parts);
  await app.ready();
  return app;
}
