import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { day, entryOf, eventsOf, hour, openBench } from '../../support/engine-bench.ts';

const Form = z.strictObject({ reason: z.string().min(3), amount: z.number().optional() });

interface Settings {
  expires?: '24h';
  onExpired?: 'continue' | 'reject' | 'fail';
  onRejected?: 'continue' | 'fail';
  requesterMayDecide?: boolean;
  assignTo?: string | readonly string[];
}

function aReview(settings: Settings = {}) {
  const deeds = createDeeds();
  const workflow = defineWorkflow({
    name: 'change',
    version: 1,
    input: z.object({ what: z.string() }),
    steps(w) {
      const made = w.task('prepare', deeds.task('prepare'), { input: w.input });
      const review = w.review('approval', { show: made, form: Form, ...settings });
      const isApproved = w.is(review, 'approved', ({ outcome }) => outcome === 'approved', {
        otherwise: 'Action was not approved.',
      });
      w.task('apply', deeds.task('apply'), { input: review, when: isApproved });
      w.task('escalate', deeds.task('escalate'), {
        input: review,
        when: w.not(isApproved, { otherwise: 'Escalation not required.' }),
      });
      return review;
    },
  });
  return { deeds, workflow };
}

async function anOpenReview(settings: Settings = {}) {
  const { deeds, workflow } = aReview(settings);
  const bench = await openBench({ workflows: [workflow] });
  const run = await bench.engine.start(workflow, { what: 'a change' }, { actor: 'bob' });
  await bench.engine.drive(run.runId);
  return { ...bench, bench, deeds, run, runId: run.runId };
}

describe('a review in the middle', () => {
  it('M211: holds the run in processing until somebody decides', async () => {
    const { engine, runId, deeds } = await anOpenReview();

    const view = await engine.get(runId);

    expect(view).toMatchObject({
      status: 'processing',
      waitingOn: [
        {
          kind: 'review',
          step: 'approval',
          what: 'the decision of a person',
          shown: 'prepare done',
          until: null,
        },
      ],
    });
    expect(deeds.names).toEqual(['prepare']);
  });

  it('M213: an approval yields outcome, actor and form, and the other branch is skipped with its reason', async () => {
    const { engine, run, runId, deeds } = await anOpenReview();

    await engine.decide(runId, 'approval', {
      outcome: 'approved',
      actor: 'ann',
      form: { reason: 'Operator consent.' },
    });

    expect(await run.result()).toEqual({
      outcome: 'approved',
      actor: 'ann',
      form: { reason: 'Operator consent.' },
    });
    expect(deeds.names).toEqual(['prepare', 'apply']);
    expect(await entryOf(engine, runId, 'escalate.skipped')).toMatchObject({
      settles: 'skipped',
      data: { reason: 'Escalation not required.' },
    });
  });

  it('M214, M224: a rejection is data and needs no form; the fix is skipped with its reason', async () => {
    const { engine, run, runId, deeds } = await anOpenReview();

    await engine.decide(runId, 'approval', {
      outcome: 'rejected',
      actor: 'ann',
      comment: 'Operator rejected action.',
    });

    expect(await run.result()).toEqual({
      outcome: 'rejected',
      actor: 'ann',
      comment: 'Operator rejected action.',
    });
    expect(deeds.names).toEqual(['prepare', 'escalate']);
    expect(await entryOf(engine, runId, 'apply.skipped')).toMatchObject({
      data: { reason: 'Action was not approved.' },
    });
  });

  it('a rejection fails the run where the review says so', async () => {
    const { engine, run, runId, deeds } = await anOpenReview({ onRejected: 'fail' });

    await engine.decide(runId, 'approval', { outcome: 'rejected', actor: 'ann', comment: 'No.' });

    await expect(run.result()).rejects.toThrow("Workflow failed at step 'approval': No.");
    expect(deeds.names).toEqual(['prepare', 'undo prepare']);
  });

  it('M212, E-06: a form that does not fit is refused with its paths and asked for again', async () => {
    const { engine, run, runId, deeds } = await anOpenReview();
    const decide = (form: unknown) =>
      engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann', form });

    await expect(decide({ reason: 'x' })).rejects.toMatchObject({
      code: 'FORM_INVALID',
      message: expect.stringContaining('reason'),
      details: { issues: [{ path: ['reason'] }] },
    });
    await expect(decide({ reason: 'fine', amount: 'much' })).rejects.toMatchObject({
      details: { issues: [{ path: ['amount'] }] },
    });
    await expect(decide({ reason: 'fine', approvedBy: 'me' })).rejects.toMatchObject({
      code: 'FORM_INVALID',
      message: expect.stringContaining('approvedBy'),
    });
    await expect(decide(undefined)).rejects.toMatchObject({ code: 'FORM_INVALID' });
    expect(await engine.get(runId)).toMatchObject({
      status: 'processing',
      waitingOn: [{ step: 'approval' }],
    });
    expect(deeds.names).toEqual(['prepare']);

    await decide({ reason: 'fine' });

    expect(await run.result()).toMatchObject({ form: { reason: 'fine' } });
  });

  it('E-06: records what was shown, by its hash, and the form with the decision', async () => {
    const { engine, runId } = await anOpenReview();
    const { waitingOn } = await engine.get(runId);

    await engine.decide(runId, 'approval', {
      outcome: 'approved',
      actor: 'ann',
      form: { reason: 'fine' },
      groups: ['ops'],
    });

    expect(await entryOf(engine, runId, 'approval.decided')).toMatchObject({
      actor: 'ann',
      data: {
        outcome: 'approved',
        shownHash: waitingOn[0]?.shownHash,
        form: { reason: 'fine' },
        decider: { actor: 'ann', groups: ['ops'] },
      },
    });
  });

  it('takes a form of null for a form, and not for none', async () => {
    const open = defineWorkflow({
      name: 'open',
      version: 1,
      input: z.object({}),
      steps: (w) =>
        w.review('approval', { form: z.object({ reason: z.string().default('fine') }) }),
    });
    const { engine } = await openBench({ workflows: [open] });
    const { runId } = await engine.start(open, {});

    const decided = engine.decide(runId, 'approval', {
      outcome: 'approved',
      actor: 'ann',
      form: null,
    });

    await expect(decided).rejects.toMatchObject({ code: 'FORM_INVALID' });
  });

  it('is not answered by a verdict on an attempt', async () => {
    const { engine, runId } = await anOpenReview();

    const verdict = engine.decide(runId, 'approval', { outcome: 'happened', actor: 'ann' });

    await expect(verdict).rejects.toMatchObject({
      code: 'FORM_INVALID',
      message: expect.stringContaining('approved or rejected'),
    });
  });
});

