import { describe, expect, it } from 'vitest';
import { createActor, waitFor } from 'xstate';
import { z } from 'zod';
import { sharesOf } from '../../../src/chart/quorum.ts';
import { captionOfFinish } from '../../../src/diagram/captions.ts';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { check } from '../../../src/proof/check/check.ts';
import { parseModel } from '../../../src/simulation/model.ts';
import { simulate } from '../../../src/simulation/simulate.ts';
import { describeCrashes, describeWorkflow } from '../../../src/testing/index.ts';
import { playRecording } from '../../../src/testing/recorded/play.ts';
import { recordRun } from '../../../src/testing/recorded/record.ts';
import { checkChanged, ruleOf, violated } from '../../proof/check/support/mutations.ts';
import { eventsOf, openBench } from '../../support/engine-bench.ts';

const sign = defineTask({
  name: 'sign',
  input: z.string(),
  output: z.string(),
  compensate: 'none',
  run: async ({ input }) => `signed ${input}`,
});

/** One of finance and one of legal approve; two rejections end it. */
const contract = defineWorkflow({
  name: 'contract',
  version: 1,
  input: z.string(),
  steps(w) {
    const approval = w.review('approval', {
      show: w.input,
      approvals: { from: { legal: 1, finance: 1 } },
      rejections: 2,
      protects: ['sign'],
    });
    const approved = w.is(approval, 'approved', ({ outcome }) => outcome === 'approved');
    const signed = w.task('sign', sign, { input: w.input, when: approved });
    return w.finish(signed, {
      approve: 'person',
      approvals: { from: { board: 1 }, count: 2 },
      assignTo: ['board', 'legal'],
    });
  },
});

const forbidden = { code: 'REVIEW_FORBIDDEN' };
const notNeeded = { ...forbidden, details: { whyNot: 'not_needed' } };

async function anOpenReview() {
  const bench = await openBench({ workflows: [contract] });
  const { runId } = await bench.engine.start(contract, 'x', { actor: 'dev' });
  await bench.engine.drive(runId, 'waiting');
  const decide =
    (outcome: 'approved' | 'rejected') =>
    (actor: string, groups: readonly string[], step = 'approval') =>
      bench.engine.decide(runId, step, { outcome, actor, groups });
  const review = async () => {
    const { waitingOn } = await bench.engine.drive(runId, 'waiting');
    return waitingOn.find(({ kind }) => kind === 'review');
  };
  return {
    ...bench,
    bench,
    runId,
    review,
    approve: decide('approved'),
    reject: decide('rejected'),
  };
}

