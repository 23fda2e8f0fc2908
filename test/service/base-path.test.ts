import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createClient } from '../../src/client/index.ts';
import { defineWebhook, defineWorkflow, onWebhook } from '../../src/index.ts';
import { parseBasePath, withoutBasePath } from '../../src/service/http/base-path.ts';
import { openService, type ServiceBench } from '../support/service-bench.ts';

const asking = defineWorkflow({
  name: 'asking',
  version: 1,
  input: z.object({}),
  steps: (w) => w.review('question'),
});

const shop = defineWebhook({
  name: 'shop',
  preset: 'generic',
  secrets: ['a secret of thirty-two characters'],
  events: { sold: onWebhook({ payload: z.object({}), workflow: asking, input: () => ({}) }) },
});

const basePath = '/ops/signalbox';
let bench: ServiceBench;
beforeAll(async () => {
  bench = await openService([asking], { basePath, triggers: [shop] });
});
afterAll(() => bench.close());

describe('a service below a base path', () => {
  it.each(['/api/v1/service', '/healthz', '/readyz', '/api/v1/metrics', '/api/static/index.css'])(
    'answers %s with the prefix, and without it',
    async (path) => {
      const inject = (url: string) => bench.service.app.inject(url);

      const answers = await Promise.all([`${basePath}${path}`, path].map(inject));

      expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    },
  );

  it('is nothing beside it, and says where its calls are listed', async () => {
    const beside = await bench.service.app.inject(`${basePath}s/api/v1/service`);

    expect(beside.json()).toMatchObject({
      code: 'NOT_FOUND',
      hint: `The calls are listed in ${basePath}/api/v1/openapi.json`,
    });
  });

  it('names its path in the document, in the page to read it, and where it leads on', async () => {
    const { app } = bench.service;

    const document = await app.inject(`${basePath}/api/v1/openapi.json`);
    const page = await app.inject(`${basePath}/api`);
    const moved = await app.inject(`${basePath}/api/static/index.html`);

    expect(document.json()).toMatchObject({ servers: [{ url: basePath }] });
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file);
    expect(files).toContain(`${basePath}/api/static/swagger-ui-bundle.js`);
    expect(files.every((file) => file?.startsWith(`${basePath}/api/`))).toBe(true);
    expect(moved.headers.location).toBe(`${basePath}/api/`);
  });

  it('shows senders the whole path', async () => {
    expect((await bench.client.webhooks.sources()).sources).toMatchObject([
      { source: 'shop', path: `${basePath}/webhooks/shop` },
    ]);
  });

  it('takes a key that was used with the prefix for the same without it', async () => {
    const start = (prefix: string) =>
      bench.service.app.inject({
        method: 'POST',
        url: `${prefix}/api/v1/runs`,
        headers: { 'idempotency-key': 'once' },
        payload: { workflow: 'asking', input: {} },
      });

    const first = await start(basePath);
    const second = await start('');

    expect(second.json()).toEqual(first.json());
    expect(second.headers['idempotent-replayed']).toBe('true');
  });
});

describe('a server that has the service below a path', () => {
  /** As Express calls what is mounted. */
  const stripped: RequestListener = (request, response) => {
    Object.assign(request, { originalUrl: request.url });
    request.url = request.url?.slice(basePath.length);
    bench.service.handler(request, response);
  };
  const whole: RequestListener = (request, response) => bench.service.handler(request, response);

  async function listen(host: RequestListener) {
    const server = createServer((request, response) => {
      if (request.url?.startsWith(`${basePath}/`) === true) host(request, response);
      else response.end('the shop');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      [Symbol.dispose]() {
        server.close();
        server.closeAllConnections();
      },
    };
  }

  it.each([
    ['takes the prefix off', stripped],
    ['leaves it on', whole],
  ])('and %s: calls arrive, and news from where their reader was', async (_, host) => {
    using server = await listen(host);
    const client = createClient({ url: `${server.origin}${basePath}/` });
    const nextOf = async (lastEventId: string | null, onConnection: () => void) => {
      const ended = new AbortController();
      const from = lastEventId === null ? {} : { lastEventId };
      const news = client.runs.news({}, { signal: ended.signal, onConnection, ...from });
      for await (const { id } of news) {
        ended.abort();
        return id;
      }
      return '';
    };
    const start = () => void client.runs.start({ body: { workflow: 'asking', input: {} } });

    const first = await nextOf(null, start);
    const second = await nextOf(first, () => {});
    const shopPage = await fetch(server.origin);

    const [, epoch = '', place] = /^(\w+)-(\d+)$/.exec(first) ?? [];
    expect(second).toBe(`${epoch}-${Number(place) + 1}`);
    expect(await shopPage.text()).toBe('the shop');
  });

  it('keeps the address that it logs by', async () => {
    const addresses: unknown[] = [];
    using server = await listen((request, response) => {
      stripped(request, response);
      addresses.push(Object(request).originalUrl);
    });

    const { status } = await fetch(`${server.origin}${basePath}/healthz`);

    expect([status, addresses]).toEqual([200, [`${basePath}/healthz`]]);
  });
});

describe('a base path', () => {
  it.each([
    ['/ops/signalbox/runs?a=/b', '/runs?a=/b'],
    ['/ops/signalbox', '/'],
    ['/ops/signalbox?a', '/?a'],
    ['/runs', '/runs'],
    ['', '/'],
    ['?a', '/?a'],
    ['/ops/signalboxes', '/ops/signalboxes'],
    ['/ops', '/ops'],
    ['*', '*'],
  ])('of "%s" leaves "%s"', (url, known) => {
    expect(withoutBasePath(basePath, url)).toBe(known);
  });

  it.each([
    ['', ''],
    ['/', ''],
    ['/signalbox', '/signalbox'],
    ['/signalbox/', '/signalbox'],
    ['/api/signal.box_1', '/api/signal.box_1'],
    ['/workflows', '/workflows'],
  ])('"%s" is "%s"', (text, path) => {
    expect(parseBasePath(text)).toBe(path);
  });

  it.each([
    'signalbox',
    '//signalbox',
    '/a/../b',
    '/.',
    '/a b',
    '/a"b',
    '/a?b',
    '/%61',
    `/${'a'.repeat(200)}`,
    '/api',
    '/api/v1',
    '/webhooks',
    '/auth/x',
  ])('"%s" is none', (text) => {
    expect(() => parseBasePath(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });

  it('is that of the public address; two that differ are refused', async () => {
    const identity = { mode: 'sign-in', publicUrl: 'https://example.com/ops/' } as const;

    const agreed = await openService([], { identity, basePath: '/ops' });
    const accept = 'text/html';
    const opened = await agreed.service.app.inject({ url: '/ops/runs', headers: { accept } });
    const differing = openService([], { identity, basePath: '/other' });

    expect(opened.headers.location).toBe('/ops/auth?to=%2Fruns');
    await expect(differing).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: 'The service cannot be both at "/other" and at "/ops"',
    });
    await agreed.close();
  });
});
