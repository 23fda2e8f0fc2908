import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fastify } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { SignalboxError } from '../../src/errors.ts';
import { defineWorkflow } from '../../src/index.ts';
import { parseBody } from '../../src/service/http/json-body.ts';
import { sendProblem } from '../../src/service/http/problems.ts';
import { createRepeats } from '../../src/service/http/repeats.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { silent } from '../../src/testing/player/world.ts';
import { aGate } from '../support/deeds.ts';
import { eventually } from '../support/eventually.ts';
import { createLogBook } from '../support/log-book.ts';
import { openService, type ServiceBench } from '../support/service-bench.ts';

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ orderId: z.string() }),
  steps: (w) => w.finish(w.input, { approve: 'person' }),
});

const book = createLogBook();
let bench: ServiceBench;
let port: number;
beforeAll(async () => {
  bench = await openService([order], {
    logger: book.logger,
    limits: { headersMs: 200, requestMs: 300, bodyBytes: 10_000 },
  });
  port = Number(new URL(await bench.service.listen()).port);
});
afterAll(() => bench.close());

const json = { 'content-type': 'application/json' };
const start = { workflow: 'order', input: { orderId: 'o-1' } };

function post(payload: string | Buffer, headers: Record<string, string> = json) {
  return bench.service.app.inject({ method: 'POST', url: '/api/v1/runs', headers, payload });
}

/** What the server writes until it hangs up. */
function talk(...sent: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    for (const one of sent) socket.write(one);
  });
}