describe('approvals that come from given groups', () => {
  it('E-05: two of the same group are not one of each', async () => {
    const { approve, review, runId, engine } = await anOpenReview();

    await approve('ann', ['finance']);

    await expect(approve('bob', ['finance'])).rejects.toMatchObject({
      ...notNeeded,
      hint: 'It still takes 1 of "legal"',
    });
    await expect(approve('eve', ['sales'])).rejects.toMatchObject(forbidden);
    await expect(approve('dev', ['legal'])).rejects.toMatchObject(forbidden);
    expect((await review())?.review?.approvals).toMatchObject({
      needed: 2,
      missing: 1,
      from: [
        { group: 'finance', needed: 1, given: 1 },
        { group: 'legal', needed: 1, given: 0 },
      ],
    });
    await approve('cy', ['legal']);
    expect(await eventsOf(engine, runId)).toContain('approval.decided');
  });

  it('E-05: who is in both counts once, for whichever place is left', async () => {
    const { approve, review } = await anOpenReview();

    await approve('ann', ['finance', 'legal']);

    await expect(approve('ann', ['finance', 'legal'])).rejects.toMatchObject(forbidden);
    expect((await review())?.review?.approvals.from.map(({ given }) => given)).toEqual([1, 0]);
    // ann counts for legal from now on
    await approve('bob', ['finance']);
    expect((await review())?.step).toBe('completion');
  });

  it('E-05: a delegation brings the group of whom it is from, not of whom it is to', async () => {
    const { approve, review, engine, runId } = await anOpenReview();
    const zoe = (onBehalfOf?: string) =>
      engine.decide(runId, 'approval', {
        outcome: 'approved',
        actor: 'zoe',
        groups: ['legal'],
        ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      });
    await engine.delegate(runId, 'approval', { actor: 'ann', groups: ['finance'], to: 'zoe' });
    await zoe('ann');

    await expect(approve('bob', ['finance'])).rejects.toMatchObject(notNeeded);
    await expect(zoe()).rejects.toMatchObject(forbidden);
    await expect(approve('ann', ['legal'])).rejects.toMatchObject(forbidden);
    await approve('cy', ['legal']);
    expect((await review())?.step).toBe('completion');
  });

  it('more approvals than places come from anybody it is assigned to', async () => {
    const { approve, engine, runId } = await anOpenReview();
    await approve('ann', ['finance']);
    await approve('cy', ['legal']);
    await engine.drive(runId, 'waiting');

    await approve('cy', ['legal'], 'completion');

    await expect(approve('ann', ['legal'], 'completion')).rejects.toMatchObject(notNeeded);
    await approve('max', ['board'], 'completion');
    expect(await engine.drive(runId)).toMatchObject({ status: 'complete' });
  });

  it('a crash forgets neither, and its past is recomputed as it was', async () => {
    const { approve, reject, bench, runId } = await anOpenReview();
    await bench.engine.delegate(runId, 'approval', { actor: 'di', groups: ['legal'], to: 'zoe' });
    await approve('ann', ['finance']);
    await reject('bob', ['finance']);

    const engine = await bench.crash();

    const { waitingOn, entries } = await engine.get(runId);
    expect(waitingOn[0]?.review).toMatchObject({
      approvals: { given: [{ actor: 'ann', groups: ['finance'] }] },
      rejections: { needed: 2, given: [{ actor: 'bob' }] },
    });
    expect((await engine.at(runId, entries)).waitingOn).toEqual(waitingOn);
  });

  it('check proves of which groups they come, and finds a chart that lets another in', () => {
    const claimOf = (workflow: Parameters<typeof check>[0]) =>
      check(workflow).rules.find(({ rule }) => rule === 'four-eyes');

    expect(claimOf(contract)).toMatchObject({
      claim: expect.stringContaining('"approval" takes 2 (1 of finance and 1 of legal)'),
      findings: [],
    });
    const counted = {
      type: 'canDecide',
      params: { outcome: 'approved', approvals: 2, isLast: true },
    } as const;
    const changed = checkChanged(contract.plan, 'waiting_review.person', (state) => ({
      ...state,
      on: { ...state.on, 'completion.decided': [{ target: '#complete', guard: counted }] },
    }));
    expect(ruleOf(changed, 'four-eyes').findings.map(({ message }) => message)).toEqual([
      '"completion.decided" approves "completion" with fewer people of "board" than it takes',
    ]);
    expect(violated(changed)).toContain('completion-reviewed');
  });

  it('move to another version, whose groups are asked for anew', async () => {
    const moving = (version: number, from: { readonly [group: string]: number }) =>
      defineWorkflow({
        name: 'moving',
        version,
        input: z.string(),
        steps: (w) => w.review('approval', { approvals: { from }, assignTo: ['all'] }),
      });
    const first = moving(1, { finance: 1, legal: 1 });
    const { engine, restart } = await openBench({ workflows: [first] });
    const { runId } = await engine.start('moving', 'x');
    const approve = (at: typeof engine, actor: string, group: string) =>
      at.decide(runId, 'approval', { outcome: 'approved', actor, groups: ['all', group] });
    await approve(engine, 'ann', 'finance');
    const next = await restart({ workflows: [first, moving(2, { legal: 1, risk: 1 })] });

    await next.migrate({ workflow: 'moving', to: 2, actor: 'op', reason: 'risk' });

    expect((await next.get(runId)).waitingOn[0]?.review?.approvals.given).toEqual([]);
    await approve(next, 'bob', 'risk');
    await approve(next, 'cy', 'legal');
    expect((await next.get(runId)).waitingOn).toEqual([]);
  });

  it('count in a machine that runs in memory', async () => {
    const actor = createActor(contract.machine, { input: 'x' }).start();
    const send = (event: string, name: string, group: string, outcome = 'approved') =>
      actor.send({
        type: `approval.${event}`,
        outcome,
        decider: { actor: name, groups: [group] },
      });
    const isOpen = () => JSON.stringify(actor.getSnapshot().value).includes('"approval"');
    await waitFor(actor, isOpen);

    send('decided', 'zed', 'finance', 'rejected');
    send('objected', 'zed', 'finance', 'rejected');
    send('voted', 'ann', 'finance');
    send('decided', 'bob', 'finance');
    expect(isOpen()).toBe(true);
    send('decided', 'cy', 'legal');

    expect(isOpen()).toBe(false);
    actor.stop();
  });

  it('stand in the drawing, and take their time in a simulation', () => {
    const { plan } = contract;
    const model = parseModel({ reviews: { approval: { delay: '1h', approvalRate: 0.5 } } }, plan);

    expect(captionOfFinish(plan)).toContain('2 approvals (1 of board)');
    expect(simulate({ plan, model, runs: 40 }).rates).toMatchObject({ complete: 1 });
  });

  it.each([
    [{ approvals: { from: { finance: 1 } } }, 'what assignTo says'],
    [{ approvals: { from: {} } }, 'from 1, got 0'],
    [{ approvals: { from: { finance: 2, legal: 1 }, count: 2 } }, 'asks for 3 approvals'],
    [{ approvals: { from: { finance: 0, legal: 2 } } }, 'approvals.from.finance'],
    [{ rejections: 0 }, 'rejections'],
    [
      {
        approvals: { from: { finance: 1, legal: 1 } },
        escalate: { after: '1h', to: ['legal', 'board'], replace: true },
      },
      'replaces "finance"',
    ],
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

  it('are counted so that most places are filled, whoever came first', () => {
    const from = [
      { group: 'a', approvals: 1 },
      { group: 'b', approvals: 2 },
    ];

    const given = (approvers: readonly (readonly string[])[]) =>
      sharesOf(from, approvers).map((share) => share.given);

    expect(given([['a', 'b'], ['a']])).toEqual([1, 1]);
    expect(given([['a'], ['a', 'b'], ['b', 'a'], ['a']])).toEqual([1, 2]);
    expect(given([['c'], []])).toEqual([0, 0]);
  });
});

describe('rejections of several people', () => {
  it('end it when there are enough; whoever takes an approval back is counted on one side', async () => {
    const { approve, reject, review, engine, runId } = await anOpenReview();
    await approve('ann', ['finance']);

    await reject('ann', ['finance']);

    expect((await review())?.review).toMatchObject({
      approvals: { given: [], missing: 2 },
      rejections: { given: [{ actor: 'ann' }] },
    });
    await expect(approve('ann', ['finance'])).rejects.toMatchObject(forbidden);
    await expect(reject('ann', ['finance'])).rejects.toMatchObject(forbidden);
    await approve('bob', ['finance']);
    await reject('cy', ['legal']);
    const events = await eventsOf(engine, runId);
    expect(events.filter((event) => event.startsWith('approval.'))).toEqual([
      'approval.voted',
      'approval.objected',
      'approval.voted',
      'approval.decided',
    ]);
  });

  it('are recorded, and happen again as a test', async () => {
    const { approve, reject, engine, store, runId } = await anOpenReview();
    await approve('ann', ['finance']);
    await reject('bob', ['finance']);
    await approve('cy', ['legal']);
    await engine.drive(runId, 'waiting');
    await reject('max', ['board'], 'completion');
    await engine.drive(runId);

    const { recording, course } = await recordRun(store, runId);

    expect(await playRecording(contract, recording)).toEqual(course);
  });
});

describeWorkflow(contract, {
  unreachable: {
    'compensating.backing_off undo.retry_due': 'nothing of the workflow is to be undone',
    'compensating.choosing always': 'nothing of the workflow is to be undone',
    'compensating.choosing always[1]': 'nothing of the workflow is to be undone',
    'compensating.choosing always[2]': 'nothing of the workflow is to be undone',
    'compensating.undoing undo.completed': 'nothing of the workflow is to be undone',
    'compensating.undoing undo.failed': 'nothing of the workflow is to be undone',
    'compensating.undoing undo.failed[1]': 'nothing of the workflow is to be undone',
    'pending run.started': 'no condition or derived value depends on the input alone',
    'processing.draining always': 'nothing of the workflow can be undone',
    'processing.draining always[2]': 'nothing of the workflow can be undone',
    'processing.working run.timed_out': 'the workflow has no time limit',
    'waiting_review run.cancelled': 'no step has work that could outlast the stop',
    'waiting_review run.faulted':
      'no function of the definition is asked while the closing review is open',
    'waiting_review run.faulted[1]':
      'no function of the definition is asked while the closing review is open',
    'waiting_review run.timed_out': 'the workflow has no time limit',
    'waiting_review run.timed_out[1]': 'the workflow has no time limit',
    'waiting_review.person completion.decided[1]': 'nothing of the workflow can be undone',
  },
});
describeCrashes(contract, { sample: 12 });
