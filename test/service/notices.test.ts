import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import {
  createOrchestrator,
  defineTask,
  defineWorkflow,
  type Orchestrator,
} from '../../src/index.ts';
import type { Store } from '../../src/ports/store.ts';
import { createApp } from '../../src/service/app.ts';
import { type NoticeOptions, openNotices } from '../../src/service/notices/open.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { createDeathPoint } from '../support/death-point.ts';
import { createLogBook } from '../support/log-book.ts';
import { readableSource } from '../support/mail-source.ts';
import { mortal } from '../support/mortal-store.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';
import { tellingLife } from './support/telling-life.ts';

const nudge = defineTask({
  name: 'nudge',
  input: z.object({ reviewId: z.string(), round: z.number() }),
  output: z.null(),
  compensate: 'none',
  run: async () => null,
});
const change = defineWorkflow({
  name: 'change',
  version: 1,
  input: z.object({ system: z.string() }),
  steps(w) {
    w.review('approval', {
      description: 'May the change go live?',
      show: w.input.$.system,
      assignTo: ['sre'],
      remind: { every: '1h', run: nudge },
    });
    return w.input;
  },
});
const other = defineWorkflow({
  name: 'other',
  version: 1,
  input: z.object({ system: z.string() }),
  steps(w) {
    w.review('approval', {
      show: w.input.$.system,
      assignTo: ['finance'],
      escalate: { after: '1h', to: ['managers'] },
    });
    return w.input;
  },
});

const boss = defineWorkflow({
  name: 'boss',
  version: 1,
  input: z.object({ system: z.string() }),
  steps(w) {
    w.review('approval', { assignTo: ['finance'], escalate: { after: '1h', to: ['lee'] } });
    return w.input;
  },
});

const startMs = Date.parse('2026-03-01T08:00:00Z');

