import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../src/index.ts';
import {
  createDecisionHandler,
  createDecisionLinks,
  type DecisionLinkRequest,
} from '../../src/links/index.ts';
import { entryOf, hour, minute, openBench, second } from '../support/engine-bench.ts';
import { createLogBook } from '../support/log-book.ts';

const secret = 'a-secret-of-thirty-two-bytes-or-more';

const payOut = defineTask({
  name: 'pay_out',
  input: z.object({ payee: z.string(), cents: z.int() }),
  output: z.object({ paid: z.int() }),
  compensate: async () => {},
  run: async ({ input }) => ({ paid: input.cents }),
});

const payment = defineWorkflow({
  name: 'payment',
  version: 1,
  input: z.object({ payee: z.string(), cents: z.int() }),
  onFailure: 'keep',
  steps(w) {
    const approval = w.review('approval', {
      description: 'May this be paid?',
      show: w.input,
      form: z.object({
        reason: z.string().trim().min(3).max(500).describe('Why'),
        account: z.enum(['main', 'petty cash']).default('main'),
        urgent: z.boolean().default(false),
        limit: z.number().optional(),
      }),
      assignTo: ['finance'],
      expires: '24h',
      onExpired: 'reject',
      onRejected: 'fail',
    });
    return w.task('pay', payOut, { input: w.input, after: [approval] });
  },
});

async function aPayment(change: Partial<DecisionLinkRequest> = {}, payee = '<b>Müller & Co</b>') {
  const bench = await openBench({ workflows: [payment] });
  const { runId } = await bench.engine.start(payment, { payee, cents: 120_000 });
  await bench.engine.drive(runId);
  const log = createLogBook();
  const handler = createDecisionHandler(bench.engine, {
    secrets: [secret],
    clock: bench.clock,
    logger: log.logger,
  });
  const links = createDecisionLinks({ secrets: [secret], url: 'https://ops.example.com/decide' });
  const issuedAtMs = bench.clock.nowMs();
  const urlOf = (outcome: 'approved' | 'rejected') =>
    links.urlOf({
      runId,
      step: 'approval',
      outcome,
      actor: 'kim@example.com',
      groups: ['finance'],
      shown: { payee, cents: 120_000 },
      issuedAtMs,
      expiresAtMs: issuedAtMs + 24 * hour,
      ...change,
    });
  const get = (url: string) => handler.handle({ method: 'GET', url });
  const send = (url: string, fields: Record<string, string> = {}) =>
    handler.handle({
      method: 'POST',
      url,
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams(fields).toString(),
    });
  return { ...bench, engine: bench.engine, log, handler, runId, urlOf, get, send };
}

const filledIn = { 'form.reason': 'Invoice 17 is in order.', 'form.account': 'main' };

describe('GET of a decision link', () => {
  it('shows what is to be decided, escaped, and decides nothing', async () => {
    const { engine, runId, urlOf, get } = await aPayment();

    const { status, headers, body } = await get(urlOf('approved'));

    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('<h1>May this be paid?</h1>');
    expect(body).toContain('<dd>&lt;b&gt;Müller &amp; Co&lt;/b&gt;</dd>');
    expect(body).toContain('>Approve</button>');
    expect(body).toContain('Reason: Why');
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ kind: 'review' }]);
  });

  it('answers with a page that can load and run nothing, and leaks its address nowhere', async () => {
    const { urlOf, get } = await aPayment();

    const { headers, body } = await get(urlOf('approved'));

    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    const style = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? '';
    expect(headers['content-security-policy']).toContain(
      `'sha256-${hash('sha256', style, 'base64')}'`,
    );
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(body).not.toMatch(/<script|src=|javascript:/);
  });

  it('has a field for each part of the form', async () => {
    const { urlOf, get } = await aPayment();

    const { body } = await get(urlOf('approved'));

    expect(body).toMatch(
      /<textarea id="form.reason" name="form.reason" rows="3" maxlength="500" required>/,
    );
    expect(body).toMatch(/<option selected>main<\/option>\n<option>petty cash<\/option>/);
    expect(body).toContain(
      '<input type="checkbox" id="form.urgent" name="form.urgent" value="true">',
    );
    expect(body).toContain(
      '<input id="form.limit" name="form.limit" inputmode="decimal" value="">',
    );
  });

  it('answers HEAD without a body and refuses other methods', async () => {
    const { urlOf, handler } = await aPayment();

    const head = await handler.handle({ method: 'HEAD', url: urlOf('approved') });
    const put = await handler.handle({ method: 'PUT', url: urlOf('approved') });

    expect(head).toMatchObject({ status: 200, body: '' });
    expect(put).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, POST' } });
  });
});

