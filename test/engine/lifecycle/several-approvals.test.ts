import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock, waitFor } from 'xstate';
import { z } from 'zod';
import { captionOfFinish, captionOfStep } from '../../../src/diagram/captions.ts';
import { defineTask, defineWorkflow } from '../../../src/index.ts';
import { isStep } from '../../../src/plan/plan.ts';
import { check } from '../../../src/proof/check/check.ts';
import { parseModel } from '../../../src/simulation/model.ts';
import { simulate } from '../../../src/simulation/simulate.ts';
import { describeCrashes, describeWorkflow } from '../../../src/testing/index.ts';
import { playRecording } from '../../../src/testing/recorded/play.ts';
import { recordRun } from '../../../src/testing/recorded/record.ts';
import { entryOf, eventsOf, hour, openBench } from '../../support/engine-bench.ts';

const told: string[] = [];
const tell = defineTask({
  name: 'tell',
  input: z.object({ reviewId: z.string(), level: z.number(), to: z.array(z.string()) }),
  output: z.null(),
  compensate: 'none',
  run: async ({ input }) => {
    told.push(`${input.level}: ${input.to.join()}`);
    return null;
  },
});
const release = defineTask({
  name: 'release',
  input: z.object({ version: z.string() }),
  output: z.string(),
  run: async ({ input }) => `released ${input.version}`,
  compensate: async () => {},
});

const aDeployment = (messages: { run?: typeof tell }) =>
  defineWorkflow({
    name: 'deployment',
    version: 1,
    input: z.object({ version: z.string() }),
    steps(w) {
      const approval = w.review('approval', {
        show: w.input,
        form: z.strictObject({ risk: z.enum(['low', 'high']) }),
        assignTo: ['engineers'],
        approvals: 3,
        expires: '24h',
        escalate: { after: '4h', to: ['managers'], ...messages },
        protects: ['release'],
      });
      const approved = w.is(approval, 'approved', ({ outcome }) => outcome === 'approved', {
        otherwise: 'Not approved.',
      });
      const released = w.task('release', release, { input: w.input, when: approved });
      return w.finish(released, { approve: 'person', approvals: 2 });
    },
  });

const deployment = aDeployment({ run: tell });

async function anOpenReview() {
  told.length = 0;
  const bench = await openBench({ workflows: [deployment] });
  const run = await bench.engine.start(deployment, { version: '2' }, { actor: 'dev' });
  await bench.engine.drive(run.runId);
  const approve = (actor: string, groups = ['engineers'], onBehalfOf?: string) =>
    bench.engine.decide(run.runId, 'approval', {
      outcome: 'approved',
      actor,
      groups,
      form: { risk: 'low' },
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    });
  const review = async () => {
    const { waitingOn } = await bench.engine.get(run.runId);
    return waitingOn.find(({ kind }) => kind === 'review');
  };
  return { ...bench, bench, runId: run.runId, run, approve, review };
}

const forbidden = { code: 'REVIEW_FORBIDDEN' };