describe('notices of reviews', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function setUp(store: Store = createMemoryStore(), clock = new ManualClock(startMs)) {
    const smtp = await startSmtpServer();
    closers.push(() => smtp.close());
    const orchestrator = await createOrchestrator({
      workflows: [change, other, boss],
      store,
      clock,
    });
    closers.push(() => orchestrator.close());
    const people = {
      kim: { email: 'kim@example.com', groups: ['sre'] },
      lee: { email: 'lee@example.com', groups: ['sre', 'finance'] },
    };
    const start = async (
      directory: NoticeOptions['directory'] = { people },
      url = smtp.url,
      publicUrl = 'https://ops.example.com',
    ) => {
      const app = await createApp(
        { orchestrator, store, clock },
        {
          links: { lifetimeMs: 7_200_000 },
          notices: {
            publicUrl,
            directory,
            email: { smtpUrl: url, from: 'signalbox@example.com' },
          },
        },
      );
      closers.push(() => app.close());
      return app;
    };
    return { smtp, orchestrator, clock, store, people, start };
  }

  async function openReview(orchestrator: Orchestrator, workflow = 'change') {
    const { runId } = await orchestrator.start(workflow, { system: 'billing' });
    await orchestrator.drive(runId);
    return runId;
  }

  it('tell every member of the group by mail, each with links of their own that decide once', async () => {
    const { smtp, orchestrator, start } = await setUp();
    const app = await start();
    const runId = await openReview(orchestrator);

    await mailsOf(smtp, 2);

    expect(new Set(smtp.mails.map(({ to }) => to[0]))).toEqual(
      new Set(['kim@example.com', 'lee@example.com']),
    );
    const [kim] = smtp.mails.filter(({ to }) => to[0] === 'kim@example.com');
    const link = linkIn(kim?.source ?? '', 'Approve');
    const shown = await app.inject(link);
    expect(shown.statusCode).toBe(200);
    expect(shown.body).toContain('billing');
    const decided = await post(app, link);
    expect(decided.statusCode).toBe(200);
    expect(await orchestrator.drive(runId)).toMatchObject({ status: 'complete' });
    expect(
      (await orchestrator.history(runId)).find(({ event }) => event === 'approval.decided'),
    ).toMatchObject({ actor: 'kim' });
    expect((await post(app, link)).statusCode).toBe(409);
  });

  it('lead below the base path of the service', async () => {
    const { smtp, orchestrator, people, start } = await setUp();
    const address = 'https://ops.example.com/signalbox';
    const app = await start({ people: { kim: people.kim } }, smtp.url, address);
    const runId = await openReview(orchestrator);

    await mailsOf(smtp, 1);

    const source = smtp.mails[0]?.source ?? '';
    expect(readableSource(source)).toContain(`${address}/reviews/${runId}/approval`);
    const link = linkIn(source, 'Approve');
    expect(link).toMatch(/^\/signalbox\/decide\?/);
    expect((await post(app, link)).statusCode).toBe(200);
  });

  it('are sent once, however often the service starts, and again as a reminder', async () => {
    const { smtp, orchestrator, clock, start } = await setUp();
    const first = await start();
    await openReview(orchestrator);
    await mailsOf(smtp, 2);
    await first.close();

    const second = await start();
    await clock.advance(59 * 60_000);
    expect(smtp.mails).toHaveLength(2);
    await clock.advance(60_000);
    await mailsOf(smtp, 4);

    expect(smtp.mails.slice(2).map(({ source }) => /^subject: (.*)$/im.exec(source)?.[1])).toEqual([
      'Reminder, please decide: approval of change',
      'Reminder, please decide: approval of change',
    ]);
    const listed = await second.inject('/api/v1/notices');
    expect(listed.json<{ notices: object[] }>().notices).toHaveLength(4);
  });

  it('tell whom a review is escalated to, when it is', async () => {
    const { smtp, orchestrator, clock, start, people } = await setUp();
    await start({ people: { ...people, max: { email: 'max@example.com', groups: ['managers'] } } });
    await openReview(orchestrator, 'other');
    await mailsOf(smtp, 1);

    await clock.advance(3_600_000);
    await mailsOf(smtp, 2);

    expect(
      smtp.mails.map(({ to, source }) => [to[0], /^subject: (.*)$/im.exec(source)?.[1]]),
    ).toEqual([
      ['lee@example.com', 'Please decide: approval of other'],
      ['max@example.com', 'Escalated to you: approval of other'],
    ]);
  });

  it('tell somebody again who is asked in another way: escalated or delegated to', async () => {
    const { smtp, orchestrator, clock, start, people } = await setUp();
    await start({ people: { ...people, zoe: { email: 'zoe@example.com', groups: [] } } });
    const lee = { actor: 'lee', groups: ['finance'] };
    const runId = await openReview(orchestrator, 'boss');
    await mailsOf(smtp, 1);

    await orchestrator.delegate(runId, 'approval', { ...lee, to: 'zoe' });
    await mailsOf(smtp, 2);
    await clock.advance(3_600_000);
    await mailsOf(smtp, 3);

    expect(
      smtp.mails.map(({ to, source }) => [to[0], /^subject: (.*)$/im.exec(source)?.[1]]),
    ).toEqual([
      ['lee@example.com', 'Please decide: approval of boss'],
      ['zoe@example.com', 'Delegated to you: approval of boss'],
      ['lee@example.com', 'Escalated to you: approval of boss'],
    ]);
  });

  it('are given up when they are refused, stand in a list, and are sent again by hand', async () => {
    const { smtp, orchestrator, start, people } = await setUp();
    smtp.behave({ kind: 'refuse', at: 'recipient', code: 550 });
    const app = await start({ people: { kim: people.kim } });
    await openReview(orchestrator);
    await noticeOf(app, ({ error }) => error !== null);
    smtp.behave({ kind: 'accept' });

    const dead = await app.inject('/api/v1/notices?status=failed');
    const [letter] = dead.json<{ notices: { id: string }[] }>().notices;
    const retry = () =>
      app.inject({ method: 'POST', url: `/api/v1/notices/${letter?.id ?? ''}/retry` });
    const answers = [await retry(), await retry()];

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 404]);
    await mailsOf(smtp, 1);
    expect((await app.inject('/api/v1/notices?status=failed')).json()).toEqual({
      notices: [],
      cursor: null,
    });
  });

  it('wait for no other channel that does not answer', async () => {
    const { orchestrator, store, clock } = await setUp();
    const arrived = { silent: 0, quick: 0 };
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      request.resume().once('end', () => {
        const isSilent = request.url === '/silent';
        arrived[isSilent ? 'silent' : 'quick'] += 1;
        void (isSilent ? released : Promise.resolve()).then(() => response.end());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const secret = 'a secret of thirty-two characters';
    const app = await createApp(
      { orchestrator, store, clock },
      {
        notices: {
          publicUrl: 'https://ops.example.com',
          addresses: 'any',
          directory: {
            people: { kim: { webhook: { url: `${url}/silent`, secret }, groups: ['sre'] } },
            groups: { sre: { slack: `${url}/quick` } },
          },
        },
      },
    );
    closers.push(() => app.close());
    for (let run = 0; run < 6; run += 1) {
      const { runId } = await orchestrator.start('change', { system: 'billing' });
      await orchestrator.drive(runId);
    }

    await expect.poll(() => arrived.quick, { interval: 5 }).toBe(6);
    expect(arrived.silent).toBe(1);
    release();
  });

  it('that reach nobody are no silent matter', async () => {
    const { orchestrator, clock, start, people } = await setUp();
    const app = await start({ people: { lee: people.lee } });
    const runId = await openReview(orchestrator, 'other');
    await clock.advance(3_600_000);

    await noticeOf(app, ({ error }) => error !== null);

    const dead = await app.inject('/api/v1/notices?status=failed');
    expect(dead.json()).toMatchObject({
      notices: [{ runId, recipient: 'managers', channel: 'none', kind: 'escalated' }],
    });
  });

  it('go out although the process dies at any write; a second copy is the first to the byte', async () => {
    const smtp = await startSmtpServer();
    closers.push(() => smtp.close());
    const directory = { people: { lee: { email: 'lee@example.com', groups: ['finance'] } } };
    const options = {
      links: { secrets: ['s'.repeat(32)] },
      identity: { mode: 'development' },
      notices: {
        publicUrl: 'https://ops.example.com',
        directory,
        email: { smtpUrl: smtp.url, from: 'signalbox@example.com' },
      },
    } as const;
    const { logger } = createLogBook();
    let deaths = 0;
    let copies = 0;
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        const before = smtp.mails.length;
        const clock = new ManualClock(startMs);
        const death = createDeathPoint();
        const live = async () => {
          const life = mortal(death.store);
          const { store } = life;
          const orchestrator = await createOrchestrator({
            store,
            clock,
            workflows: [boss],
            logger,
          });
          const { ledger, start } = openNotices(
            { store, clock, orchestrator, log: logger, basePath: '' },
            options,
          );
          return { life, orchestrator, ledger, worker: start() };
        };
        const first = await live();
        const tell = async ({ ledger, life }: typeof first) => {
          const isDead = () => death.hasStruck && life === first.life;
          const isSent = async (count: number) =>
            (await ledger.list({ status: 'sent', limit: 9 })).notices.length >= count;
          for (const count of [1, 2]) {
            const isOver = () => isDead() || isSent(count);
            await expect.poll(isOver, { interval: 2 }).toBe(true);
            if (isDead()) return;
            await clock.advance(3_600_000);
          }
        };
        const close = async ({ worker, orchestrator }: typeof first) => {
          await worker?.close();
          await orchestrator.close({ graceMs: 0 });
        };
        const { runId } = await first.orchestrator.start('boss', { system: 'billing' });
        death.arm(death.count + at, when, () => first.life.die());
        await tell(first);
        if (!death.hasStruck) {
          await close(first);
          break;
        }
        deaths += 1;
        const second = await live();
        await tell(second);
        await close(second);

        const mails = Map.groupBy(
          smtp.mails.slice(before),
          ({ source }) => /^subject: (.*)$/im.exec(source)?.[1] ?? '',
        );
        expect({
          place: [when, at, runId],
          subjects: [...mails.keys()],
          different: [...mails.values()].map((all) => new Set(all.map(bodyOf)).size),
          ids: [...mails.values()].map((all) => new Set(all.map((one) => one.messageId)).size),
          isThrice: [...mails.values()].some((all) => all.length > 2),
        }).toEqual({
          place: [when, at, runId],
          subjects: ['Please decide: approval of boss', 'Escalated to you: approval of boss'],
          different: [1, 1],
          ids: [1, 1],
          isThrice: false,
        });
        copies += smtp.mails.length - before - 2;
      }
    }
    expect(copies).toBeGreaterThan(0);
    expect(deaths).toBeGreaterThan(8);
  });

  it('go out again after kill -9, the same to the byte, when the mail server had taken the first', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'signalbox-notices-'));
    closers.push(async () => rmSync(directory, { recursive: true }));
    const smtp = await startSmtpServer();
    closers.push(() => smtp.close());
    smtp.behave({ kind: 'hold' });
    const file = fileURLToPath(new URL('notifying-child.ts', import.meta.url));
    const child = spawn(process.execPath, [file, directory, smtp.url], { stdio: 'inherit' });
    await mailsOf(smtp, 1, 20_000);
    child.kill('SIGKILL');
    await once(child, 'exit');

    smtp.behave({ kind: 'accept' });
    const life = await tellingLife(await openLowdbStore(directory), smtp.url);
    closers.push(() => life.close());
    await mailsOf(smtp, 2);

    const [before, after] = smtp.mails;
    expect(after?.messageId).toBe(before?.messageId);
    expect(linkIn(after?.source ?? '', 'Approve')).toBe(linkIn(before?.source ?? '', 'Approve'));
    const isSent = async () => (await life.ledger.list({ status: 'sent', limit: 9 })).notices;
    await expect.poll(isSent, { interval: 5 }).toMatchObject([{ recipient: 'lee', attempts: 2 }]);
  });

  it('go out although the process died before, and are recognised if they had gone out', async () => {
    const memory = createMemoryStore();
    let isDead = false;
    // the mail is out, and the process dies before that is written
    const mortal: Store = {
      ...memory,
      async saveRecords(changes) {
        const notes = changes.some(({ value }) => value?.['status'] === 'sent');
        if (notes && isDead) throw new Error('The process is dead');
        return memory.saveRecords(changes);
      },
    };
    const { smtp, orchestrator, clock, start, people } = await setUp(mortal);
    isDead = true;
    const first = await start({ people: { kim: people.kim } });
    await openReview(orchestrator);
    await mailsOf(smtp, 1);
    await first.close();

    isDead = false;
    await clock.advance(600_000);
    await start({ people: { kim: people.kim } });
    await mailsOf(smtp, 2);

    const [before, after] = smtp.mails;
    expect(after?.messageId).toBe(before?.messageId);
    expect(linkIn(after?.source ?? '', 'Approve')).toBe(linkIn(before?.source ?? '', 'Approve'));
  });

  it('are tried again if the mail server is away, and the run does not care', async () => {
    const { smtp, orchestrator, clock, start, people } = await setUp();
    smtp.behave({ kind: 'refuse', at: 'recipient', code: 451 });
    const app = await start({ people: { kim: people.kim } });
    await openReview(orchestrator);
    await noticeOf(app, ({ error }) => error !== null);

    smtp.behave({ kind: 'accept' });
    await clock.advance(30_000);
    await mailsOf(smtp, 1);

    expect(smtp.mails[0]?.to).toEqual(['kim@example.com']);
  });

  it('E-09: a link of somebody who has left the group decides nothing', async () => {
    const { smtp, orchestrator, start, people } = await setUp();
    const before = await start({ people: { kim: people.kim } });
    const runId = await openReview(orchestrator);
    await mailsOf(smtp, 1);
    await before.close();
    const link = linkIn(smtp.mails[0]?.source ?? '', 'Approve');

    const moved = await start({
      people: { kim: { email: 'kim@example.com', groups: ['finance'] } },
    });
    const gone = await start({ people: {} });

    expect((await post(moved, link)).statusCode).toBe(403);
    expect((await post(gone, link)).statusCode).toBe(403);
    expect((await orchestrator.get(runId)).waitingOn[0]).toMatchObject({ step: 'approval' });
    const listed = await gone.inject('/api/v1/audit?outcome=refused');
    expect(listed.json()).toMatchObject({
      entries: [{ subject: 'POST /decide' }, { subject: 'POST /decide' }],
    });
  });

  it('E-02: a link of one run decides no other, and does not tell whether there is one', async () => {
    const { smtp, orchestrator, start, people } = await setUp();
    const app = await start({ people: { kim: people.kim } });
    await openReview(orchestrator);
    const foreign = await openReview(orchestrator, 'other');
    await mailsOf(smtp, 1);
    const link = new URL(linkIn(smtp.mails[0]?.source ?? '', 'Approve'), 'http://x');
    const [payload = '', signature = ''] = (link.searchParams.get('token') ?? '').split('.');
    const permission = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forge = (change: object) =>
      `/decide?token=${Buffer.from(JSON.stringify({ ...permission, ...change })).toString('base64url')}.${signature}`;

    const answers = await Promise.all(
      [{ runId: foreign }, { runId: 'nobody' }, { step: 'completion' }].map((one) =>
        post(app, forge(one)),
      ),
    );

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403]);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect((await orchestrator.get(foreign)).waitingOn[0]).toMatchObject({ kind: 'review' });
  });

  it('hold the secret of links across restarts, and two of them after it was changed', async () => {
    const { smtp, orchestrator, clock, start, people } = await setUp();
    const app = await start({ people: { lee: people.lee } });
    await openReview(orchestrator, 'other');
    await mailsOf(smtp, 1);
    const link = linkIn(smtp.mails[0]?.source ?? '', 'Approve');

    const rotated = await app.inject({ method: 'POST', url: '/api/v1/decision-links/rotate' });
    const restarted = await start({ people: { lee: people.lee } });

    expect(rotated.statusCode).toBe(204);
    expect((await restarted.inject(link)).statusCode).toBe(200);
    await clock.advance(7_200_000);
    expect((await restarted.inject(link)).statusCode).not.toBe(200);
  });
});

