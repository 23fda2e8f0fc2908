import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { api, apiRoot } from '../../src/api/api.ts';
import { type Role, type Route, roles } from '../../src/api/route.ts';
import { addressOf } from '../../src/client/client.ts';
import { createOrchestrator, defineWorkflow, type Orchestrator } from '../../src/index.ts';
import { createApp } from '../../src/service/app.ts';
import { createTokens } from '../../src/service/identity/tokens.ts';
import { ManualClock } from '../../src/testing/index.ts';

const Change = z.strictObject({ system: z.string(), amount: z.number() });
const change = defineWorkflow({
  name: 'change',
  version: 1,
  input: Change,
  steps(w) {
    w.review('approval', {
      show: w.input,
      form: z.strictObject({ window: z.string() }),
      assignTo: ['sre'],
      requesterMayDecide: false,
    });
    return w.input;
  },
});
const launch = defineWorkflow({
  name: 'launch',
  version: 1,
  input: z.object({}),
  steps(w) {
    w.review('approval', { assignTo: ['sre'], approvals: 3 });
    return w.input;
  },
});
const payout = defineWorkflow({
  name: 'payout',
  version: 1,
  input: z.strictObject({ amount: z.number().nonnegative() }),
  steps(w) {
    const small = w.is(w.input.$.amount, 'amount < 1000', (amount) => amount < 1000);
    return w.finish(w.input, { approve: small });
  },
});

/** Comforts of development are there only where nobody signs in. */
const { development, ...topics } = api;
const everyRoute: readonly (readonly [string, Route])[] = Object.entries(topics).flatMap(
  ([topic, routes]) =>
    Object.entries(routes as Readonly<Record<string, Route>>).map(
      ([name, route]) => [`${topic}.${name}`, route] as const,
    ),
);