describe('who may decide', () => {
  it('E-05: not the requester, where the review says so; the attempt is noted', async () => {
    const { engine, runId } = await anOpenReview({ requesterMayDecide: false });

    const own = engine.decide(runId, 'approval', {
      outcome: 'approved',
      actor: 'bob',
      form: { reason: 'fine' },
    });

    await expect(own).rejects.toMatchObject({
      code: 'REVIEW_FORBIDDEN',
      message: expect.stringContaining('"bob" may not decide review "approval"'),
      hint: 'Somebody else must decide it',
    });
    expect(await entryOf(engine, runId, 'decision.refused')).toMatchObject({
      actor: 'bob',
      from: 'processing',
      to: 'processing',
      data: { step: 'approval', outcome: 'approved', code: 'REVIEW_FORBIDDEN' },
    });
    expect(await engine.get(runId)).toMatchObject({ waitingOn: [{ step: 'approval' }] });
  });

  it('E-01: only somebody of the group it is assigned to', async () => {
    const { engine, run, runId } = await anOpenReview({ assignTo: ['finance', 'cfo'] });
    const decide = (actor: string, groups: readonly string[]) =>
      engine.decide(runId, 'approval', {
        outcome: 'approved',
        actor,
        groups,
        form: { reason: 'fine' },
      });

    await expect(decide('eve', [])).rejects.toMatchObject({
      code: 'REVIEW_FORBIDDEN',
      hint: 'It is assigned to finance, cfo',
    });
    await expect(decide('eve', ['ops'])).rejects.toMatchObject({ code: 'REVIEW_FORBIDDEN' });
    await decide('ann', ['ops', 'finance']);

    expect(await run.result()).toMatchObject({ actor: 'ann' });
    expect(
      (await eventsOf(engine, runId)).filter((event) => event === 'decision.refused'),
    ).toHaveLength(2);
  });

  it('or the person it is assigned to by name', async () => {
    const { engine, run, runId } = await anOpenReview({ assignTo: 'cfo' });

    await engine.decide(runId, 'approval', {
      outcome: 'approved',
      actor: 'cfo',
      form: { reason: 'fine' },
    });

    expect(await run.result()).toMatchObject({ actor: 'cfo' });
  });

  it('E-05: one person does not fill in two of two approvals', async () => {
    const workflow = defineWorkflow({
      name: 'four-eyes',
      version: 1,
      input: z.object({}),
      steps(w) {
        const first = w.review('first');
        return w.review('second', { notBy: [first], after: [first] });
      },
    });
    const { engine } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);
    await engine.decide(run.runId, 'first', { outcome: 'approved', actor: 'ann' });
    await engine.drive(run.runId);

    const again = engine.decide(run.runId, 'second', { outcome: 'approved', actor: 'ann' });

    await expect(again).rejects.toMatchObject({ code: 'REVIEW_FORBIDDEN' });
    await engine.decide(run.runId, 'second', { outcome: 'approved', actor: 'ben' });
    expect(await run.result()).toMatchObject({ actor: 'ben' });
  });

  it('E-02: a decision for another step or another run finds nothing open', async () => {
    const { engine, runId } = await anOpenReview();
    const approval = { outcome: 'approved', actor: 'ann', form: { reason: 'fine' } } as const;

    await expect(engine.decide(runId, 'completion', approval)).rejects.toMatchObject({
      code: 'REVIEW_NOT_OPEN',
    });
    await expect(engine.decide(runId, 'prepare', approval)).rejects.toMatchObject({
      code: 'REVIEW_NOT_OPEN',
    });
    await expect(engine.decide('another', 'approval', approval)).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
    });
  });
});

