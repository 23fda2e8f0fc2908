import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook as ReferenceWebhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { type Client, createClient } from '../../../src/client/index.ts';
import { createOrchestrator, defineWorkflow, type Orchestrator } from '../../../src/index.ts';
import type { Store } from '../../../src/ports/store.ts';
import { createApp } from '../../../src/service/app.ts';
import type { OutgoingSettings } from '../../../src/service/outgoing/outgoing.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { eventually } from '../../support/eventually.ts';
import { fetchOf } from '../webhooks/support.ts';

const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ card: z.string().meta({ sensitive: true }), note: z.string() }),
  steps: (w) => w.finish(w.input, { approve: 'person' }),
});
const input = { card: '4111-1111', note: 'a note of the customer' };

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Of the next answers; 200 when there are none left. */
  readonly answers: {
    readonly status: number;
    readonly headers?: Record<string, string>;
    /** Until then it keeps whoever asks waiting. */
    readonly after?: Promise<void>;
  }[];
}

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers: Receiver['answers'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      const { status, headers = {}, after = null } = answers.shift() ?? { status: 200 };
      void Promise.resolve(after).then(() => response.writeHead(status, headers).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, received, answers };
}

interface Service {
  readonly client: Client;
  readonly orchestrator: Orchestrator;
  readonly clock: ManualClock;
  close(): Promise<void>;
}

async function openService(
  store: Store = createMemoryStore(),
  outgoing: OutgoingSettings = { addresses: 'any' },
  clock = new ManualClock(Date.now()),
): Promise<Service> {
  const orchestrator = await createOrchestrator({
    workflows: [order],
    store,
    clock,
    logger: silence,
    settings,
  });
  const app = await createApp({ orchestrator, store, clock }, { outgoing });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await app.close();
    await orchestrator.close();
  };
  opened.push(close);
  return { client: createClient({ fetch: fetchOf(app) }), orchestrator, clock, close };
}

/** An engine that has nothing to do does not look at the clock every few seconds of days. */
const settings = { maxSleepMs: 7 * 86_400_000 };
const silence = { debug() {}, info() {}, warn() {}, error() {}, child: () => silence };

/** What goes over the network takes turns of the event loop, and time of the clock. */
async function until(clock: ManualClock, isSo: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(async () => {
    await clock.advance(1);
    expect(await isSo()).toBe(true);
  });
}

const all = ['run.created', 'run.completed', 'review.opened', 'review.decided'] as const;