describe('POST of a decision link', () => {
  it('approves in the name of its actor, with the form', async () => {
    const { engine, runId, urlOf, send } = await aPayment();

    const { status, body } = await send(urlOf('approved'), {
      ...filledIn,
      'form.urgent': 'true',
      'form.limit': '1500.5',
      comment: 'Paid by the usual way',
    });

    expect(status).toBe(200);
    expect(body).toContain('Approved. Thank you.');
    expect(await engine.result(runId)).toEqual({ paid: 120_000 });
    expect((await entryOf(engine, runId, 'approval.decided')).output).toEqual({
      outcome: 'approved',
      actor: 'kim@example.com',
      comment: 'Paid by the usual way',
      form: { reason: 'Invoice 17 is in order.', account: 'main', urgent: true, limit: 1500.5 },
    });
  });

  it('rejects without a form', async () => {
    const { engine, runId, urlOf, send } = await aPayment();

    const { body } = await send(urlOf('rejected'), { comment: 'Unknown payee' });

    expect(body).toContain('Rejected. Thank you.');
    await expect(engine.result(runId)).rejects.toMatchObject({
      message: "Workflow failed at step 'approval': Unknown payee",
    });
  });

  it('shows what is wrong with the form, keeps what was typed, and decides nothing', async () => {
    const { engine, runId, urlOf, send } = await aPayment();

    const { status, body } = await send(urlOf('approved'), {
      'form.reason': 'no',
      'form.limit': 'a <lot>',
      comment: 'typed',
    });

    expect(status).toBe(422);
    expect(body.match(/role="alert"/g)).toHaveLength(2);
    expect(body).toContain('value="a &lt;lot&gt;"');
    expect(body).toContain('>typed</textarea>');
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ kind: 'review' }]);
  });

  it('works once: whoever comes later reads who has decided what', async () => {
    const { engine, runId, urlOf, get, send } = await aPayment();
    await send(urlOf('approved'), filledIn);
    await engine.result(runId);

    const answers = [
      await send(urlOf('approved'), filledIn),
      await send(urlOf('rejected')),
      await get(urlOf('approved')),
    ];

    for (const { status, body } of answers) {
      expect(status).toBe(409);
      expect(body).toContain('<h1>Already decided</h1>');
      expect(body).toContain('was approved by kim@example.com at ');
    }
    const decisions = (await engine.history(runId)).filter(
      ({ event }) => event === 'approval.decided',
    );
    expect(decisions).toHaveLength(1);
  });

  it('lets one of two win who press at the same time', async () => {
    const { engine, runId, urlOf, send } = await aPayment();

    const answers = await Promise.all([send(urlOf('approved'), filledIn), send(urlOf('rejected'))]);

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    await engine.drive(runId, 'finished');
    expect(
      (await engine.history(runId)).filter(({ event }) => event === 'approval.decided'),
    ).toHaveLength(1);
  });

  it('does not decide the next round of the same review', async () => {
    const { engine, clock, runId, urlOf, send } = await aPayment();
    await send(urlOf('rejected'));
    await engine.drive(runId, 'finished');
    await clock.advance(minute);
    await engine.retry(runId, { actor: 'ops' });
    expect(await engine.drive(runId)).toMatchObject({ waitingOn: [{ step: 'approval' }] });

    const { status } = await send(urlOf('approved'), filledIn);

    expect(status).toBe(409);
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ step: 'approval' }]);
  });

  it('takes JSON from programs and answers in JSON', async () => {
    const { handler, engine, runId, urlOf } = await aPayment();
    const post = (body: string) =>
      handler.handle({
        method: 'POST',
        url: urlOf('approved'),
        contentType: 'application/json',
        body,
      });

    const wrong = await post('{"form":{"reason":""}}');
    const malformed = await post('{"form":');
    const right = await post('{"form":{"reason":"As agreed."}}');

    expect(wrong.status).toBe(422);
    expect(JSON.parse(wrong.body)).toMatchObject({
      problems: { reason: expect.stringContaining('>=3') },
    });
    expect(malformed).toMatchObject({
      status: 422,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect(JSON.parse(right.body)).toEqual({
      runId,
      step: 'approval',
      outcome: 'approved',
      actor: 'kim@example.com',
    });
    expect(await engine.result(runId)).toEqual({ paid: 120_000 });
  });

  it('refuses bodies of other kinds, and long ones', async () => {
    const { handler, urlOf } = await aPayment();
    const post = (contentType: string, body: string) =>
      handler.handle({ method: 'POST', url: urlOf('approved'), contentType, body });

    expect((await post('text/plain', 'form.reason=x')).status).toBe(415);
    expect((await post('application/x-www-form-urlencoded', 'x'.repeat(70_000))).status).toBe(413);
  });
});