/** As a browser sends the form of the page: from an origin that the page does not tell. */
function post(app: FastifyInstance, url: string) {
  return app.inject({
    method: 'POST',
    url,
    headers: { origin: 'null', 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'comment=',
  });
}

function linkIn(source: string, label: string): string {
  const text = readableSource(source);
  const found = new RegExp(
    `${label}[^]*?https://ops\\.example\\.com(/(?:signalbox/)?decide\\?token=[\\w.-]+)`,
  ).exec(text)?.[1];
  if (found === undefined) throw new Error(`No link "${label}" in ${text}`);
  return found;
}

/** What the reader sees: beside the id, mails have dates and boundaries of their own. */
function bodyOf({ source }: { readonly source: string }): string {
  return readableSource(source).replaceAll(/^(date|content-type|--|\s+boundary).*$/gim, '');
}

async function mailsOf(smtp: TestSmtpServer, count: number, timeout = 10_000): Promise<void> {
  await expect.poll(() => smtp.mails.length, { interval: 5, timeout }).toBe(count);
}

async function noticeOf(
  app: FastifyInstance,
  isWanted: (notice: { readonly error: string | null }) => boolean,
): Promise<void> {
  const read = async () => {
    const answer = await app.inject('/api/v1/notices');
    return answer.json<{ notices: { error: string | null }[] }>().notices.some(isWanted);
  };
  await expect.poll(read, { interval: 5 }).toBe(true);
}