describe('webhooks that go out', () => {
  it('tell of runs and reviews, signed as Standard Webhooks, and of nothing a run works on (F-11)', async () => {
    const receiver = await openReceiver();
    const { client, orchestrator, clock } = await openService();
    const { secret, endpointId } = await client.endpoints.create({
      body: { url: receiver.url, events: [...all] },
    });
    const labels = { team: 'a\r\nx-evil: 1' };
    const { runId } = await orchestrator.start('order', input, { labels });
    await until(clock, () => receiver.received.length === 2);
    await orchestrator.decide(runId, 'completion', { outcome: 'approved', actor: 'ann' });
    await until(clock, () => receiver.received.length === 4);

    const payloads = receiver.received.map(({ headers, body }) => {
      const verified = new ReferenceWebhook(secret).verify(body, headers as Record<string, string>);
      return verified as { readonly type: string; readonly data: Record<string, unknown> };
    });
    expect(payloads.map(({ type }) => type).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'review.decided',
      'review.opened',
      'run.completed',
      'run.created',
    ]);
    expect(payloads.find(({ type }) => type === 'review.decided')?.data).toMatchObject({
      runId,
      workflow: 'order',
      step: 'completion',
      actor: 'ann',
      outcome: 'approved',
    });
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(4);
    for (const { headers } of receiver.received) expect(headers).not.toHaveProperty('x-evil');
    expect(payloads[0]?.data).toMatchObject({ labels });
    const sent = JSON.stringify(receiver.received);
    for (const value of Object.values(input)) expect(sent).not.toContain(value);

    const { deliveries } = await client.endpoints.deliveries({ params: { endpointId } });
    expect(deliveries.map(({ status }) => status)).toEqual(['sent', 'sent', 'sent', 'sent']);
    const shown = JSON.stringify([await client.endpoints.list(), await client.audit.list()]);
    expect(shown).toContain(endpointId);
    expect(shown).not.toContain(secret);
  });

  it('F-08: refuses private addresses when an endpoint is made, and names that point to them when it connects', async () => {
    const receiver = await openReceiver();
    const inner = createMemoryStore();
    const store = { ...inner, close: async () => {} };
    const lenient = await openService(store);
    const { endpointId } = await lenient.client.endpoints.create({
      body: { url: receiver.url.replace('127.0.0.1', 'localhost'), events: ['run.created'] },
    });
    await lenient.close();
    const { client, clock } = await openService(store, {});
    const urls = [
      'http://127.0.0.1/',
      'http://[::1]/',
      'http://10.1.2.3/',
      'http://169.254.169.254/latest',
      'http://[::ffff:192.168.0.1]/',
      'http://localhost:1/',
      'http://0x7f.1/',
      'http://2130706433/',
      'ftp://example.com/',
      'https://user:pass@example.com/',
      'no address',
    ];
    for (const url of urls) {
      await expect(
        client.endpoints.create({ body: { url, events: ['run.created'] } }),
      ).rejects.toMatchObject({ status: 422, code: 'INPUT_INVALID' });
    }
    const params = { endpointId };
    await client.endpoints.test({ params });
    const query = { status: 'dead' } as const;
    const dead = async () => (await client.endpoints.deliveries({ params, query })).deliveries;
    await until(clock, async () => (await dead()).length === 1);
    expect(await dead()).toMatchObject([
      { attempts: 1, lastStatus: null, lastError: expect.stringContaining('private address') },
    ]);
    expect(receiver.received).toEqual([]);
  });

  it('F-08: counts a redirect as a failure and does not follow it', async () => {
    const [receiver, inside] = [await openReceiver(), await openReceiver()];
    receiver.answers.push({ status: 302, headers: { location: inside.url } });
    const { client, clock } = await openService();
    const { endpointId } = await client.endpoints.create({
      body: { url: receiver.url, events: ['run.created'] },
    });
    await client.endpoints.test({ params: { endpointId } });
    const list = () =>
      client.endpoints.deliveries({ params: { endpointId }, query: { status: 'waiting' } });
    await until(clock, async () => (await list()).deliveries[0]?.lastStatus === 302);

    expect((await list()).deliveries[0]).toMatchObject({ attempts: 1, status: 'waiting' });
    expect(inside.received).toEqual([]);
  });

  it('F-09: retries by a schedule, honours Retry-After within bounds, gives up and replays', async () => {
    const receiver = await openReceiver();
    const { client, clock } = await openService();
    const { endpointId } = await client.endpoints.create({
      body: { url: receiver.url, events: ['run.created'] },
    });
    const params = { endpointId };
    receiver.answers.push(
      { status: 503, headers: { 'retry-after': '3600' } },
      { status: 429, headers: { 'retry-after': '99999999' } },
      ...Array.from({ length: 10 }, () => ({ status: 500 })),
    );
    await client.endpoints.test({ params });
    await until(clock, () => receiver.received.length === 1);
    const next = async () => {
      const page = await client.endpoints.deliveries({ params, query: { status: 'waiting' } });
      return Date.parse(page.deliveries[0]?.nextAttemptAt ?? '') - clock.nowMs();
    };
    await until(clock, async () => (await next()) > 3_590_000);
    expect(await next()).toBeLessThanOrEqual(3_600_000);
    for (let attempt = 2; attempt <= 12; attempt += 1) {
      await clock.advance(await next());
      await until(clock, () => receiver.received.length === attempt);
      if (attempt < 12) await until(clock, async () => (await next()) > 1_000);
      // nobody is waited for longer than a day
      if (attempt === 2) expect(await next()).toBeLessThanOrEqual(86_400_000);
    }
    const dead = async () =>
      (await client.endpoints.deliveries({ params, query: { status: 'dead' } })).deliveries;
    await until(clock, async () => (await dead()).length === 1);
    expect(await dead()).toMatchObject([{ attempts: 12, lastStatus: 500, type: 'endpoint.test' }]);
    const ids = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
    const bodies = new Set(receiver.received.map(({ body }) => body));
    expect([ids.size, bodies.size]).toEqual([1, 1]);

    expect(await client.endpoints.replay({ params, body: {} })).toEqual({ replayed: 1 });
    await until(clock, () => receiver.received.length === 13);
    await until(clock, async () => (await dead()).length === 0);
  });

  it('F-09: an endpoint that is gone is disabled, and goes on when it is activated', async () => {
    const receiver = await openReceiver();
    receiver.answers.push({ status: 410 });
    const { client, orchestrator, clock } = await openService();
    const { endpointId } = await client.endpoints.create({
      body: { url: receiver.url, events: ['run.created'] },
    });
    const status = async () => (await client.endpoints.list()).endpoints[0]?.status;
    await orchestrator.start('order', input);
    await until(clock, async () => (await status()) === 'disabled');
    await orchestrator.start('order', input);
    await clock.advance(60_000);
    expect(receiver.received).toHaveLength(1);

    await client.endpoints.update({ params: { endpointId }, body: { status: 'active' } });
    await until(clock, () => receiver.received.length === 2);
  });

  it('loses nothing over a crash: what histories say and nobody was told of is told at the next start', async () => {
    const inner = createMemoryStore();
    const store = { ...inner, close: async () => {} };
    const receiver = await openReceiver();
    const first = await openService(store);
    const { secret } = await first.client.endpoints.create({
      body: { url: receiver.url, events: [...all] },
    });
    const { runId } = await first.orchestrator.start('order', input);
    await until(first.clock, () => receiver.received.length === 2);
    await first.close();

    // a process without the service moves the run, and ends before anybody is told
    const clock = new ManualClock(first.clock.nowMs());
    const alone = await createOrchestrator({ workflows: [order], store, clock, logger: silence });
    await alone
      .decide(runId, 'completion', { outcome: 'rejected', actor: 'ann', comment: 'no' })
      .catch(() => {});
    await alone.start('order', input);
    await alone.drive(runId);
    await alone.close();

    const second = await openService(store);
    second.clock.jump(60_000);
    await until(second.clock, () => receiver.received.length >= 5);
    const types = receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types.filter((type) => type === 'run.created')).toHaveLength(2);
    expect(types).toContain('review.decided');
    expect(secret).toMatch(/^whsec_/);
  });

  it('signs with both secrets for a day after a rotation', async () => {
    const receiver = await openReceiver();
    const { client, clock } = await openService();
    const { endpointId, secret } = await client.endpoints.create({
      body: { url: receiver.url, events: ['run.created'] },
    });
    const params = { endpointId };
    const fresh = await client.endpoints.rotate({ params });
    await client.endpoints.test({ params });
    await until(clock, () => receiver.received.length === 1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    for (const one of [secret, fresh.secret])
      expect(
        new ReferenceWebhook(one).verify(body, headers as Record<string, string>),
      ).toBeTruthy();
    await client.endpoints.remove({ params });
    await expect(client.endpoints.test({ params })).rejects.toMatchObject({
      code: 'ENDPOINT_NOT_FOUND',
    });
    await delay(0);
  });

  it('sends nothing twice because an endpoint is changed while its receiver still reads', async () => {
    const receiver = await openReceiver();
    const reading = Promise.withResolvers<void>();
    receiver.answers.push({ status: 200, after: reading.promise });
    const { client, orchestrator, clock } = await openService();
    const { endpointId } = await client.endpoints.create({
      body: { url: receiver.url, events: ['run.created'] },
    });
    const params = { endpointId };
    await orchestrator.start('order', input);
    await until(clock, () => receiver.received.length === 1);
    await client.endpoints.update({ params, body: { description: 'of the shop' } });
    await orchestrator.start('order', input);
    await until(clock, () => receiver.received.length >= 2);
    reading.resolve();
    const settled = async () =>
      (await client.endpoints.deliveries({ params, query: { status: 'settled' } })).deliveries;
    await until(clock, async () => (await settled()).length === 2);

    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells nothing again of a run that goes on when its deliveries are forgotten', async () => {
    const receiver = await openReceiver();
    const keepForMs = 3_600_000;
    const { client, orchestrator, clock } = await openService(createMemoryStore(), {
      addresses: 'any',
      keepForMs,
    });
    await client.endpoints.create({
      body: { url: receiver.url, events: ['run.created', 'run.failed', 'run.retried'] },
    });
    const { runId } = await orchestrator.start('order', input);
    await until(clock, () => receiver.received.length === 1);
    const decision = { outcome: 'rejected', actor: 'ann', comment: 'no' } as const;
    await orchestrator.decide(runId, 'completion', decision).catch(() => {});
    await until(clock, () => receiver.received.length === 2);
    await clock.advance(3 * keepForMs);
    await orchestrator.retry(runId);
    await until(clock, () => receiver.received.length >= 3);

    const types = receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types).toEqual(['run.created', 'run.failed', 'run.retried']);
  });

  it('an endpoint that never answers keeps nobody else waiting', async () => {
    const [silent, other] = [await openReceiver(), await openReceiver()];
    const never = Promise.withResolvers<void>();
    silent.answers.push(
      ...Array.from({ length: 100 }, () => ({ status: 200, after: never.promise })),
    );
    const { client, orchestrator, clock } = await openService();
    const body = { url: silent.url, events: ['run.created' as const] };
    await client.endpoints.create({ body });
    for (let run = 0; run < 40; run += 1) await orchestrator.start('order', input);
    await until(clock, () => silent.received.length > 0);
    await client.endpoints.create({ body: { ...body, url: other.url } });
    await orchestrator.start('order', input);
    await until(clock, () => other.received.length === 1);

    expect(silent.received).toHaveLength(4);
    never.resolve();
  });

  describe('of several processes on one store', () => {
    async function openTwo() {
      const store: Store = { ...createMemoryStore(), shared: true, close: async () => {} };
      const clock = new ManualClock(Date.now());
      const receiver = await openReceiver();
      const one = await openService(store, { addresses: 'any' }, clock);
      const other = await openService(store, { addresses: 'any' }, clock);
      const { endpointId, secret } = await one.client.endpoints.create({
        body: { url: receiver.url, events: ['run.created'] },
      });
      return { one, other, clock, receiver, params: { endpointId }, secret };
    }

    it('one sends a delivery, and another the rest when that one is gone', async () => {
      const { one, other, clock, receiver, params } = await openTwo();
      receiver.answers.push(...Array.from({ length: 4 }, () => ({ status: 500 })));
      await clock.advance(1_000);
      await one.client.endpoints.test({ params });
      const query = { status: 'waiting' } as const;
      const attempts = async () =>
        (await other.client.endpoints.deliveries({ params, query })).deliveries[0]?.attempts;
      // from the second minute on both know of it
      for (const [attempt, waitMs] of [0, 8_000, 40_000, 150_000].entries()) {
        await clock.advance(waitMs);
        await until(clock, async () => (await attempts()) === attempt + 1);
        expect(receiver.received).toHaveLength(attempt + 1);
      }
      await one.close();
      await clock.advance(12 * 60_000);
      await until(clock, async () => (await attempts()) === undefined);
      expect(receiver.received).toHaveLength(5);
    });

    it('one leaves to the others what goes to an endpoint of their settings alone', async () => {
      const store: Store = { ...createMemoryStore(), shared: true, close: async () => {} };
      const clock = new ManualClock(Date.now());
      const receiver = await openReceiver();
      const secret = `whsec_${randomBytes(32).toString('base64')}`;
      const endpoints = [
        { id: 'ours', url: receiver.url, secret, events: ['run.created' as const] },
      ];
      const newer = await openService(store, { addresses: 'any', endpoints }, clock);
      await openService(store, { addresses: 'any' }, clock);
      receiver.answers.push({ status: 500 });
      await newer.client.endpoints.test({ params: { endpointId: 'ours' } });
      await until(clock, () => receiver.received.length === 1);
      await newer.close();
      await clock.advance(60_000);
      await clock.advance(120_000);
      await delay(20);

      await openService(store, { addresses: 'any', endpoints }, clock);

      await until(clock, () => receiver.received.length === 2);
      expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);
    });

    it('the others know an endpoint that was added, given another secret, or removed', async () => {
      const { one, other, clock, receiver, params, secret } = await openTwo();
      await clock.advance(1_000);
      await other.orchestrator.start('order', input);
      await until(clock, () => receiver.received.length === 1);
      const fresh = await one.client.endpoints.rotate({ params });
      await clock.advance(1_000);
      await other.orchestrator.start('order', input);
      await until(clock, () => receiver.received.length === 2);
      const { headers, body } = receiver.received[1] ?? { headers: {}, body: '' };
      for (const one of [secret, fresh.secret])
        expect(() =>
          new ReferenceWebhook(one).verify(body, headers as Record<string, string>),
        ).not.toThrow();

      await one.client.endpoints.remove({ params });
      await clock.advance(1_000);
      await other.orchestrator.start('order', input);
      await clock.advance(120_000);
      await delay(20);
      expect(receiver.received).toHaveLength(2);
      expect((await other.client.endpoints.list()).endpoints).toEqual([]);
    });
  });
});
