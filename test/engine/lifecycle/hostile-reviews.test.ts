/** Attempts on four eyes that look like ordinary use. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import { createDecisionHandler, createDecisionLinks } from '../../../src/links/index.ts';
import { hour, openBench, second } from '../../support/engine-bench.ts';

const forbidden = { code: 'REVIEW_FORBIDDEN' };
const secret = 'a-secret-of-thirty-two-bytes-or-more';

const release = defineWorkflow({
  name: 'release',
  version: 1,
  input: z.string(),
  steps(w) {
    const approval = w.review('approval', { show: w.input, approvals: 2, onRejected: 'fail' });
    return w.finish(approval, { approve: 'person' });
  },
});
const parent = defineWorkflow({
  name: 'parent',
  version: 1,
  input: z.string(),
  steps: (w) => w.child('release', release, { input: w.input }),
});

async function aReview() {
  const bench = await openBench({ workflows: [release, parent] });
  const { engine } = bench;
  const { runId } = await engine.start(release, 'x', { actor: 'dev' });
  await engine.drive(runId, 'waiting');
  const decide = (actor: string, outcome: 'approved' | 'rejected' = 'approved') =>
    engine.decide(runId, 'approval', { outcome, actor });
  const handler = createDecisionHandler(engine, { secrets: [secret], clock: bench.clock });
  const links = createDecisionLinks({ secrets: [secret], url: 'https://ops.example.com/decide' });
  const linkOf = async (actor: string, outcome: 'approved' | 'rejected' = 'approved') => {
    const { waitingOn } = await engine.get(runId);
    const [open] = waitingOn;
    const issuedAtMs = bench.clock.nowMs();
    return links.urlOf({
      runId,
      step: 'approval',
      outcome,
      actor,
      issuedAtMs,
      expiresAtMs: issuedAtMs + hour,
      openedAtMs: Date.parse(open?.since ?? ''),
    });
  };
  const contentType = 'application/json';
  const follow = (url: string, method = 'POST') => handler.handle({ method, url, contentType });
  return { ...bench, engine, runId, decide, linkOf, follow };
}

describe('four eyes', () => {
  it('E-05: whoever asked for the parent asked for its children', async () => {
    const { engine } = await openBench({ workflows: [release, parent] });
    const { runId } = await engine.start(parent, 'x', { actor: 'dev' });
    const { waitingOn } = await engine.drive(runId, 'waiting');
    const child = waitingOn[0]?.runId ?? '';

    const approved = engine.decide(child, 'approval', { outcome: 'approved', actor: 'dev' });

    await expect(approved).rejects.toMatchObject(forbidden);
  });

  it('E-05: whoever forks a run asks for it: their own approval does not count there', async () => {
    const { engine, runId, decide } = await aReview();
    await decide('ann');
    await decide('bob');
    const { entries } = await engine.drive(runId, 'waiting');

    const byOther = await engine.fork(runId, { at: entries, actor: 'op' });
    const byApprover = await engine.fork(runId, { at: entries, actor: 'ann' });

    const stepOf = async (fork: string | null) =>
      (await engine.drive(fork ?? '', 'waiting')).waitingOn.map(({ step }) => step);
    expect(await stepOf(byOther.runId)).toEqual(['completion']);
    expect(byApprover.again).toMatchObject([{ step: 'approval' }]);
    expect(await stepOf(byApprover.runId)).toEqual(['approval']);
  });

  it('E-05: delegations in a circle are one person, and go no further', async () => {
    const { engine, runId, decide } = await aReview();
    const delegate = (actor: string, to: string) =>
      engine.delegate(runId, 'approval', { actor, to });
    await delegate('ann', 'bob');
    await delegate('bob', 'ann');

    await engine.decide(runId, 'approval', {
      outcome: 'approved',
      actor: 'bob',
      onBehalfOf: 'ann',
    });

    await expect(decide('ann')).rejects.toMatchObject(forbidden);
    await expect(decide('bob')).rejects.toMatchObject(forbidden);
    await expect(
      engine.decide(runId, 'approval', { outcome: 'approved', actor: 'cy', onBehalfOf: 'ann' }),
    ).rejects.toMatchObject(forbidden);
    await expect(delegate('dev', 'cy')).rejects.toMatchObject(forbidden);
  });

  it('silence is no approval where a single objection may stand', () => {
    const define = () =>
      defineWorkflow({
        name: 'silent',
        version: 1,
        input: z.string(),
        steps: (w) =>
          w.review('read', {
            rejections: 2,
            expires: '1h',
            onExpired: { approve: 'no objection within an hour' },
          }),
      });

    expect(define).toThrow('an objection');
  });
});

describe('a decision link', () => {
  it('used by two at once decides once', async () => {
    const { engine, runId, linkOf, follow } = await aReview();
    const link = await linkOf('ann', 'rejected');

    const answers = await Promise.all([follow(link), follow(link)]);

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    const events = (await engine.history(runId)).map(({ event }) => event);
    expect(events.filter((event) => event === 'approval.decided')).toHaveLength(1);
  });

  it('E-05: used twice where several approve counts once, and says so', async () => {
    const { engine, runId, linkOf, follow } = await aReview();
    const link = await linkOf('ann');

    const first = await follow(link);
    const again = await follow(link);

    expect([first.status, again.status]).toEqual([200, 409]);
    expect(again.body).toContain('counts already');
    expect((await engine.get(runId)).waitingOn[0]?.review?.approvals.missing).toBe(1);
  });

  it('decides nothing by being looked at, whoever looks', async () => {
    const { engine, runId, linkOf, follow } = await aReview();
    const link = await linkOf('ann', 'rejected');

    const answers = [await follow(link, 'HEAD'), await follow(link, 'GET')];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.body).toBe('');
    expect((await follow(link, 'OPTIONS')).status).toBe(405);
    expect((await engine.get(runId)).waitingOn).toHaveLength(1);
  });

  it('does not decide the review that is asked anew, not even a second later', async () => {
    const { engine, runId, clock, linkOf, follow } = await aReview();
    const link = await linkOf('ann', 'rejected');
    await follow(link);
    await engine.drive(runId);
    await clock.advance(second);
    await engine.retry(runId, { actor: 'op' });
    await engine.drive(runId, 'waiting');

    expect((await follow(link)).status).toBe(409);
    expect((await engine.get(runId)).waitingOn).toMatchObject([{ step: 'approval' }]);
  });
});
