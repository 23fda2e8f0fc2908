import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createAdjustableClock } from '../../src/adapters/system/adjustable-clock.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { api, apiRoot } from '../../src/api/api.ts';
import type { Route } from '../../src/api/route.ts';
import { createMortalStore } from '../../src/service/development/crash.ts';
import { openService, type ServiceBench } from '../support/service-bench.ts';

interface Described {
  readonly [path: string]: {
    readonly [method: string]: {
      readonly operationId: string;
      readonly 'x-role': string | null;
      readonly security: readonly object[];
      readonly responses: Readonly<Record<string, { readonly description?: string }>>;
    };
  };
}

const routes = Object.entries(api).flatMap(([topic, calls]) =>
  Object.entries<Route>(calls).map(([name, route]) => ({ id: `${topic}.${name}`, route })),
);

let bench: ServiceBench;
beforeAll(async () => {
  const store = createMemoryStore();
  // calls for development are there only where it is asked for
  const development = {
    clock: createAdjustableClock(systemClock),
    mortal: createMortalStore(store, () => {}),
    restarts: 0,
    die: () => {},
  };
  bench = await openService([], { store, development });
});
afterAll(() => bench.close());

async function read(): Promise<{ openapi: string; paths: Described }> {
  return (await bench.service.app.inject(`${apiRoot}/openapi.json`)).json();
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();

    const result = await validator.validate({ ...(await read()) });

    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(validator.version).toBe('3.1');
    expect(() => validator.resolveRefs()).not.toThrow();
  });

  it.each(routes)('describes $id, which is served', async ({ id, route }) => {
    const { paths } = await read();
    const path = `${apiRoot}${route.path}`.replaceAll(/:(\w+)/g, '{$1}');

    const operation = paths[path]?.[route.method.toLowerCase()];

    expect(
      bench.service.app.hasRoute({ method: route.method, url: `${apiRoot}${route.path}` }),
    ).toBe(true);
    expect(operation).toMatchObject({
      operationId: id,
      'x-role': route.role,
      security: route.role === null ? [] : [{ token: [] }, { session: [] }],
    });
    expect(operation?.responses).toMatchObject({
      400: { $ref: '#/components/responses/Problem' },
      default: { $ref: '#/components/responses/Problem' },
    });
  });

  it('describes nothing else', async () => {
    const described = Object.values((await read()).paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );

    expect(described.sort()).toEqual(routes.map(({ id }) => id).sort());
  });

  it('can be read in a page that loads nothing from elsewhere', async () => {
    const page = await bench.service.app.inject('/api/static/index.html');
    const entry = await bench.service.app.inject('/api/');

    expect([page.statusCode, entry.statusCode]).toContain(200);
    for (const { body } of [page, entry])
      for (const [, address] of body.matchAll(/(?:src|href)="([^"]+)"/g))
        expect(address).not.toMatch(/^(?:https?:)?\/\//);
  });
});