describe('expiry after 24 hours', () => {
  it.each([
    ['counts as a rejection by the policy (default)', {}, 'rejected'],
    ['counts as a rejection by the policy', { onExpired: 'reject' }, 'rejected'],
    ['is an outcome of its own', { onExpired: 'continue' }, 'expired'],
  ] as const)('%s', async (_text, settings, outcome) => {
    const { engine, clock, run, runId, deeds } = await anOpenReview({
      expires: '24h',
      ...settings,
    });

    await clock.advance(day - 1);
    expect(await engine.get(runId)).toMatchObject({ status: 'processing' });
    await clock.advance(1);

    expect(await run.result()).toEqual({ outcome, actor: 'policy:expired' });
    expect(await entryOf(engine, runId, 'approval.expired')).toMatchObject({
      actor: 'policy:expired',
      settles: 'complete',
    });
    expect(deeds.names).toEqual(['prepare', 'escalate']);
  });

  it.each([
    ['onExpired: fail', { onExpired: 'fail' }],
    ['onExpired: reject with onRejected: fail', { onExpired: 'reject', onRejected: 'fail' }],
  ] as const)('fails the run with %s', async (_text, settings) => {
    const { clock, run, deeds } = await anOpenReview({ expires: '24h', ...settings });

    await clock.advance(day);

    await expect(run.result()).rejects.toThrow(
      `Workflow failed at step 'approval': Review "approval" expired before anybody decided`,
    );
    expect(deeds.names).toEqual(['prepare', 'undo prepare']);
  });

  it('M217: the incident is escalated when nobody answers for a day', async () => {
    const { engine, clock, runId } = await anOpenReview({ expires: '24h' });

    const { waitingOn } = await engine.get(runId);
    await clock.advance(day);

    expect(waitingOn[0]).toMatchObject({ until: new Date(clock.nowMs()).toISOString() });
    expect(await entryOf(engine, runId, 'apply.skipped')).toMatchObject({
      data: { reason: 'Action was not approved.' },
    });
  });
});

