import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { check } from '../../../src/proof/check/check.ts';
import { describeWorkflow } from '../../../src/testing/index.ts';
import { createDeeds } from '../../support/deeds.ts';
import { entryOf, eventsOf, hour, openBench } from '../../support/engine-bench.ts';

const name = 'no objection within a day';
const silent = defineWorkflow({
  name: 'silent',
  version: 1,
  input: z.object({ text: z.string() }),
  steps(w) {
    const read = w.review('read', {
      show: w.input,
      assignTo: ['editors'],
      escalate: [
        { after: '2h', to: ['lead'] },
        { after: '6h', to: 'board', replace: true },
      ],
      expires: '24h',
      onExpired: { approve: name },
    });
    return w.finish(read, { approve: 'person', expires: '24h', onExpired: { approve: name } });
  },
});

const patient = defineWorkflow({
  name: 'patient',
  version: 1,
  input: z.object({ text: z.string() }),
  steps(w) {
    const read = w.review('read', {
      assignTo: ['editors'],
      expires: '8h',
      onExpired: 'escalate',
      escalate: { to: ['lead'] },
    });
    return w.finish(read, {
      approve: 'person',
      assignTo: ['editors'],
      expires: '8h',
      onExpired: 'escalate',
      escalate: { to: ['lead'] },
    });
  },
});

async function started(workflow: typeof silent) {
  const bench = await openBench({ workflows: [workflow] });
  const run = await bench.engine.start(workflow, { text: 'a' });
  await bench.engine.drive(run.runId);
  const review = async () =>
    (await bench.engine.get(run.runId)).waitingOn.find(({ kind }) => kind === 'review');
  return { ...bench, run, runId: run.runId, review };
}

describe('what time does to a review', () => {
  it('says beforehand whom it will ask and when, and what its end means', async () => {
    const { engine, runId } = await started(silent);

    const { waitingOn } = await engine.explain(runId);

    expect(waitingOn.map(({ what, afterwards }) => `${what}: ${afterwards ?? ''}`)).toEqual([
      `the decision of editors: it is approved by policy "${name}"`,
      'the time at which "read" is escalated: lead are asked as well',
      'the time at which "read" is escalated: board are asked instead',
    ]);
  });

  it('is escalated level by level; the last may take it over from all others', async () => {
    const { engine, runId, clock, review } = await started(silent);

    await clock.advance(2 * hour);
    expect((await review())?.assignees).toEqual(['editors', 'lead']);
    await clock.advance(4 * hour);

    expect(await review()).toMatchObject({
      assignees: ['board'],
      review: { escalatedTo: ['lead', 'board'] },
    });
    const late = engine.decide(runId, 'read', { outcome: 'approved', actor: 'lead' });
    await expect(late).rejects.toMatchObject({ code: 'REVIEW_FORBIDDEN' });
    await engine.decide(runId, 'read', { outcome: 'approved', actor: 'board' });
    expect((await review())?.step).toBe('completion');
  });

  it('is approved without a person only where the workflow names the policy, which stands in the history', async () => {
    const { engine, run, runId, clock } = await started(silent);

    await clock.advance(24 * hour);
    await clock.advance(24 * hour);

    expect(await run.result()).toMatchObject({ outcome: 'approved', actor: `policy:${name}` });
    expect(await entryOf(engine, runId, 'read.expired')).toMatchObject({
      actor: `policy:${name}`,
      data: { outcome: 'approved' },
    });
    expect(await entryOf(engine, runId, 'completion.expired')).toMatchObject({
      actor: `policy:${name}`,
      to: 'complete',
    });
    expect((await engine.verify(runId)).fault).toBeNull();
  });

  it('check reports every approval without a person', () => {
    const { rules } = check(silent);

    const messages = rules.flatMap(({ findings }) => findings.map(({ message }) => message));
    const says = (step: string) =>
      `"${step}" is approved without a person if nobody has decided in time: policy "${name}"`;
    expect(messages).toEqual(expect.arrayContaining([says('read'), says('completion')]));
    expect(rules.find(({ rule }) => rule === 'completion-reviewed')?.findings).not.toContainEqual(
      expect.objectContaining({ kind: 'violation' }),
    );
  });

  it('with onExpired "escalate" others are asked and it stays open', async () => {
    const { engine, runId, clock, review } = await started(patient);

    await clock.advance(8 * hour);
    await clock.advance(40 * hour);

    expect(await review()).toMatchObject({
      step: 'read',
      until: null,
      assignees: ['editors', 'lead'],
    });
    expect(await eventsOf(engine, runId)).toContain('read.escalated_1');
    await engine.decide(runId, 'read', { outcome: 'approved', actor: 'lead' });
    await clock.advance(8 * hour);
    expect((await review())?.assignees).toEqual(['editors', 'lead']);
  });

  it.each([
    [{ onExpired: 'approve' }, 'onExpired'],
    [{ onExpired: 'escalate', expires: '1h' }, 'needs to know whom'],
    [{ onExpired: { approve: name } }, 'give it "expires"'],
    [{ escalate: { to: ['lead'] } }, 'does not say when'],
    [{ escalate: { after: '2h', to: [] } }, 'names nobody'],
    [{ escalate: { after: '2h', to: 'lead' }, expires: '1h' }, 'after the review has expired'],
    [{ approvals: 0 }, 'approvals'],
    [{ approvals: 2, approve: 'automatic' }, 'a policy always approves'],
  ])('refuses %j where it is written', (options, said) => {
    const define = () =>
      defineWorkflow({
        name: 'wrong',
        version: 1,
        input: z.string(),
        steps: (w) => w.review('read', options as never),
      });

    expect(define).toThrow(said);
  });

  it('pauses stop the clock of an escalation as well', async () => {
    const { engine, runId, clock, review } = await started(patient);
    await engine.pause(runId);
    await clock.advance(20 * hour);
    await engine.resume(runId);

    await clock.advance(7 * hour);
    expect((await review())?.assignees).toEqual(['editors']);
    await clock.advance(hour);

    expect((await review())?.assignees).toEqual(['editors', 'lead']);
  });
});