describe('a review that takes three approvals', () => {
  it('waits until three people have approved, and says who has', async () => {
    const { approve, review, engine, runId } = await anOpenReview();

    await approve('ann');
    await approve('bob');

    expect((await review())?.review?.approvals).toMatchObject({
      needed: 3,
      missing: 1,
      given: [{ actor: 'ann' }, { actor: 'bob' }],
    });
    await approve('cy');
    await engine.drive(runId);
    expect(await review()).toMatchObject({ step: 'completion' });
    const events = await eventsOf(engine, runId);
    expect(events.filter((event) => event.startsWith('approval.'))).toEqual([
      'approval.voted',
      'approval.voted',
      'approval.decided',
    ]);
    expect((await entryOf(engine, runId, 'approval.decided')).data).toMatchObject({
      decider: { actor: 'cy', approvedBy: ['ann', 'bob'], given: 2 },
    });
  });

  it('E-05: neither whoever asked nor anybody twice is one of them', async () => {
    const { approve, review, engine, runId } = await anOpenReview();

    await approve('ann');

    await expect(approve('dev')).rejects.toMatchObject(forbidden);
    await expect(approve('ann')).rejects.toMatchObject(forbidden);
    await expect(approve('ann', ['managers', 'engineers'])).rejects.toMatchObject(forbidden);
    expect((await review())?.review?.approvals.missing).toBe(2);
    expect(
      (await eventsOf(engine, runId)).filter((event) => event === 'decision.refused'),
    ).toHaveLength(3);
  });

  it('E-05: nor does one person count twice through a delegation, in either direction', async () => {
    const { approve, review, engine, runId } = await anOpenReview();
    const delegate = (actor: string, to: string) =>
      engine.delegate(runId, 'approval', { actor, groups: ['engineers'], to });
    await delegate('ann', 'zoe');
    await delegate('bob', 'zoe');
    await expect(delegate('cy', 'dev')).rejects.toMatchObject(forbidden);

    await approve('zoe', []);

    expect((await review())?.review?.approvals.given).toMatchObject([
      { actor: 'zoe', onBehalfOf: 'ann' },
    ]);
    await expect(approve('zoe', [], 'bob')).rejects.toMatchObject(forbidden);
    await expect(approve('ann')).rejects.toMatchObject(forbidden);
    await approve('bob');
    await approve('cy');
    await engine.drive(runId);
    expect((await review())?.step).toBe('completion');
  });

  it('E-09: groups are those at the moment of the approval', async () => {
    const { approve } = await anOpenReview();

    await approve('ann', ['engineers']);

    await expect(approve('bob', [])).rejects.toMatchObject(forbidden);
  });

  it('E-06: each approval brings its form and nothing beside it', async () => {
    const { engine, runId } = await anOpenReview();
    const decide = (form: unknown) =>
      engine.decide(runId, 'approval', {
        outcome: 'approved',
        actor: 'ann',
        groups: ['engineers'],
        form,
      });

    await expect(decide({})).rejects.toMatchObject({ code: 'FORM_INVALID' });
    await expect(decide({ risk: 'low', version: '3' })).rejects.toMatchObject({
      code: 'FORM_INVALID',
    });
  });

  it('is closed by one rejection, and a crash forgets no approval', async () => {
    const { approve, bench, runId, run } = await anOpenReview();
    await approve('ann');

    const engine = await bench.crash();
    const before = await engine.get(runId);
    await engine.decide(runId, 'approval', {
      outcome: 'rejected',
      actor: 'bob',
      groups: ['engineers'],
      comment: 'Too late.',
    });

    expect(before.waitingOn[0]?.review?.approvals.given).toHaveLength(1);
    const { waitingOn } = await engine.get(run.runId);
    expect(waitingOn.map(({ step }) => step)).toEqual(['completion']);
  });

  it('stands as it stood when a moment of its past is recomputed', async () => {
    const { approve, engine, runId, clock } = await anOpenReview();
    await engine.claim(runId, 'approval', { actor: 'ann', groups: ['engineers'], forMs: hour });
    await approve('ann');
    await engine.delegate(runId, 'approval', { actor: 'bob', groups: ['engineers'], to: 'zoe' });
    await clock.advance(4 * hour);

    const { entries, waitingOn } = await engine.get(runId);

    expect((await engine.at(runId, entries)).waitingOn).toEqual(waitingOn);
  });

  it('is escalated on time: others may decide as well, and are told', async () => {
    const { approve, review, clock, engine, runId } = await anOpenReview();
    await engine.claim(runId, 'approval', { actor: 'ann', groups: ['engineers'] });
    await expect(approve('max', ['managers'])).rejects.toMatchObject(forbidden);

    await clock.advance(4 * hour);

    expect(await review()).toMatchObject({
      assignees: ['engineers', 'managers'],
      review: { escalatedTo: ['managers'], claimedBy: null },
    });
    expect(told).toEqual(['1: managers']);
    await approve('max', ['managers']);
    expect(await eventsOf(engine, runId)).toContain('approval.escalated_1');
  });

  it('explain names the guard that judges who decides', async () => {
    const { engine, runId } = await anOpenReview();

    const { events } = await engine.explain(runId);

    expect(events.find(({ event }) => event === 'approval.voted')?.judgedBy).toEqual(['canDecide']);
  });

  it('check proves how many people it takes, and that none counts twice', () => {
    const { rules } = check(deployment);

    expect(rules.find(({ rule }) => rule === 'four-eyes')).toMatchObject({
      claim: expect.stringContaining('"approval" takes 3, "completion" takes 2'),
      findings: [],
    });
  });
});