describe('E-03: a late decision', () => {
  const approval = { outcome: 'approved', actor: 'ann', form: { reason: 'fine' } } as const;

  it('after the time-out is refused, noted, and changes nothing', async () => {
    const { engine, clock, run, runId } = await anOpenReview({ expires: '24h' });
    await clock.advance(day);
    await run.result();
    const before = await engine.get(runId);

    const late = engine.decide(runId, 'approval', approval);

    await expect(late).rejects.toMatchObject({
      code: 'REVIEW_NOT_OPEN',
      message: expect.stringContaining('it is complete'),
    });
    const after = await engine.get(runId);
    expect(after).toEqual({ ...before, updatedAt: after.updatedAt, entries: before.entries + 1 });
    expect(await entryOf(engine, runId, 'decision.refused')).toMatchObject({
      actor: 'ann',
      from: 'complete',
      to: 'complete',
      data: { step: 'approval', outcome: 'approved', code: 'REVIEW_NOT_OPEN' },
    });
  });

  it('after a cancellation is refused, noted, and changes nothing', async () => {
    const { engine, runId, deeds } = await anOpenReview();
    await engine.cancel(runId, { actor: 'bob' });
    await engine.drive(runId, 'finished');

    const late = engine.decide(runId, 'approval', approval);

    await expect(late).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
    expect(await engine.get(runId)).toMatchObject({ status: 'cancelled' });
    expect(deeds.names).toEqual(['prepare', 'undo prepare']);
    expect(await eventsOf(engine, runId)).toContain('decision.refused');
  });

  it('after an earlier one is refused, whatever it says', async () => {
    const { engine, run, runId, deeds } = await anOpenReview();
    await engine.decide(runId, 'approval', approval);

    const late = engine.decide(runId, 'approval', { outcome: 'rejected', actor: 'ben' });

    await expect(late).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
    expect(await run.result()).toMatchObject({ outcome: 'approved', actor: 'ann' });
    expect(deeds.names).toEqual(['prepare', 'apply']);
  });

  it('keeps the chain of the history whole', async () => {
    const { engine, run, runId } = await anOpenReview();
    await engine.decide(runId, 'approval', approval);
    await run.result();
    await engine.decide(runId, 'approval', approval).catch(() => {});

    const report = await engine.verify(runId);

    expect(report.fault).toBeNull();
    expect(report.entries).toBe((await engine.history(runId)).length);
  });
});

describe('a policy in the middle', () => {
  const limited = defineWorkflow({
    name: 'limited',
    version: 1,
    input: z.object({ amount: z.number() }),
    steps(w) {
      const isSmall = w.is(w.input.$.amount, 'amount < 1000', (amount) => amount < 1000);
      return w.review('release', { approve: isSmall });
    },
  });

  it('approves by itself below its limit, with its name as the actor', async () => {
    const { engine } = await openBench({ workflows: [limited] });

    const run = await engine.start(limited, { amount: 999.99 });

    expect(await run.result()).toEqual({
      outcome: 'approved',
      actor: 'policy:amount < 1000',
      form: {},
    });
  });

  it('asks a person from the limit on', async () => {
    const { engine } = await openBench({ workflows: [limited] });
    const run = await engine.start(limited, { amount: 1000 });

    expect(await engine.drive(run.runId)).toMatchObject({
      waitingOn: [{ kind: 'review', step: 'release' }],
    });
    await engine.decide(run.runId, 'release', { outcome: 'approved', actor: 'ann' });

    expect(await run.result()).toMatchObject({ actor: 'ann' });
  });
});

describe('reminders', () => {
  it('run beside the open review until it is decided, and their failure does not touch it', async () => {
    const rounds: number[] = [];
    const remind = defineTask({
      name: 'remind',
      input: z.object({ reviewId: z.string(), round: z.number() }),
      compensate: 'none',
      run: async ({ input }) => {
        rounds.push(input.round);
        if (input.round === 2) throw new Error('The mail server is down');
      },
    });
    const workflow = defineWorkflow({
      name: 'reminded',
      version: 1,
      input: z.object({}),
      steps: (w) => w.review('approval', { remind: { every: '1h', run: remind }, expires: '24h' }),
    });
    const { engine, clock, log } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, {});
    await engine.drive(run.runId);

    await clock.advance(3 * hour);
    await engine.decide(run.runId, 'approval', { outcome: 'approved', actor: 'ann' });
    await clock.advance(3 * hour);

    expect(rounds).toEqual([1, 2, 3]);
    expect(log.saying('message about a review given up')).toMatchObject([
      { level: 'warn', kind: 'reminder', number: 2 },
    ]);
    expect(await run.result()).toMatchObject({ outcome: 'approved' });
  });
});