const three = ['a', 'b', 'c'] as const;
const choices = ['approved', 'rejected'] as const;

function threeReviews(onRejected: 'continue' | 'fail') {
  const deeds = createDeeds();
  return defineWorkflow({
    name: 'three',
    version: 1,
    input: z.string(),
    steps(w) {
      const [a, b, c] = three.map((id) =>
        w.review(id, { onRejected, approvals: id === 'b' ? 2 : 1 }),
      );
      return w.task('end', deeds.task('end'), { input: { a, b, c } });
    },
  });
}

/** Every order of the four decisions, and both ways each of them may go. */
function* interleavings(): Generator<readonly (readonly [string, (typeof choices)[number]])[]> {
  const orders = [
    ['a', 'b', 'b', 'c'],
    ['a', 'b', 'c', 'b'],
    ['a', 'c', 'b', 'b'],
    ['b', 'a', 'b', 'c'],
    ['b', 'a', 'c', 'b'],
    ['b', 'b', 'a', 'c'],
    ['b', 'b', 'c', 'a'],
    ['b', 'c', 'a', 'b'],
    ['b', 'c', 'b', 'a'],
    ['c', 'a', 'b', 'b'],
    ['c', 'b', 'a', 'b'],
    ['c', 'b', 'b', 'a'],
  ];
  for (const order of orders)
    for (let bits = 0; bits < 16; bits += 1)
      yield order.map((id, at) => [id, choices[(bits >> at) & 1] ?? 'approved'] as const);
}