describe('what people do with an open review', () => {
  const claim = { actor: 'ann', groups: ['engineers'] };

  it('a claim keeps others from deciding until it is released, taken over, or has run out', async () => {
    const { engine, runId, approve, review, clock } = await anOpenReview();
    await engine.claim(runId, 'approval', { ...claim, forMs: hour });

    await expect(approve('bob')).rejects.toMatchObject({ code: 'REVIEW_CLAIMED' });
    await expect(engine.claim(runId, 'approval', { ...claim, actor: 'bob' })).rejects.toMatchObject(
      { code: 'REVIEW_CLAIMED' },
    );
    await engine.claim(runId, 'approval', {
      ...claim,
      actor: 'bob',
      takeOver: true,
      reason: 'Ann is away.',
    });
    expect((await review())?.review?.claimedBy).toMatchObject({ actor: 'bob', until: null });
    await engine.release(runId, 'approval', { actor: 'bob' });
    await engine.claim(runId, 'approval', { ...claim, forMs: hour });
    await clock.advance(hour);

    await approve('bob');
    expect(await entryOf(engine, runId, 'approval.released')).toMatchObject({ actor: 'bob' });
  });

  it('nobody claims or delegates what is not theirs', async () => {
    const { engine, runId } = await anOpenReview();
    const eve = { actor: 'eve', groups: ['sales'] };

    await expect(engine.claim(runId, 'approval', eve)).rejects.toMatchObject(forbidden);
    await expect(engine.delegate(runId, 'approval', { ...eve, to: 'ann' })).rejects.toMatchObject(
      forbidden,
    );
    await expect(engine.claim(runId, 'completion', claim)).rejects.toMatchObject({
      code: 'REVIEW_NOT_OPEN',
    });
  });

  it('an assignment ends claim and delegations, and keeps the approvals', async () => {
    const { engine, runId, approve, review } = await anOpenReview();
    await approve('bob');
    await engine.delegate(runId, 'approval', { ...claim, to: 'zoe' });
    await engine.claim(runId, 'approval', claim);

    await engine.assign(runId, 'approval', { actor: 'op', to: ['leads'], reason: 'holidays' });

    expect(await review()).toMatchObject({
      assignees: ['leads'],
      review: { claimedBy: null, delegatedTo: [], approvals: { missing: 2 } },
    });
    await expect(approve('zoe', [])).rejects.toMatchObject(forbidden);
  });
});

