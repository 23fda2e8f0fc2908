import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { createOrchestrator, type Orchestrator } from '../../../src/index.ts';
import { createApp } from '../../../src/service/app.ts';
import { checkMayListen } from '../../../src/service/identity/development.ts';

const start = {
  method: 'POST',
  url: '/api/v1/runs',
  payload: { workflow: 'nothing', input: {} },
} as const;

describe('a service without sign-in', () => {
  let app: FastifyInstance;
  let own: FastifyInstance;
  let orchestrator: Orchestrator;
  beforeAll(async () => {
    const store = createMemoryStore();
    orchestrator = await createOrchestrator({ workflows: [], store });
    app = await createApp({ orchestrator, store, clock: systemClock });
    own = await createApp(
      { orchestrator, store, clock: systemClock },
      { identity: { mode: 'development', actor: 'ann', groups: ['engineers'] } },
    );
  });
  afterAll(async () => {
    await app.close();
    await own.close();
    await orchestrator.close();
  });

  const codeOf = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') => {
    const answer = await app.inject({ ...start, headers, remoteAddress });
    return answer.json<{ code: string }>().code;
  };

  it('knows everybody on this machine as the developer, or as whom a header names', async () => {
    const asIs = await app.inject('/api/v1/me');
    const named = await app.inject({
      url: '/api/v1/me',
      headers: { 'x-signalbox-actor': 'kim', 'x-signalbox-groups': 'sre, finance' },
    });

    expect(asIs.json()).toMatchObject({
      mode: 'development',
      caller: { name: 'developer', role: 'admin', groups: [] },
    });
    expect(named.json()).toMatchObject({ caller: { name: 'kim', groups: ['sre', 'finance'] } });
  });

  it('knows them as whom its options name, in the groups of that person', async () => {
    const caller = async (headers: Record<string, string>) =>
      (await own.inject({ url: '/api/v1/me', headers })).json<{ caller: object }>().caller;

    expect(await caller({})).toMatchObject({ name: 'ann', groups: ['engineers'] });
    expect(await caller({ 'x-signalbox-actor': 'kim' })).toMatchObject({ name: 'kim', groups: [] });
  });

  it('refuses a name that somebody else pointed at this machine', async () => {
    expect(await codeOf({ host: 'attacker.example' })).toBe('HOST_REFUSED');
    expect(await codeOf({ host: 'localhost.attacker.example' })).toBe('HOST_REFUSED');
    expect(await codeOf({ host: '127.0.0.1.attacker.example:4400' })).toBe('HOST_REFUSED');
    expect(await codeOf({ host: 'user@localhost' })).toBe('HOST_REFUSED');
    expect(await codeOf({ host: 'localhost:4400' })).toBe('WORKFLOW_UNKNOWN');
    expect(await codeOf({ host: '[::1]:4400' })).toBe('WORKFLOW_UNKNOWN');
  });

  it('refuses what a page of another site sends, and takes what its own pages and programs send', async () => {
    const host = 'localhost:4400';

    expect(await codeOf({ host, origin: 'https://attacker.example' })).toBe('ORIGIN_REFUSED');
    expect(await codeOf({ host, origin: 'null' })).toBe('ORIGIN_REFUSED');
    expect(await codeOf({ host, origin: 'http://localhost:9999' })).toBe('ORIGIN_REFUSED');
    expect(await codeOf({ host, 'sec-fetch-site': 'cross-site' })).toBe('ORIGIN_REFUSED');
    expect(await codeOf({ host, origin: 'http://localhost:4400' })).toBe('WORKFLOW_UNKNOWN');
    expect(await codeOf({ host })).toBe('WORKFLOW_UNKNOWN');
  });

  it('answers no page of another site that reads, streams or embeds, but the links on it', async () => {
    const read = async (site: string, mode: string) => {
      const headers = { host: 'localhost:4400', 'sec-fetch-site': site, 'sec-fetch-mode': mode };
      return (await app.inject({ url: '/api/v1/runs', headers })).statusCode;
    };

    expect(await read('cross-site', 'cors')).toBe(403);
    expect(await read('same-site', 'no-cors')).toBe(403);
    expect(await read('cross-site', 'navigate')).toBe(200);
    expect(await read('same-origin', 'cors')).toBe(200);
    expect(await read('none', 'no-cors')).toBe(200);
  });

  it('takes JSON alone, which other sites cannot send without asking', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await app.inject({
        ...start,
        payload: JSON.stringify(start.payload),
        headers: { 'content-type': type },
      });

      expect(answer.statusCode).not.toBe(201);
      expect(answer.json()).not.toMatchObject({ code: 'WORKFLOW_UNKNOWN' });
    }
  });

  it('answers nobody from another machine, whatever it listens on', async () => {
    expect(await codeOf({}, '192.0.2.7')).toBe('SIGN_IN_REQUIRED');
    for (const name of ['x-forwarded-for', 'forwarded', 'x-forwarded-host', 'x-real-ip', 'via'])
      expect(await codeOf({ [name]: '127.0.0.1' })).toBe('SIGN_IN_REQUIRED');
    expect(await codeOf({}, '::ffff:127.0.0.1')).toBe('WORKFLOW_UNKNOWN');
  });

  it('refuses to start on an address that others reach', () => {
    const identity = { mode: 'development' } as const;

    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'ops.example.com']) {
      expect(() => checkMayListen(identity, host)).toThrow(
        expect.objectContaining({ code: 'SIGN_IN_REQUIRED' }),
      );
    }
    for (const host of ['127.0.0.1', '::1', 'localhost']) checkMayListen(identity, host);
  });
});