describe('several open reviews', () => {
  it('end alike in whatever order they are decided', async () => {
    const workflow = threeReviews('continue');
    const { engine } = await openBench({ workflows: [workflow] });
    let count = 0;

    for (const decisions of interleavings()) {
      const { runId } = await engine.start(workflow, 'x');
      const expected = new Map<string, string>();
      for (const [at, [step, outcome]] of decisions.entries()) {
        if (expected.has(step)) continue;
        await engine.decide(runId, step, { outcome, actor: `person ${at}` });
        const isFirstOfTwo = step === 'b' && decisions.findIndex(([id]) => id === 'b') === at;
        if (outcome === 'rejected' || !isFirstOfTwo) expected.set(step, outcome);
      }
      await engine.drive(runId);
      const history = await engine.history(runId);
      const got = history.filter(
        ({ event }) => event.endsWith('.decided') && event !== 'completion.decided',
      );
      expect(new Map(got.map(({ step, data }) => [step, data?.['outcome']]))).toEqual(expected);
      expect((await engine.get(runId)).status).toBe('complete');
      count += 1;
    }

    expect(count).toBe(192);
  });

  it('are closed with the state they stand in: by a rejection that fails the run, a cancellation, a failure beside them', async () => {
    const workflow = threeReviews('fail');
    const { engine } = await openBench({ workflows: [workflow] });
    const rejected = await engine.start(workflow, 'x');
    await engine.claim(rejected.runId, 'c', { actor: 'cy' });
    await engine.decide(rejected.runId, 'b', { outcome: 'approved', actor: 'ann' });
    await engine.decide(rejected.runId, 'a', { outcome: 'rejected', actor: 'bob' });
    const cancelled = await engine.start(workflow, 'x');
    await engine.cancel(cancelled.runId);

    for (const { runId } of [rejected, cancelled]) {
      expect((await engine.drive(runId, 'finished')).waitingOn).toEqual([]);
      for (const step of ['b', 'c'])
        await expect(
          engine.decide(runId, step, { outcome: 'approved', actor: 'dan' }),
        ).rejects.toMatchObject({ code: 'REVIEW_NOT_OPEN' });
    }
    expect((await engine.list({ hasReview: true })).runs).toEqual([]);
  });

  it('E-02: what was approved in one run or step counts in no other', async () => {
    const workflow = threeReviews('continue');
    const { engine } = await openBench({ workflows: [workflow] });
    const one = await engine.start(workflow, 'x');
    const other = await engine.start(workflow, 'x');

    await engine.decide(one.runId, 'b', { outcome: 'approved', actor: 'ann' });

    const { waitingOn } = await engine.get(other.runId);
    expect(waitingOn.find(({ step }) => step === 'b')?.review?.approvals.given).toEqual([]);
  });
});

const told = defineTask({
  name: 'told',
  input: z.object({ level: z.string() }),
  output: z.null(),
  compensate: 'none',
  run: async () => null,
});

it('a task that is told of an escalation must take what it is told', () => {
  const define = () =>
    defineWorkflow({
      name: 'wrong',
      version: 1,
      input: z.string(),
      steps: (w) =>
        w.review('read', { escalate: { after: '1h', to: ['lead'], run: told as never } }),
    });

  expect(define).toThrow('level');
});

const because = (reason: string, ...transitions: readonly string[]) =>
  Object.fromEntries(transitions.map((transition) => [transition, reason]));

describeWorkflow(silent, {
  unreachable: {
    ...because(
      'nothing of the workflow is to be undone',
      'compensating.backing_off undo.retry_due',
      'compensating.choosing always',
      'compensating.choosing always[1]',
      'compensating.choosing always[2]',
      'compensating.undoing undo.completed',
      'compensating.undoing undo.failed',
      'compensating.undoing undo.failed[1]',
    ),
    ...because(
      'nothing of the workflow can be undone',
      'processing.draining always',
      'processing.draining always[2]',
      'waiting_review.person completion.decided[1]',
    ),
    ...because('nothing in the workflow can fail', 'processing.draining always[3]'),
    ...because(
      'no step has work that could outlast the stop',
      'processing.draining run.cancelled',
      'processing.draining stop.grace_over',
      'waiting_review run.cancelled',
    ),
    ...because('no condition or derived value depends on the input alone', 'pending run.started'),
    ...because(
      'the workflow has no condition or derived value that could throw',
      'processing.working run.faulted',
    ),
    ...because(
      'no function of the definition is asked while the closing review is open',
      'waiting_review run.faulted',
      'waiting_review run.faulted[1]',
    ),
    ...because(
      'the workflow has no time limit',
      'processing.working run.timed_out',
      'waiting_review run.timed_out',
      'waiting_review run.timed_out[1]',
    ),
  },
});