describe('several approvals elsewhere', () => {
  it('count in a machine that runs in memory', async () => {
    const clock = new SimulatedClock();
    const actor = createActor(deployment.machine, { input: { version: '2' }, clock }).start();
    const send = (event: string, name: string, groups = ['engineers']) =>
      actor.send({
        type: `approval.${event}`,
        outcome: 'approved',
        decider: { actor: name, groups },
        form: { risk: 'low' },
      });
    const isOpen = () => JSON.stringify(actor.getSnapshot().value).includes('"approval"');
    await waitFor(actor, isOpen);

    send('decided', 'ann');
    send('voted', 'ann');
    send('voted', 'ann');
    send('decided', 'bob');
    send('voted', 'max', ['managers']);
    expect(isOpen()).toBe(true);
    clock.increment(4 * hour);
    send('voted', 'max', ['managers']);
    send('decided', 'ann');
    expect(isOpen()).toBe(true);
    send('decided', 'cy');

    expect(isOpen()).toBe(false);
    actor.stop();
  });

  it('take the time of each approver in a simulation, or expire', () => {
    const { plan } = deployment;
    const durationOf = (delay: string) =>
      simulate({ plan, model: parseModel({ reviews: { approval: { delay } } }, plan), runs: 20 });

    expect(durationOf('1h')).toMatchObject({
      rates: { complete: 1 },
      duration: { minMs: 3 * hour, maxMs: 3 * hour },
    });
    expect(durationOf('9h').duration.maxMs).toBe(24 * hour);
  });

  it('stand in the drawing of the workflow', () => {
    const captions = deployment.plan.nodes.flatMap((node) =>
      isStep(node) && node.kind === 'review' ? [captionOfStep(node)] : [],
    );

    expect(captions.join()).toContain('3 approvals');
    expect(captions.join()).toContain('managers after 4h');
    expect(captionOfFinish(deployment.plan)).toContain('2 approvals');
  });

  it('move to another version, which may ask for fewer or more', async () => {
    const review = (version: number, approvals: number) =>
      defineWorkflow({
        name: 'moving',
        version,
        input: z.string(),
        steps: (w) => w.review('approval', { approvals, show: w.input }),
      });
    const { engine, restart } = await openBench({ workflows: [review(1, 3)] });
    const { runId } = await engine.start('moving', 'x');
    await engine.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' });
    const next = await restart({ workflows: [review(1, 3), review(2, 2)] });

    await next.migrate({ workflow: 'moving', to: 2, actor: 'op', reason: 'fewer' });

    expect((await next.get(runId)).waitingOn[0]?.review?.approvals).toMatchObject({
      needed: 2,
      missing: 1,
    });
    const twice = next.decide(runId, 'approval', { outcome: 'approved', actor: 'ann' });
    await expect(twice).rejects.toMatchObject(forbidden);
    await next.decide(runId, 'approval', { outcome: 'approved', actor: 'bob' });
    expect((await next.get(runId)).waitingOn).toEqual([]);
  });

  it('are recorded with what was done beside them, and happen again as a test', async () => {
    const { engine, runId, approve, store, clock } = await anOpenReview();
    await engine.claim(runId, 'approval', { actor: 'ann', groups: ['engineers'], forMs: hour });
    await approve('ann');
    await engine.delegate(runId, 'approval', { actor: 'bob', groups: ['engineers'], to: 'zoe' });
    await approve('zoe', []);
    await clock.advance(4 * hour);
    await engine.assign(runId, 'approval', { actor: 'op', to: ['leads'], reason: 'holidays' });
    await engine.decide(runId, 'approval', { outcome: 'rejected', actor: 'leads' });
    await engine.drive(runId);
    const { recording, course } = await recordRun(store, runId);

    expect(await playRecording(deployment, recording)).toEqual(course);
  });
});

describeWorkflow(deployment, {
  unreachable: {
    'compensating.backing_off undo.retry_due': 'no undo of the workflow is tried again',
    'compensating.undoing undo.failed': 'no undo of the workflow is tried again',
    'pending run.started': 'no condition or derived value depends on the input alone',
    'processing.draining always[2]': 'nothing of the workflow can be undone',
    'processing.working run.timed_out': 'the workflow has no time limit',
    'waiting_review run.faulted':
      'no function of the definition is asked while the closing review is open',
    'waiting_review run.faulted[1]':
      'no function of the definition is asked while the closing review is open',
    'waiting_review run.timed_out': 'the workflow has no time limit',
    'waiting_review run.timed_out[1]': 'the workflow has no time limit',
  },
});
// A message about an escalation outlives every crash.
describeCrashes(aDeployment({ run: tell }), { sample: 24 });
