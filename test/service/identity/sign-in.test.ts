import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { createOrchestrator, defineWorkflow, type Orchestrator } from '../../../src/index.ts';
import { createApp } from '../../../src/service/app.ts';
import type { IdentityOptions } from '../../../src/service/identity/options.ts';
import { createSessions } from '../../../src/service/identity/sessions.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { startIdentityProvider, type TestProvider } from '../../support/identity-provider.ts';

const change = defineWorkflow({
  name: 'change',
  version: 1,
  input: z.object({ system: z.string() }),
  steps(w) {
    w.review('approval', { show: w.input.$.system, assignTo: ['approvers'] });
    return w.input;
  },
});

const publicUrl = 'https://ops.example.com';

describe('sign-in at an OpenID Connect provider', () => {
  const store = createMemoryStore();
  // the tokens of the provider expire by the clock of the machine
  const clock = new ManualClock(Date.now());
  let provider: TestProvider;
  let orchestrator: Orchestrator;
  let app: FastifyInstance;
  beforeAll(async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.spyOn(console, 'info').mockImplementation(() => {});
    provider = await startIdentityProvider(
      `${publicUrl}/auth/callback`,
      `${publicUrl}/ops/auth/callback`,
    );
    orchestrator = await createOrchestrator({ workflows: [change], store, clock });
    app = await createApp({ orchestrator, store, clock }, { identity: identityAt(publicUrl) });
  });
  const identityAt = (address: string): IdentityOptions => ({
    mode: 'sign-in',
    publicUrl: address,
    provider: { ...provider, name: 'Test', scopes: ['openid', 'email', 'groups'] },
    roles: { admin: ['platform'], reviewer: ['staff'] },
    session: { idleMs: 3_600_000, absoluteMs: 7_200_000, claimsMs: 300_000 },
  });
  beforeEach(() => {
    provider.people.clear();
    provider.people.set('k-1', { email: 'kim@example.com', groups: ['staff', 'approvers'] });
    provider.people.set('l-2', { email: 'lee@example.com', groups: ['guests'] });
    provider.account = 'k-1';
    provider.isAway = false;
  });
  afterAll(async () => {
    await app.close();
    await orchestrator.close();
    await provider.close();
  });

  /** Goes where a browser would go, and gives the answer of the service's callback. */
  async function signIn(
    to = '/',
    session = '',
    meanwhile = async () => {},
    [at, basePath] = [app, ''],
  ) {
    const begun = await at.inject(`${basePath}/auth/sign-in?to=${encodeURIComponent(to)}`);
    const jar = new Map<string, string>();
    let location = String(begun.headers.location);
    while (!location.startsWith(publicUrl)) {
      const answer = await fetch(location, {
        redirect: 'manual',
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        jar.set(name, value);
      }
      location = new URL(answer.headers.get('location') ?? `${publicUrl}/lost`, location).href;
    }
    await meanwhile();
    const underWay = cookieOf(begun.headers['set-cookie']);
    const callback = location.slice(publicUrl.length);
    const cookie = [underWay, session].filter((one) => one !== '').join('; ');
    const answer = await at.inject({ url: callback, headers: { cookie } });
    return { answer, callback, underWay, session: cookieOf(answer.headers['set-cookie']) };
  }

  const me = async (cookie: string) =>
    (await app.inject({ url: '/api/v1/me', headers: { cookie } })).json<{
      caller: { name: string; role: string; groups: string[] } | null;
    }>();

  async function openReview() {
    const { runId } = await orchestrator.start('change', { system: 'billing' });
    const run = await orchestrator.drive(runId);
    return { runId, shownHash: run.waitingOn[0]?.shownHash ?? '' };
  }

  const approve = ({ runId, shownHash }: { runId: string; shownHash: string }, cookie: string) =>
    app.inject({
      method: 'POST',
      url: `/api/v1/runs/${runId}/reviews/approval/decision`,
      headers: { cookie, origin: publicUrl },
      payload: { outcome: 'approved', shownHash },
    });

  it('begins a session with the name, groups and role the provider stands for', async () => {
    const { answer, session } = await signIn('/runs?status=failed');

    expect(answer.headers.location).toBe('/runs?status=failed');
    expect(session).toMatch(/^__Host-signalbox=[\w-]{43}$/);
    expect(await me(session)).toMatchObject({
      provider: { name: 'Test', url: '/auth/sign-in' },
      caller: { name: 'kim@example.com', role: 'reviewer', groups: ['staff', 'approvers'] },
    });
  });

  it('asks whoever opens a page, by a link that the policy of the page lets through to the provider', async () => {
    const opened = await app.inject({ url: '/runs', headers: { accept: 'text/html' } });
    const asked = await app.inject(String(opened.headers.location));

    expect(asked.body).toContain(
      '<a class="button" href="/auth/sign-in?to=%2Fruns">Sign in with Test</a>',
    );
  });

  it('keeps neither the cookie nor what the provider gave readable in the store', async () => {
    const { session } = await signIn();

    const kept = JSON.stringify(await store.records('sessions', { limit: 100 }));
    expect(kept).toContain('kim@example.com');
    expect(kept).not.toContain(session.split('=')[1]);
    expect(kept).not.toMatch(/access_?token/i);
  });

  it('goes nowhere but to a page of its own', async () => {
    for (const to of [
      'https://attacker.example',
      '//attacker.example',
      '/\\attacker.example',
      'x',
    ]) {
      expect((await signIn(to)).answer.headers.location).toBe('/');
    }
  });

  it('stays below a base path: its links, cookies, the way to the provider and back, and the way back to a page', async () => {
    const below = await createApp(
      { orchestrator, store, clock },
      { identity: identityAt(`${publicUrl}/ops`) },
    );
    const page = { accept: 'text/html' };

    const opened = await below.inject({ url: '/ops/runs?q=a', headers: page });
    const asked = await below.inject(String(opened.headers.location));
    const place: [FastifyInstance, string] = [below, '/ops'];
    const { answer, callback, session } = await signIn('/runs?q=a', '', undefined, place);
    const known = await below.inject({ url: '/ops/api/v1/me', headers: { cookie: session } });
    const wanted = ['//attacker.example', '/../other', '/ops/../../other'];
    const ways = await Promise.all(wanted.map((to) => signIn(to, '', undefined, place)));
    const out = await below.inject({
      method: 'POST',
      url: '/ops/api/v1/session/end',
      headers: { cookie: session, origin: publicUrl },
    });

    expect(opened.headers.location).toBe('/ops/auth?to=%2Fruns%3Fq%3Da');
    expect(asked.body).toContain('href="/ops/auth/sign-in?to=%2Fruns%3Fq%3Da"');
    expect(asked.body).toContain('action="/ops/auth/token"');
    expect(callback).toMatch(/^\/ops\/auth\/callback\?/);
    expect(answer.headers.location).toBe('/ops/runs?q=a');
    const [underWay, cookie] = [answer.headers['set-cookie']].flat();
    expect(underWay).toMatch(/^__Secure-signalbox-sign-in=; .*Path=\/ops; HttpOnly; Secure;/);
    expect(cookie).toMatch(/^__Secure-signalbox=[\w-]{43}; .*Path=\/ops; HttpOnly; Secure;/);
    expect(known.json()).toMatchObject({
      provider: { url: '/ops/auth/sign-in' },
      caller: { name: 'kim@example.com' },
    });
    const ends = ways.map((way) => way.answer.headers.location);
    expect(ends).toEqual(['/ops/', '/ops/other', '/ops/other']);
    const end = new URL(out.json<{ url: string }>().url);
    expect(end.searchParams.get('post_logout_redirect_uri')).toBe(`${publicUrl}/ops`);
    await below.close();
  });

  it('goes on with a sign-in however many strangers begin meanwhile', async () => {
    const strangers = async () => {
      for (let index = 0; index < 1_001; index += 1)
        await app.inject({ url: '/auth/sign-in', remoteAddress: '203.0.113.9' });
    };

    const { answer, session } = await signIn('/runs', '', strangers);

    expect(answer.headers.location).toBe('/runs');
    expect(session).toContain('__Host-signalbox=');
  });

  it('refuses a sign-in that another browser began, that is repeated, or that was changed', async () => {
    const { callback, underWay } = await signIn();
    const begun = await app.inject('/auth/sign-in');
    const other = cookieOf(begun.headers['set-cookie']);

    for (const [url, cookie] of [
      [callback, ''],
      [callback, underWay],
      [callback, other],
      [
        callback.replace(/state=[^&]+/, 'state=x'),
        cookieOf((await app.inject('/auth/sign-in')).headers['set-cookie']),
      ],
    ] as const) {
      const answer = await app.inject({ url, headers: { cookie } });

      expect([400, 403]).toContain(answer.statusCode);
      expect(String(answer.headers['set-cookie'])).not.toContain('__Host-signalbox=');
    }
  });

  it('lets nobody in whose groups have no role, and says so in the audit log', async () => {
    provider.account = 'l-2';

    const { answer, session } = await signIn();

    expect(answer.statusCode).toBe(403);
    expect(session).not.toContain('__Host-signalbox=');
    expect(await lastAudit()).toMatchObject({
      actor: 'lee@example.com',
      action: 'session.begun',
      outcome: 'refused',
    });
  });

  it('gives every sign-in a session of its own, and ends the one before it', async () => {
    const first = await signIn();
    const second = await signIn('/', first.session);

    expect(second.session).not.toBe(first.session);
    expect((await me(first.session)).caller).toBeNull();
    expect((await me(second.session)).caller).not.toBeNull();
  });

  it('ends a session by signing out, also at the provider', async () => {
    const { session } = await signIn();

    const answer = await app.inject({
      method: 'POST',
      url: '/api/v1/session/end',
      headers: { cookie: session, origin: publicUrl },
    });

    expect(answer.json<{ url: string }>().url).toMatch(`${provider.issuer}/session/end?`);
    expect((await me(session)).caller).toBeNull();
  });

  it('ends a session that nobody uses, and one that is used for too long', async () => {
    const idle = await signIn();
    await clock.advance(3_600_000);
    const used = await signIn();
    for (let hours = 0; hours < 4; hours += 1) {
      expect((await me(used.session)).caller).not.toBeNull();
      await clock.advance(1_800_000);
    }

    expect((await me(idle.session)).caller).toBeNull();
    expect((await me(used.session)).caller).toBeNull();
  });

  it('E-09: a reviewer who was taken out of the group while the review is open is refused when they approve', async () => {
    const review = await openReview();
    const { session } = await signIn();
    provider.people.set('k-1', { email: 'kim@example.com', groups: ['staff'] });

    const answer = await approve(review, session);

    expect(answer.json()).toMatchObject({ status: 403, code: 'REVIEW_FORBIDDEN' });
    expect(await orchestrator.get(review.runId)).toMatchObject({
      waitingOn: [{ kind: 'review', step: 'approval' }],
    });
    const refusal = (await orchestrator.history(review.runId)).at(-1);
    expect(refusal).toMatchObject({ actor: 'kim@example.com', data: { code: 'REVIEW_FORBIDDEN' } });
  });

  it('E-09: one who has no role any more is signed out; one who was put into the group may decide', async () => {
    const review = await openReview();
    provider.people.set('k-1', { email: 'kim@example.com', groups: ['staff'] });
    const { session } = await signIn();
    provider.people.set('k-1', { email: 'kim@example.com', groups: ['staff', 'approvers'] });
    expect((await approve(review, session)).statusCode).toBe(200);

    provider.people.set('k-1', { email: 'kim@example.com', groups: [] });
    expect((await approve(await openReview(), session)).json()).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect((await me(session)).caller).toBeNull();
  });

  it('asks the provider for role and groups again every few minutes, whoever reads or acts', async () => {
    const { session } = await signIn();
    provider.people.set('k-1', { email: 'kim@example.com', groups: ['platform'] });

    expect((await me(session)).caller?.role).toBe('reviewer');
    await clock.advance(300_000);
    expect((await me(session)).caller?.role).toBe('admin');
  });

  it('ends a session whose person the provider does not know any more, once its tokens are used up', async () => {
    const { session } = await signIn();
    provider.people.delete('k-1');
    await clock.advance(3_500_000);

    expect((await me(session)).caller).toBeNull();
  });

  it('E-09: while the provider is away, nobody decides, and people go on looking', async () => {
    const review = await openReview();
    const { session } = await signIn();
    provider.isAway = true;
    await clock.advance(300_000);

    expect((await approve(review, session)).json()).toMatchObject({
      status: 503,
      code: 'SIGN_IN_UNAVAILABLE',
    });
    expect((await me(session)).caller?.name).toBe('kim@example.com');
    expect((await orchestrator.get(review.runId)).waitingOn).toHaveLength(1);
  });

  async function lastAudit() {
    const [head] = await store.records('audit', { order: 'descending', limit: 1 });
    return head?.value;
  }

  it('ended sessions are forgotten, however many others there are', async () => {
    const store = createMemoryStore();
    const clock = new ManualClock();
    const sessions = createSessions({ store, clock }, { idleMs: 60_000, absoluteMs: 60_000 });
    const start = {
      via: 'provider' as const,
      tokenId: null,
      tokenHash: null,
      subject: 'x',
      name: 'ann',
      role: 'viewer' as const,
      groups: [],
      sealed: null,
    };
    const { sessionId: over, ...session } = await sessions.begin(start, 'a');
    const expiresAtMs = clock.nowMs() + 600_000;
    // they come before it, and a thousand are looked at each time
    const others = Array.from({ length: 1_500 }, (_, place) => ({
      collection: 'sessions',
      key: `0000-${String(place).padStart(4, '0')}`,
      expectedRevision: 0,
      value: { ...session, seenAtMs: expiresAtMs, expiresAtMs },
    }));
    await store.saveRecords(others.slice(0, 900));
    await store.saveRecords(others.slice(900));
    await clock.advance(60_000);
    await sessions.begin(start, 'b');

    expect(await store.record('sessions', over)).toBeNull();
  });
});

/** `name=value` of the last cookie that was set, not cleared. */
function cookieOf(header: string | readonly string[] | number | undefined): string {
  const lines = [header ?? []].flat().map(String);
  return lines.findLast((line) => !/^[^=]+=;/.test(line))?.split(';')[0] ?? '';
}
