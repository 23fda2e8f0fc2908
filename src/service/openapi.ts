/** The OpenAPI 3.1 document of the interface, made from the same declarations that calls are bound by, and a page to read it. */
import { fastifySwagger } from '@fastify/swagger';
import { fastifySwaggerUi } from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { api, apiRoot } from '../api/api.ts';
import type { Route } from '../api/route.ts';
import type { Bind } from './bind.ts';
import { problemType } from './http/problems.ts';
import { packageVersion } from './version.ts';

type Document = OpenAPIV3_1.Document;
type Operation = OpenAPIV3_1.OperationObject;

/** Reads calls as they are bound: register it before the first. */
export async function describeCalls(app: FastifyInstance, sessionCookie: string): Promise<void> {
  const toJsonSchema = createJsonSchemaTransform({ zodToJsonConfig: { unrepresentable: 'any' } });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Signalbox',
        version: packageVersion,
        description: 'Runs of workflows: started, watched, decided, and looked after.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: Object.keys(api).map((name) => ({ name })),
      components: {
        securitySchemes: securitySchemes(sessionCookie),
        responses: { Problem: problemAnswer },
      },
    },
    transform: ({ schema, url, route, ...rest }) => {
      if (route.config?.route === undefined) return { schema: { hide: true }, url };
      return toJsonSchema({ schema, url, route, ...rest });
    },
    transformObject: jsonSchemaTransformObject,
  });
}

/** A page below /api, and the document. */
export async function serveDocument(
  app: FastifyInstance,
  bind: Bind,
  basePath: string,
): Promise<void> {
  let document: Document | null = null;
  const read = () => (document ??= completed(app.swagger() as Document, basePath));
  bind(api.service.openapi, () => read() as never);
  await app.register(fastifySwaggerUi, {
    routePrefix: '/api',
    indexPrefix: basePath,
    // without the bar that asks for another document, and for a logo
    uiConfig: { layout: 'BaseLayout', docExpansion: 'none', deepLinking: true, validatorUrl: null },
    theme: { title: 'Signalbox API' },
    transformSpecification: read,
    transformSpecificationClone: false,
  });
}

const securitySchemes = (sessionCookie: string) =>
  ({
    token: { type: 'http', scheme: 'bearer', description: 'An API token' },
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: sessionCookie,
      description: 'Set by signing in',
    },
  }) as const satisfies Record<string, OpenAPIV3_1.SecuritySchemeObject>;

const text = { type: 'string' } as const;
const problemAnswer = {
  description: 'A refusal: problem details (RFC 9457)',
  headers: {
    'Retry-After': {
      description: 'With 429 and 503: seconds to wait before the next try',
      schema: { type: 'integer' },
    },
  },
  content: {
    [problemType]: {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status', 'detail', 'code'],
        properties: {
          type: text,
          title: text,
          status: { type: 'integer' },
          detail: text,
          code: { ...text, description: 'Stable; docs/errors.md tells what each means' },
          hint: { ...text, description: 'What to do about it' },
          issues: { type: 'array', items: { type: 'object' } },
          requestId: text,
        },
      },
    },
  },
} satisfies OpenAPIV3_1.ResponseObject;

/** What routes say and schemas do not: names, roles, refusals, other types than JSON; and where the service is. */
function completed(document: Document, basePath: string): Document {
  if (basePath !== '') document.servers = [{ url: basePath }];
  for (const [topic, routes] of Object.entries(api)) {
    for (const [name, route] of Object.entries<Route>(routes)) {
      const path = `${apiRoot}${route.path}`.replaceAll(/:(\w+)/g, '{$1}');
      const operation = document.paths?.[path]?.[route.method.toLowerCase() as 'get'];
      if (operation !== undefined) complete(operation, route, topic, name);
    }
  }
  return document;
}

function complete(operation: Operation, route: Route, topic: string, name: string): void {
  const { role, answer, media, isRepeatable } = route;
  const status = route.status ?? (answer === null ? 204 : 200);
  operation.operationId = `${topic}.${name}`;
  operation.tags = [topic];
  operation.description =
    role === null ? 'Anybody may call it.' : `Takes the role \`${role}\` or a higher one.`;
  operation.security = role === null ? [] : [{ token: [] }, { session: [] }];
  Object.assign(operation, { 'x-role': role });
  const good: OpenAPIV3_1.ResponseObject =
    media === undefined
      ? { ...operation.responses?.[status], description: answer === null ? 'Done' : 'The answer' }
      : { description: 'The answer', content: { [media]: { schema: text } } };
  operation.responses = {
    [status]: good,
    ...Object.fromEntries(statusesOf(route).map((each) => [each, problem])),
    default: problem,
  };
  if (isRepeatable === true)
    operation.parameters = [...(operation.parameters ?? []), idempotencyKey];
}

const problem = { $ref: '#/components/responses/Problem' };

const idempotencyKey: OpenAPIV3_1.ParameterObject = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A repetition with the same key gets the first answer, for 24 hours',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function statusesOf({ role, params, body }: Route): readonly number[] {
  return [
    400,
    ...(role === null ? [] : [401, 403]),
    ...(params === undefined ? [] : [404]),
    406,
    ...(body === undefined ? [] : [409, 413, 415, 422]),
    429,
    503,
  ];
}