describe('a decision link that does not hold', () => {
  it('says that it has expired', async () => {
    const { clock, urlOf, get, send } = await aPayment();
    await clock.advance(24 * hour - second);
    expect((await get(urlOf('approved'))).status).toBe(200);
    await clock.advance(second);

    for (const { status, body } of [await get(urlOf('approved')), await send(urlOf('approved'))]) {
      expect(status).toBe(410);
      expect(body).toContain('This link has expired');
    }
  });

  it('says that the review has expired, if that was sooner', async () => {
    const { clock, urlOf, get } = await aPayment({ expiresAtMs: 10_000 * 365 * 24 * hour });
    await clock.advance(24 * hour);

    expect((await get(urlOf('approved'))).body).toContain('has expired at ');
  });

  it('says that it was damaged', async () => {
    const { get } = await aPayment();

    for (const url of ['/decide?token=eyJ9.x', '/decide', '//', '']) {
      expect(await get(url)).toMatchObject({ status: 403 });
    }
  });

  it('says that what is shown is not what the link was made for', async () => {
    const { engine, runId, urlOf, send } = await aPayment({ shown: { payee: 'Other', cents: 1 } });

    const { status, body } = await send(urlOf('approved'), filledIn);

    expect(status).toBe(409);
    expect(body).toContain('What this review shows has changed');
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ kind: 'review' }]);
  });

  it('says that its actor may not decide', async () => {
    const { urlOf, send } = await aPayment({ groups: [] });

    expect(await send(urlOf('approved'), filledIn)).toMatchObject({
      status: 403,
      body: expect.stringContaining('You may not decide this review'),
    });
  });

  it('says that there is no such run any more', async () => {
    const { urlOf, get } = await aPayment({ runId: 'long-gone' });

    expect((await get(urlOf('approved'))).status).toBe(410);
  });

  it('never logs a token', async () => {
    const { log, urlOf, send } = await aPayment();
    const token = new URL(urlOf('approved')).searchParams.get('token') ?? '';

    await send(urlOf('approved'), filledIn);
    await send(urlOf('approved'), filledIn);

    expect(log.lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(log.lines)).not.toContain(token.slice(-20));
  });
});

describe('the listener for node:http', () => {
  it('serves both methods and refuses a long body', async () => {
    const { engine, runId, urlOf, handler } = await aPayment();
    const address = await listen(handler.listener);
    const url = `${address}${new URL(urlOf('approved')).search}`;

    const page = await fetch(url);
    const tooLong = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ comment: 'x'.repeat(70_000) }),
    });
    const decided = await fetch(url, { method: 'POST', body: new URLSearchParams(filledIn) });

    expect(await page.text()).toContain('May this be paid?');
    expect(tooLong.status).toBe(413);
    expect(await decided.text()).toContain('Approved');
    expect(await engine.result(runId)).toEqual({ paid: 120_000 });
  });

  it('hangs up on a body that does not come within ten seconds', async () => {
    const { clock, handler } = await aPayment();
    const address = new URL(await listen(handler.listener));
    const socket = connect(Number(address.port), address.hostname);
    const isClosed = new Promise((closed) => socket.on('close', closed));
    const isWaiting = new Promise((resolve) => socket.on('connect', resolve));
    await isWaiting;
    socket.on('error', () => {});
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\nhalf',
    );
    await new Promise((answered) => socket.once('data', answered));

    await clock.advance(10 * second);

    await isClosed;
  });
});

async function listen(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return `http://127.0.0.1:${address.port}`;
}