describe('requests that cannot be served', () => {
  it.each([
    ['', 'REQUEST_INVALID'],
    ['{"workflow":', 'REQUEST_INVALID'],
    ['{"workflow":"order","workflow":"order","input":1}', 'REQUEST_INVALID'],
    ['{"workflow":"order","w\\u006frkflow":"order","input":1}', 'REQUEST_INVALID'],
    ['\ufeff{}', 'REQUEST_INVALID'],
    ['{"workflow":"a\u0000"}', 'REQUEST_INVALID'],
    ['{"workflow":"order","input":{"__proto__":{"admin":true}}}', 'REQUEST_INVALID'],
    [`{"workflow":"order","input":${'['.repeat(4_000)}${']'.repeat(4_000)}}`, 'REQUEST_INVALID'],
    ['{"workflow":"order"}', 'REQUEST_INVALID'],
    ['{"workflow":"order","input":{},"surprise":1}', 'REQUEST_INVALID'],
    ['{"workflow":"order","input":{"orderId":"\\ud800"}}', 'REQUEST_INVALID'],
    ['{"workflow":"order","input":{"\\udc00":1}}', 'REQUEST_INVALID'],
    ['[]', 'REQUEST_INVALID'],
    ['NaN', 'REQUEST_INVALID'],
  ])('F-05: a body like %j is refused with a reason', async (payload, code) => {
    const answer = await post(payload);

    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 400, code });
  });

  it.each([['"'], ['"\\'], ['{"a":"']])(
    'F-05: a string %j without an end is read once, however many quotes it holds',
    (begin) => {
      const endless = Buffer.from(`${begin}${'\\"'.repeat(250_000)}${begin.slice(1, 2)}`);

      expect(() => parseBody(endless)).toThrow(
        expect.objectContaining({ code: 'REQUEST_INVALID' }),
      );
    },
  );

  it('F-05: invalid UTF-8, another character set, a packed body, another type', async () => {
    const invalid = await post(Buffer.from([0x22, 0xff, 0x22]));
    const latin = await post('{}', { 'content-type': 'application/json; charset=latin1' });
    const packed = await post('{}', { ...json, 'content-encoding': 'gzip' });
    const text = await post('{}', { 'content-type': 'text/plain' });

    expect(invalid.json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    for (const answer of [latin, packed, text])
      expect(answer.json()).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  it('say where a value is wrong', async () => {
    const answer = await post(JSON.stringify({ ...start, labels: { team: 7 } }));
    const query = await bench.service.app.inject('/api/v1/runs?limit=many');

    expect(answer.json()).toMatchObject({
      code: 'REQUEST_INVALID',
      issues: [{ in: 'body', path: ['labels', 'team'] }],
    });
    expect(query.json()).toMatchObject({ issues: [{ in: 'query', path: ['limit'] }] });
  });

  it('F-03: a body beyond the limit is refused, with a length or without', async () => {
    const declared = await post(JSON.stringify({ ...start, key: 'x'.repeat(20_000) }));
    const chunk = `2000\r\n${' '.repeat(0x2000)}\r\n`;
    const chunked = await talk(
      'POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
      chunk,
      chunk,
    );

    expect(declared.json()).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('F-04: slow heads and slow bodies are cut off, and others are served meanwhile', async () => {
    const slow = [
      talk('GET /api/v1/runs HTTP/1.1\r\nHost: loc'),
      talk(
        'POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
      ),
      talk(),
    ];
    const served = await fetch(`http://127.0.0.1:${port}/api/v1/runs`);

    expect(served.status).toBe(200);
    const [head = '', body = ''] = await Promise.all(slow);
    expect(head).toMatch(/^HTTP\/1\.1 408 .*application\/problem\+json/s);
    expect(body).toMatch(/^HTTP\/1\.1 408 /);
    expect(await talk('this is not HTTP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('F-04: who does not hang up when told to keeps no connection', async () => {
    const accepted = once(bench.service.app.server, 'connection');
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });

    socket.write('GET /api/v1/runs HTTP/1.1\r\nHost: loc');

    await eventually(() => expect(text).toContain('408'));
    const [served] = await accepted;
    await eventually(() => expect(served).toMatchObject({ destroyed: true }));
    socket.destroy();
  });

  it('name the methods of a path, and paths that are not there', async () => {
    const { app } = bench.service;
    const method = await app.inject({ method: 'DELETE', url: '/api/v1/runs' });
    const path = await app.inject('/api/v1/nothing');
    const url = await app.inject('/api/v1/runs/%ff');
    const accept = await app.inject({
      url: '/api/v1/runs',
      headers: { accept: 'application/xml, text/*;q=0.5, application/json;q=0' },
    });

    expect(method.json()).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(method.headers['allow']).toMatch(/GET.*POST|POST.*GET/);
    expect(path.json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect(url.json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(accept.json()).toMatchObject({ status: 406, code: 'NOT_ACCEPTABLE' });
  });

  it('F-10: ids that look like paths, devices or control characters are unknown runs and nothing else', async () => {
    for (const id of ['../../x', '..\\x', 'CON', 'a\u0000b', 'x'.repeat(150), '.hidden', 'ﬁ']) {
      const answer = await bench.service.app.inject(`/api/v1/runs/${encodeURIComponent(id)}`);
      expect(answer.json()).toMatchObject({ status: 404, code: 'RUN_NOT_FOUND' });
    }
  });
});

describe('every answer', () => {
  it('carries headers that keep pages to themselves', async () => {
    const { headers } = await bench.service.app.inject('/api/v1/runs');

    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  it('F-11: is one line of the log, in which nothing stands that a client made up', async () => {
    const before = book.lines.length;
    const evil = 'x\r\n{"level":50,"msg":"forged"}';
    await bench.service.app.inject({
      url: `/api/v1/runs/${encodeURIComponent(evil)}?q=${encodeURIComponent(evil)}&token=secret`,
      headers: { 'x-key': 'secret', 'user-agent': 'forged' },
    });

    const lines = book.lines.slice(before).filter(({ message }) => message === 'request');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      method: 'GET',
      route: '/api/v1/runs/:runId',
      status: 404,
      actor: 'developer',
    });
    expect(JSON.stringify(lines)).not.toMatch(/secret|forged/);
  });

  it('is told the rate, and refused beyond it, with the time to wait', async () => {
    const { service, close } = await openService([], { limits: { callsPerMinute: 2 } });
    const call = (url = '/api/v1/runs') => service.app.inject(url);
    const rate = ({ headers }: Awaited<ReturnType<typeof call>>) => [
      headers['ratelimit-limit'],
      headers['ratelimit-remaining'],
      headers['ratelimit-reset'],
    ];

    const [first, second, refused] = [await call(), await call(), await call()];
    const webhook = await service.app.inject({ method: 'POST', url: '/webhooks/unknown' });

    expect([first, second, refused].map(rate)).toEqual([
      ['2', '1', '60'],
      ['2', '0', '60'],
      ['2', '0', '60'],
    ]);
    expect(first.headers).not.toHaveProperty('retry-after');
    expect(refused.json()).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(refused.headers['retry-after']).toBe('60');
    expect(rate(webhook)).toEqual(['20', '19', '60']);
    await close();
  });

  it('counts the addresses of one IPv6 network as one, so that nobody gets round the rate by them', async () => {
    const { service, close } = await openService([], {
      identity: { mode: 'sign-in', publicUrl: 'https://ops.example.com' },
      limits: { callsPerMinute: 2 },
    });
    const statusFrom = async (remoteAddress: string) =>
      (await service.app.inject({ url: '/api/v1/runs', remoteAddress })).statusCode;
    const statuses: number[] = [];
    for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:a::', '2001:db8:1:2:ffff::7'])
      statuses.push(await statusFrom(address));

    expect(statuses).toEqual([401, 401, 429]);
    expect(await statusFrom('2001:db8:1:3::1')).toBe(401);
    await close();
  });

  it('is told when to come again if there is too much of something', async () => {
    const app = fastify();
    app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, book.logger));
    app.get('/', () => {
      throw new SignalboxError('RATE_LIMITED', 'There are 1000 streams of events open');
    });

    const { statusCode, headers } = await app.inject('/');

    expect([statusCode, headers['retry-after']]).toEqual([429, '5']);
    await app.close();
  });
});

describe('a service in a server of Node', () => {
  it('takes the requests it is handed', async () => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/api/') === true) bench.service.handler(request, response);
      else response.end('the shop');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port: own } = server.address() as AddressInfo;

    const shop = await fetch(`http://127.0.0.1:${own}/`);
    const runs = await fetch(`http://127.0.0.1:${own}/api/v1/runs`);

    expect(await shop.text()).toBe('the shop');
    expect(await runs.json()).toMatchObject({ runs: expect.any(Array) });
    server.close();
    server.closeAllConnections();
  });
});

describe('a service in a server that reads bodies itself', () => {
  it('says so at once, rather than wait for what has gone', async () => {
    const server = createServer((request, response) => {
      request.resume().once('end', () => bench.service.handler(request, response));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port: own } = server.address() as AddressInfo;

    const answer = await fetch(`http://127.0.0.1:${own}/api/v1/runs`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify(start),
    });

    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({
      code: 'BODY_READ',
      hint: expect.stringContaining('express.json()'),
    });
    server.close();
    server.closeAllConnections();
  });
});

describe('the header Idempotency-Key', () => {
  const keyed = (key: string, body: object = start) =>
    post(JSON.stringify(body), { ...json, 'idempotency-key': key });
  let key: string;
  beforeEach(() => {
    key = randomUUID();
  });

  it('gives the first answer to a repetition, also across a restart', async () => {
    const first = await keyed(key);
    const again = await keyed(key);
    const other = await openService([order], { store: bench.store });
    const later = await other.service.app.inject({
      method: 'POST',
      url: '/api/v1/runs',
      headers: { ...json, 'idempotency-key': key },
      payload: JSON.stringify(start),
    });

    expect([first.statusCode, again.statusCode, later.statusCode]).toEqual([201, 201, 201]);
    expect(again.json()).toEqual(first.json());
    expect(later.json()).toEqual(first.json());
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(later.headers['idempotent-replayed']).toBe('true');
    await other.close();
  });

  it('has one effect, however many come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => keyed(key)));

    expect(new Set(answers.map((answer) => answer.json().runId)).size).toBe(1);
  });

  it('is refused with another body, and as what is no key', async () => {
    await keyed(key);

    expect((await keyed(key, { ...start, priority: 'high' })).json()).toMatchObject({
      status: 409,
      code: 'IDEMPOTENCY_CONFLICT',
    });
    expect((await keyed('x'.repeat(300))).json()).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('may come again with a call that was refused', async () => {
    const wrong = { ...start, workflow: 'later' };
    expect((await keyed(key, wrong)).json()).toMatchObject({ code: 'WORKFLOW_UNKNOWN' });
    expect((await keyed(key)).statusCode).toBe(201);
  });

  it('says so if nobody knows what became of the call', async () => {
    const first = await keyed(key);
    expect(first.statusCode).toBe(201);
    const [record] = (await bench.store.records('idempotency', { limit: 100 })).filter(
      ({ value }) => JSON.stringify(value).includes(String(first.json().runId)),
    );
    await bench.store.saveRecords([
      {
        collection: 'idempotency',
        key: record?.key ?? '',
        expectedRevision: record?.revision ?? 0,
        value: { ...record?.value, answer: null },
      },
    ]);

    expect((await keyed(key)).json()).toMatchObject({
      status: 409,
      code: 'IDEMPOTENCY_UNKNOWN',
    });
  });

  it('is answered by the process that is at it, unless that does not answer either', async () => {
    const clock = new ManualClock();
    const store = { ...createMemoryStore(), shared: true };
    const here = createRepeats({ store, clock, log: silent });
    const there = createRepeats({ store, clock, log: silent });
    const call = { key: 'k', caller: 'ann', call: 'POST /runs', body: {} };
    const answer = { status: 201, body: 'made' };
    const gate = aGate<typeof answer>();
    const never = () => Promise.reject(new Error('made twice'));

    const first = here.answer(call, () => gate.pass());
    await gate.reached;
    const second = there.answer(call, never);
    await clock.advance(2_000);
    gate.open(answer);
    await first;
    await clock.advance(1_000);
    const dead = { ...call, key: 'dead' };
    void here.answer(dead, () => new Promise(() => {}));
    await clock.advance(0);
    const unknown = there.answer(dead, never).catch((error: unknown) => error);
    await clock.advance(10_000);

    expect(await second).toEqual({ ...answer, isRepetition: true });
    expect(await unknown).toMatchObject({ code: 'IDEMPOTENCY_UNKNOWN' });
    here.close();
    there.close();
  });

  it('is forgotten after a day', async () => {
    const { clock, store } = bench;
    await keyed(key);

    await clock.advance(25 * 60 * 60 * 1_000);

    expect(await store.records('idempotency', { limit: 10 })).toEqual([]);
    expect(await store.records('idempotency-expiry', { limit: 10 })).toEqual([]);
    expect((await keyed(key)).headers['idempotent-replayed']).toBeUndefined();
  });
});