describe('who may do what', () => {
  const store = createMemoryStore();
  const clock = new ManualClock();
  const secrets = new Map<string, string>();
  let orchestrator: Orchestrator;
  let app: FastifyInstance;
  beforeAll(async () => {
    orchestrator = await createOrchestrator({ workflows: [change, launch, payout], store, clock });
    app = await createApp(
      { orchestrator, store, clock },
      {
        identity: { mode: 'sign-in', publicUrl: 'https://ops.example.com' },
        limits: { callsPerMinute: null },
      },
    );
    const tokens = createTokens({ store, clock });
    const make = async (name: string, role: Role, groups: readonly string[] = []) =>
      secrets.set(name, (await tokens.create({ name, role, groups }, 'test')).secret);
    for (const role of roles) await make(role, role);
    for (const name of ['ann', 'bob', 'cleo']) await make(name, 'operator', ['sre']);
  });
  afterAll(async () => {
    await app.close();
    await orchestrator.close();
  });

  const as = (name: string | null) =>
    name === null ? {} : { authorization: `Bearer ${secrets.get(name) ?? ''}` };

  async function call(
    name: string | null,
    method: 'GET' | 'POST',
    path: string,
    payload?: unknown,
  ) {
    const answer = await app.inject({
      method,
      url: `${apiRoot}${path}`,
      headers: {
        ...as(name),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(payload === undefined
        ? {}
        : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
    });
    return {
      status: answer.statusCode,
      body: answer.json<{ code?: string; runId?: string }>(),
      headers: answer.headers,
    };
  }

  async function startedBy(name: string, workflow: string, input: object): Promise<string> {
    const { body } = await call(name, 'POST', '/runs', { workflow, input });
    const runId = body.runId ?? '';
    await orchestrator.drive(runId);
    return runId;
  }

  async function decide(name: string | null, runId: string, decision: object = {}) {
    const shownHash = (await orchestrator.get(runId)).waitingOn[0]?.shownHash ?? '';
    const body = { outcome: 'approved', shownHash, ...decision };
    return call(name, 'POST', `/runs/${runId}/reviews/approval/decision`, body);
  }

  it('every call of the interface is shut to whoever has not signed in and to every lower role', async () => {
    const wrong: string[] = [];
    for (const [name, { role, method, path }] of everyRoute) {
      if (role === null) continue;
      const lower = roles.slice(0, roles.indexOf(role));
      const params = Object.fromEntries([...path.matchAll(/:(\w+)/g)].map(([, key]) => [key, 'x']));
      const url = `${apiRoot}${addressOf(path, params)}`;
      for (const who of [null, ...lower]) {
        const answer = await app.inject({ method, url, headers: as(who) });
        const expected = who === null ? 'UNAUTHENTICATED 401' : 'FORBIDDEN 403';
        const { code, detail } = answer.json<{ code: string; detail: string }>();
        if (`${code} ${answer.statusCode}` !== expected)
          wrong.push(`${name} as ${who}: ${code} ${answer.statusCode}`);
        if (detail.includes('admin or more')) wrong.push(`${name}: there is nobody above admin`);
      }
    }

    expect(wrong).toEqual([]);
    expect(everyRoute.length).toBeGreaterThan(60);
  });

  it('every call is open to its role and to every higher one', async () => {
    const wrong: string[] = [];
    for (const [name, { role, method, path, body, media }] of everyRoute) {
      // what has no body to be refused for, changes something or never ends is only looked at from outside
      if (media === 'text/event-stream' || (method !== 'GET' && body === undefined)) continue;
      const params = Object.fromEntries([...path.matchAll(/:(\w+)/g)].map(([, key]) => [key, 'x']));
      const url = `${apiRoot}${addressOf(path, params)}`;
      for (const who of role === null ? [null] : roles.slice(roles.indexOf(role))) {
        const answer = await app.inject({
          method,
          url,
          headers: {
            ...as(who),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { payload: '"not what it takes"' }),
        });
        const isShut = answer.statusCode === 401 || answer.statusCode === 403;
        if (isShut) wrong.push(`${name} as ${who}: ${answer.statusCode} ${answer.body}`);
      }
    }

    expect(wrong).toEqual([]);
  });

  it('what is for development is not there for anybody who signs in', async () => {
    for (const { method, path } of Object.values(development)) {
      const answer = await app.inject({ method, url: `${apiRoot}${path}`, headers: as('admin') });

      expect(answer.statusCode).toBe(404);
    }
  });

  it('anybody may call these alone', () => {
    const open = everyRoute.filter(([, { role }]) => role === null).map(([name]) => name);

    expect(new Set(open)).toEqual(
      new Set([
        'identity.me',
        'identity.signIn',
        'identity.signOut',
        'service.about',
        'service.openapi',
      ]),
    );
  });

  it('E-01: who is in no group of the review, or has not signed in, is refused; the refusal stands in the books and the run stays', async () => {
    const runId = await startedBy('operator', 'change', { system: 'billing', amount: 1 });
    // what was refused above counts for another minute
    await clock.advance(60_000);
    const before = (await orchestrator.get(runId)).waitingOn;

    const outsider = await decide('reviewer', runId, { form: { window: 'now' } });
    const nobody = await decide(null, runId, { form: { window: 'now' } });

    expect(outsider).toMatchObject({ status: 403, body: { code: 'REVIEW_FORBIDDEN' } });
    expect(nobody).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect((await orchestrator.get(runId)).waitingOn).toEqual(before);
    expect((await orchestrator.history(runId)).at(-1)).toMatchObject({
      actor: 'reviewer',
      data: { code: 'REVIEW_FORBIDDEN' },
    });
    expect((await call('admin', 'GET', '/audit?actor=anonymous&limit=1')).body).toMatchObject({
      entries: [{ subject: `POST ${apiRoot}/runs/${runId}/reviews/approval/decision` }],
    });
  });

  it('E-02: the hash of one run decides no other; a review that is none says so, whoever asks', async () => {
    const [runA, runB] = [
      await startedBy('operator', 'change', { system: 'a', amount: 1 }),
      await startedBy('operator', 'change', { system: 'b', amount: 1 }),
    ];
    const shownHash = (await orchestrator.get(runA)).waitingOn[0]?.shownHash;

    const answer = await decide('ann', runB, { shownHash, form: { window: 'now' } });

    expect([409, 412]).toContain(answer.status);
    expect((await orchestrator.get(runB)).waitingOn).toHaveLength(1);
  });

  it('E-05: who asked for it does not approve it, and nobody counts twice', async () => {
    const own = await startedBy('ann', 'change', { system: 'billing', amount: 1 });
    const three = await startedBy('operator', 'launch', {});

    const self = await decide('ann', own, { form: { window: 'now' } });
    const votes = [];
    for (const name of ['ann', 'ann', 'bob', 'bob', 'cleo']) {
      votes.push((await decide(name, three)).status);
    }

    expect(self).toMatchObject({ status: 403, body: { code: 'REVIEW_FORBIDDEN' } });
    expect(votes).toEqual([200, 403, 200, 403, 200]);
    expect(await orchestrator.drive(three)).toMatchObject({ status: 'complete' });
  });

  it('E-06: an approval brings along the form and nothing else; what was shown is recorded', async () => {
    const runId = await startedBy('operator', 'change', { system: 'billing', amount: 1 });
    const shownHash = (await orchestrator.get(runId)).waitingOn[0]?.shownHash;

    const extra = await decide('ann', runId, { form: { window: 'now', amount: 1_000_000 } });
    const beside = await decide('ann', runId, { form: { window: 'now' }, input: { amount: 2 } });
    const output = await decide('ann', runId, { form: { window: 'now' }, output: { amount: 2 } });
    const right = await decide('ann', runId, { form: { window: 'now' } });

    expect(extra).toMatchObject({ status: 422, body: { code: 'FORM_INVALID' } });
    expect(beside.status).toBe(400);
    expect(output.status).toBe(400);
    expect(right.status).toBe(200);
    const decided = (await orchestrator.history(runId)).find(
      ({ event }) => event === 'approval.decided',
    );
    expect(decided).toMatchObject({ actor: 'ann', data: { form: { window: 'now' } } });
    expect(JSON.stringify(decided?.data)).toContain(shownHash);
    expect(await orchestrator.result(runId)).toEqual({ system: 'billing', amount: 1 });
  });

  it('E-07: below the limit the policy approves, at it a person is asked, and what is no amount is refused', async () => {
    const outcome = async (amount: string) => {
      const { status, body } = await call(
        'operator',
        'POST',
        '/runs',
        `{"workflow":"payout","input":{"amount":${amount}}}`,
      );
      if (body.runId === undefined) return status;
      return (await orchestrator.drive(body.runId)).status;
    };

    expect(await outcome('999.99')).toBe('complete');
    expect(await outcome('999.9999999999999')).toBe('complete');
    expect(await outcome('1000')).toBe('waiting_review');
    expect(await outcome('1e3')).toBe('waiting_review');
    expect(await outcome('"999"')).toBe(422);
    expect(await outcome('-1')).toBe(422);
    expect(await outcome('NaN')).toBe(400);
    expect(await outcome('1e999')).toBeGreaterThanOrEqual(400);
  });

  it('E-10: what people write comes out as data: JSON that no browser takes for a page, drawings without markup of theirs', async () => {
    const nasty = '<script>alert(1)</script>\u001b[2J';
    const runId = await startedBy('operator', 'change', { system: nasty, amount: 1 });

    const run = await call('viewer', 'GET', `/runs/${runId}`);
    const refused = await call('viewer', 'GET', `/runs/${encodeURIComponent(nasty)}`);
    const drawing = await app.inject({
      url: `${apiRoot}/runs/${runId}/diagram?format=svg`,
      headers: as('viewer'),
    });

    expect(run.headers['content-type']).toMatch(/^application\/json/);
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    for (const { headers } of [run, refused, drawing]) {
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
    expect(drawing.headers['content-type']).toMatch(/^image\/svg\+xml/);
    expect(drawing.body).toContain('<svg');
    expect(drawing.body).not.toContain('<script');
    // oxlint-disable-next-line no-control-regex -- the code that clears a terminal
    expect(drawing.body).not.toMatch(/\u001b/);
  });

  it('every verb on a run stands in its history with the name of who called', async () => {
    const runId = await startedBy('ann', 'change', { system: 'billing', amount: 1 });
    await call('bob', 'POST', `/runs/${runId}/pause`, { reason: 'lunch' });
    await call('cleo', 'POST', `/runs/${runId}/resume`, {});
    await call('operator', 'POST', `/runs/${runId}/cancel`, { reason: 'no need' });
    await orchestrator.drive(runId, 'finished');

    const actors = new Set((await orchestrator.history(runId)).map(({ actor }) => actor));
    expect([...actors]).toEqual(expect.arrayContaining(['ann', 'bob', 'cleo', 'operator']));
  });
});
