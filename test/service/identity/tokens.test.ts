import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { createOrchestrator, defineWorkflow, type Orchestrator } from '../../../src/index.ts';
import type { Logger } from '../../../src/ports/logger.ts';
import { createApp } from '../../../src/service/app.ts';
import { createTokens, type TokenRequest } from '../../../src/service/identity/tokens.ts';
import { ManualClock } from '../../../src/testing/index.ts';

const workflowOf = (name: string) =>
  defineWorkflow({
    name,
    version: 1,
    input: z.object({}),
    steps: (w) => w.finish(w.input, { approve: 'person' }),
  });

const guesses = process.env['SIGNALBOX_TEST_FULL'] === '1' ? 1_000_000 : 1_000;

const addressOf = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

/** Another secret of a token there is, of one there is not, and what is none. */
function guessOf(tokenId: string, index: number): string {
  const random = createHash('sha256').update(`guess ${index}`).digest('base64url');
  return (
    [`sbx_${tokenId}_${random}`, `sbx_${tokenId.slice(0, -4)}none_${random}`, random][index % 3] ??
    random
  );
}

describe('API tokens', () => {
  const store = createMemoryStore();
  const clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'));
  const tokens = createTokens({ store, clock });
  const lines: unknown[] = [];
  const note = (...line: readonly unknown[]) => void lines.push(line);
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  let app: FastifyInstance;
  let orchestrator: Orchestrator;
  let admin: string;
  beforeAll(async () => {
    orchestrator = await createOrchestrator({
      workflows: [workflowOf('order'), workflowOf('payroll')],
      store,
      clock,
    });
    app = await createApp(
      { orchestrator, store, clock, logger },
      { identity: { mode: 'sign-in', publicUrl: 'https://ops.example.com' } },
    );
    admin = (await tokens.create({ name: 'ops', role: 'admin' }, 'cli')).secret;
  });
  afterAll(async () => {
    await app.close();
    await orchestrator.close();
  });

  const aToken = async (request: Partial<TokenRequest> = {}) =>
    tokens.create({ name: 'ci', role: 'viewer', ...request }, 'test');

  async function call(
    token: string | null,
    method: 'GET' | 'POST',
    url: string,
    payload?: object,
    remoteAddress = '192.0.2.1',
  ) {
    const answer = await app.inject({
      method,
      url: `/api/v1${url}`,
      remoteAddress,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>(), answer };
  }

  it('let their holder in, with the name, role and groups they were made with', async () => {
    const { secret } = await aToken({ name: 'kim', role: 'reviewer', groups: ['sre'] });

    expect((await call(null, 'GET', '/runs')).body).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await call(secret, 'GET', '/runs')).status).toBe(200);
    expect((await call(secret, 'GET', '/me')).body).toMatchObject({
      mode: 'sign-in',
      via: 'token',
      caller: { name: 'kim', role: 'reviewer', groups: ['sre'] },
    });
    expect(
      (await call(secret, 'POST', '/tokens', { name: 'x', role: 'admin' })).body,
    ).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('E-08: hold 256 random bits, and nothing that could be sent again is stored, listed or logged', async () => {
    const made = await call(admin, 'POST', '/tokens', { name: 'ci', role: 'operator' });
    const { secret, token } = z
      .object({ secret: z.string(), token: z.object({ tokenId: z.string() }) })
      .parse(made.body);

    await call(secret, 'GET', '/runs');
    await call(`${secret}x`, 'GET', '/runs');
    await app.inject(`/api/v1/runs?token=${secret}`);
    await app.inject(`/decide?token=${secret}`);

    const random = secret.slice(-43);
    const kept = [
      ...(await store.records('tokens', { limit: 1_000 })),
      ...(await store.records('audit', { limit: 1_000 })),
      (await call(admin, 'GET', '/tokens')).body,
      lines,
    ];
    expect(Buffer.from(random, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(kept)).toContain(token.tokenId);
    expect(JSON.stringify(kept)).not.toContain(random);
  });

  it(`E-08: of ${guesses} guesses none lets anybody in, each address gets twenty a minute, and no guess is kept`, async () => {
    const { secret, token } = await aToken();
    const addresses = guesses / 200;
    const refused = async () => (await store.records('audit', { limit: 1_000 })).length;
    const before = await refused();
    lines.length = 0;
    let mostLines = 0;

    const codes = new Map<unknown, number>();
    for (let guess = 0; guess < guesses; guess += 1) {
      const [ip, text] = [addressOf(guess % addresses), guessOf(token.tokenId, guess)];
      const { body } = await call(text, 'GET', '/runs', undefined, ip);
      codes.set(body['code'], (codes.get(body['code']) ?? 0) + 1);
      if (JSON.stringify(lines).includes(text)) throw new Error(`Guess ${guess} is in the log`);
      mostLines = Math.max(mostLines, lines.length);
      lines.length = 0;
      // what is injected is tidied up in a turn of its own
      if (guess % 100 === 0) await setImmediate();
    }

    expect(Object.fromEntries(codes)).toEqual({
      UNAUTHENTICATED: 20 * addresses,
      TOO_MANY_ATTEMPTS: 180 * addresses,
    });
    expect(mostLines).toBeLessThanOrEqual(2);
    expect((await refused()) - before).toBeLessThanOrEqual(500);
    expect((await call(secret, 'GET', '/runs', undefined, addressOf(0))).status).toBe(429);
    expect((await call(secret, 'GET', '/runs')).status).toBe(200);
    await clock.advance(60_000);
    expect((await call(secret, 'GET', '/runs', undefined, addressOf(0))).status).toBe(200);
  }, 1_200_000);

  it('end when they expire, are revoked, or get another secret', async () => {
    const expiring = await aToken({ expiresAtMs: clock.nowMs() + 1_000 });
    const revoked = await aToken();
    const rotated = await aToken();
    await call(admin, 'POST', `/tokens/${revoked.token.tokenId}/revoke`);
    const next = await call(admin, 'POST', `/tokens/${rotated.token.tokenId}/rotate`, {
      graceMs: 60_000,
    });

    expect((await call(expiring.secret, 'GET', '/runs')).status).toBe(200);
    expect((await call(rotated.secret, 'GET', '/runs')).status).toBe(200);
    await clock.advance(60_000);
    expect((await call(expiring.secret, 'GET', '/runs')).status).toBe(401);
    expect((await call(revoked.secret, 'GET', '/runs')).status).toBe(401);
    expect((await call(rotated.secret, 'GET', '/runs')).status).toBe(401);
    expect((await call(String(next.body['secret']), 'GET', '/runs')).status).toBe(200);
    expect(
      (await call(admin, 'POST', `/tokens/${revoked.token.tokenId}/rotate`, {})).body,
    ).toMatchObject({ code: 'TOKEN_UNKNOWN' });
    expect((await tokens.list({ limit: 100 })).tokens).toContainEqual(
      expect.objectContaining({ tokenId: rotated.token.tokenId, lastUsedAtMs: clock.nowMs() }),
    );
  });

  it('E-02: limited to workflows, show nothing of others, not even whether a run exists', async () => {
    const { secret } = await aToken({ role: 'operator', workflows: ['order'] });
    const own = await orchestrator.start('order', {});
    const other = await orchestrator.start('payroll', {});

    const foreign = await call(secret, 'GET', `/runs/${other.runId}`);
    const missing = await call(secret, 'GET', `/runs/${other.runId.replace(/.$/, '_')}`);
    expect((await call(secret, 'GET', `/runs/${own.runId}`)).status).toBe(200);
    expect(foreign.status).toBe(404);
    expect(JSON.stringify(foreign.body).replaceAll(other.runId, 'ID')).toBe(
      JSON.stringify(missing.body).replaceAll(other.runId.replace(/.$/, '_'), 'ID'),
    );
    expect((await call(secret, 'GET', '/runs')).body).toMatchObject({ code: 'FORBIDDEN' });
    expect((await call(secret, 'GET', '/runs?workflow=order')).status).toBe(200);
    expect((await call(secret, 'GET', '/runs?workflow=payroll')).status).toBe(403);
    // it lists all of them, whatever is said that it does not ask for
    for (const ignored of ['', '?workflow=order', `?runId=${own.runId}`])
      expect((await call(secret, 'GET', `/workflows${ignored}`)).status).toBe(403);
    expect(
      (await call(secret, 'POST', '/runs', { workflow: 'payroll', input: {} })).body,
    ).toMatchObject({ code: 'FORBIDDEN' });
    await orchestrator.cancel(own.runId);
    await orchestrator.cancel(other.runId);
  });

  it('E-02: limited to workflows, pause these alone, and see what holds them', async () => {
    const { secret } = await aToken({ role: 'operator', workflows: ['order'] });
    const by = { actor: 'ann', reason: 'month end' };
    await orchestrator.pauseRuns({ workflow: 'payroll' }, by);

    const paused = await call(secret, 'POST', '/pauses', { workflow: 'order', reason: 'wrong' });
    expect(paused.body).toMatchObject({ changed: true, pauses: [{ workflow: 'order' }] });
    await orchestrator.pauseRuns('all', by);
    expect((await call(secret, 'GET', '/pauses?workflow=order')).body).toMatchObject({
      pauses: [{ scope: 'everything' }, { workflow: 'order' }],
    });
    for (const [method, path, body] of [
      ['GET', '/pauses', undefined],
      ['POST', '/pauses', { reason: 'all of it' }],
      ['POST', '/pauses/resume', { workflow: 'payroll' }],
      ['POST', '/pauses/resume', {}],
    ] as const)
      expect((await call(secret, method, path, body)).status).toBe(403);

    for (const scope of ['all', { workflow: 'order' }, { workflow: 'payroll' }] as const)
      await orchestrator.resumeRuns(scope, { actor: 'ann' });
  });

  it('begin a session in a browser; its cookie is out of reach and ends with the token', async () => {
    const { secret, token } = await aToken({ name: 'kim', role: 'operator' });
    const origin = 'https://ops.example.com';
    const begun = await app.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers: { origin },
      payload: { token: secret },
    });
    const setCookie = String(begun.headers['set-cookie']);
    const cookie = setCookie.split(';')[0] ?? '';
    const start = (headers: Record<string, string>) =>
      app.inject({
        method: 'POST',
        url: '/api/v1/runs',
        headers: { cookie, ...headers },
        payload: { workflow: 'order', input: {} },
      });

    expect(setCookie).toMatch(/^__Host-signalbox=[\w-]{43}; /);
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']) {
      expect(setCookie.split('; ')).toContain(attribute);
    }
    expect((await start({ origin })).statusCode).toBe(201);
    expect((await start({ origin: 'https://attacker.example' })).json()).toMatchObject({
      code: 'ORIGIN_REFUSED',
    });
    await tokens.revoke(token.tokenId);
    expect((await start({ origin })).statusCode).toBe(401);
  });

  it('end the sessions begun with a secret that another one has replaced', async () => {
    const { secret, token } = await aToken({ name: 'kim' });
    const begun = await call(null, 'POST', '/session', { token: secret });
    const cookie = String(begun.answer.headers['set-cookie']).split(';')[0] ?? '';
    const status = async () =>
      (await app.inject({ url: '/api/v1/runs', headers: { cookie } })).statusCode;

    await tokens.rotate(token.tokenId, 60_000);
    const inGrace = await status();
    await clock.advance(60_000);

    expect([inGrace, await status()]).toEqual([200, 401]);
  });

  it('are asked for by a page, which leads back to where somebody wanted to go', async () => {
    const { secret } = await aToken({ name: 'kim' });
    const origin = 'https://ops.example.com';
    const send = (token: string, from: string) =>
      app.inject({
        method: 'POST',
        url: '/auth/token',
        headers: { origin: from, 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams({ token, to: '/runs?status=failed' }).toString(),
      });

    const page = await app.inject({
      url: '/runs?status=failed',
      headers: { accept: 'text/html' },
    });
    const asked = await app.inject(String(page.headers.location));
    const right = await send(secret, origin);
    const wrong = await send('sbx_wrong', origin);

    expect(page.headers.location).toBe('/auth?to=%2Fruns%3Fstatus%3Dfailed');
    expect(asked.body).toContain('name="to" value="/runs?status=failed"');
    expect(right.headers.location).toBe('/runs?status=failed');
    expect(String(right.headers['set-cookie'])).toContain('__Host-signalbox=');
    expect([wrong.statusCode, wrong.headers['set-cookie']]).toEqual([401, undefined]);
    expect((await send(secret, 'https://attacker.example')).json()).toMatchObject({
      code: 'ORIGIN_REFUSED',
    });
  });

  it.each([
    'https://attacker.example',
    '//attacker.example',
    '/\\attacker.example',
    '/.//attacker.example',
    '/x/..//attacker.example/',
    '/%2e//attacker.example',
    '/\t/attacker.example',
  ])('nobody is led to another site after signing in: %j', async (to) => {
    const { secret } = await aToken({ name: 'kim' });

    const answer = await app.inject({
      method: 'POST',
      url: '/auth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ token: secret, to }).toString(),
    });

    expect(answer.statusCode).toBe(303);
    const reached = new URL(String(answer.headers.location), 'https://ops.example.com');
    expect(reached.origin).toBe('https://ops.example.com');
  });

  it('begin sessions although nobody can read another one any more', async () => {
    const { secret } = await aToken({ name: 'kim' });
    const damaged = { collection: 'sessions', key: 'damaged', expectedRevision: 0, value: {} };
    await store.saveRecords([damaged]);

    const begun = await call(null, 'POST', '/session', { token: secret });

    expect(begun.status).toBe(200);
    expect(await store.record('sessions', 'damaged')).toBeNull();
  });

  it('E-10: what stands in an address is text in the page that asks', async () => {
    const { body, headers } = await app.inject(
      `/auth?to=${encodeURIComponent('/"><script>alert(1)</script>')}`,
    );

    expect(body).not.toContain('<script>');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('E-01: every use by the service is told in the audit log, refusals included', async () => {
    const { secret, token } = await aToken({ name: 'lee', role: 'viewer' });

    await call(admin, 'POST', `/tokens/${token.tokenId}/revoke`);
    await call(admin, 'POST', '/tokens', { name: 'max', role: 'viewer' });
    await call(secret, 'GET', '/runs', undefined, '203.0.113.7');
    const listed = await call(admin, 'GET', '/audit?limit=3');

    expect(listed.body['entries']).toMatchObject([
      {
        actor: 'anonymous',
        action: 'call.refused',
        subject: 'GET /api/v1/runs',
        outcome: 'refused',
      },
      { actor: 'ops', action: 'token.created', details: { name: 'max' } },
      { actor: 'ops', action: 'token.revoked', subject: `token/${token.tokenId}` },
    ]);
    expect((await call(admin, 'GET', '/audit?action=token.&actor=ops&limit=1')).body).toMatchObject(
      {
        entries: [{ action: 'token.created' }],
      },
    );
    expect((await call(admin, 'GET', '/audit/verify')).body).toMatchObject({ fault: null });
  });
});
