import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import applicant from '../../machines/enrolment/applicant.json' with { type: 'json' };
import declined from '../../machines/enrolment/declined.json' with { type: 'json' };
import { learningPlatform, payments, studentSystem } from '../../machines/enrolment/platforms.ts';
import { enrolment } from '../../machines/enrolment/workflow.ts';
import { call, type Platform, standInOf } from '../../machines/platform.ts';
import { isStep } from '../../src/plan/plan.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { eventsOf, minute, openBench } from '../support/engine-bench.ts';
import { eventually } from '../support/eventually.ts';
import { printWalk } from './support/print-walk.ts';

const platforms = [studentSystem, learningPlatform, payments];

describe('enrolment', () => {
  useDataDirectory();
  beforeEach(async () => {
    for (const platform of platforms) (await standInOf(platform)).reset();
  });

  it('M238: has six steps over three platforms', async () => {
    const { engine, runId } = await anEnrolment();
    await engine.result(runId);

    expect(enrolment.plan.nodes.filter(isStep).map(({ id }) => id)).toEqual([
      'register_student',
      'reserve_place',
      'create_account',
      'charge_tuition',
      'grant_access',
      'confirm_enrolment',
    ]);
    const requests = platforms.map(async (platform) => (await standInOf(platform)).count());
    expect(await Promise.all(requests)).toEqual([2, 3, 1]);
  });

  it('leaves a student who is registered, enrolled and has paid', async () => {
    const { engine, runId } = await anEnrolment();

    expect(await engine.result(runId)).toMatchObject({ fee_cents: 125_000 });
    expect(await world()).toEqual({
      students: ['registered'],
      enrolments: ['confirmed'],
      places: ['welding-101'],
      courses: [['welding-101']],
      charges: ['125000 paid'],
    });
  });

  it('M249: task 4 of 6 fails, and 3, 2, 1 are rolled back in that order', async () => {
    const { engine, runId } = await anEnrolment(declined);

    await expect(engine.result(runId)).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringContaining('The card was declined'),
    });

    const { outcome } = await engine.get(runId);
    expect(outcome).toMatchObject({
      compensation: 'complete',
      completed: ['register_student', 'reserve_place', 'create_account'],
      undone: ['create_account', 'reserve_place', 'register_student'],
      notUndone: [],
    });
    expect(await world()).toEqual({
      students: ['withdrawn'],
      enrolments: [],
      places: [],
      courses: [],
      charges: [],
    });
  });

  it('refunds the tuition when the last step fails for good', async () => {
    (await standInOf(studentSystem)).fault('POST /enrolments', { status: 403 });
    const { engine, runId } = await anEnrolment();

    await expect(engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });

    expect(await world()).toMatchObject({ students: ['withdrawn'], charges: ['125000 refunded'] });
  });

  it('charges once when the answer to the charge is lost', async () => {
    const standIn = await standInOf(payments);
    standIn.fault('POST /charges', { drop: 'after' });
    const { engine, clock, runId } = await anEnrolment();
    await eventually(async () =>
      expect((await engine.get(runId)).waitingOn[1]?.kind).toBe('retry'),
    );

    await clock.advance(minute);

    await engine.result(runId);
    expect(standIn.count('POST /charges')).toBe(2);
    expect((await world()).charges).toEqual(['125000 paid']);
    expect(await eventsOf(engine, runId)).toContain('charge_tuition.failed');
  });

  it('gives the one place in a course to one of two, and undoes the other', async () => {
    const first = await anEnrolment({ ...applicant, course: 'nursing-aide' });
    await first.engine.result(first.runId);
    const second = await anEnrolment({ ...applicant, course: 'nursing-aide' });

    await expect(second.engine.result(second.runId)).rejects.toThrow(/nursing-aide.* is full/);

    expect(await world()).toMatchObject({ students: ['registered', 'withdrawn'] });
  });

  it('keeps the payment token out of the history that people read', async () => {
    const { engine, runId } = await anEnrolment();
    await engine.result(runId);

    expect(JSON.stringify(await engine.history(runId))).not.toContain('tok_visa');
  });
});

const closing = 'a policy decides the closing review at once';
const unasked = 'no function of the definition is asked while the closing review is open';
describeWorkflow(enrolment, {
  unreachable: {
    'pending run.started': 'no condition or derived value depends on the input alone',
    'processing.working run.faulted':
      'the workflow has no condition or derived value that could throw',
    'waiting_review run.cancelled': closing,
    'waiting_review run.cancelled[1]': closing,
    'waiting_review run.faulted': unasked,
    'waiting_review run.faulted[1]': unasked,
    'waiting_review run.timed_out': closing,
    'waiting_review run.timed_out[1]': closing,
  },
  onDone: printWalk,
});
describeCrashes(enrolment, { ...sampled(40) });
if (isFull) describeCrashes(enrolment, { stores: ['lowdb', 'sqlite'], ...sampled(40) });

async function anEnrolment(input: typeof applicant = applicant) {
  const bench = await openBench({ workflows: [enrolment] });
  const { runId } = await bench.engine.start(enrolment, input);
  return { ...bench, engine: bench.engine, runId };
}

/** What the platforms hold. */
async function world() {
  const Status = z.object({ status: z.string() });
  const students = await all(studentSystem, '/students', Status);
  const enrolments = await all(studentSystem, '/enrolments', Status);
  const places = await all(learningPlatform, '/places', z.object({ course: z.string() }));
  const accounts = await all(
    learningPlatform,
    '/accounts',
    z.object({ courses: z.array(z.string()) }),
  );
  const charges = await all(payments, '/charges', Status.extend({ amount_cents: z.int() }));
  return {
    students: students.map(({ status }) => status),
    enrolments: enrolments.map(({ status }) => status),
    places: places.map(({ course }) => course),
    courses: accounts.map(({ courses }) => courses),
    charges: charges.map(({ amount_cents, status }) => `${amount_cents} ${status}`),
  };
}

function all<T>(platform: Platform, path: string, item: z.ZodType<T>): Promise<readonly T[]> {
  const { signal } = new AbortController();
  return call(platform, { method: 'GET', path, signal, answer: z.array(item) });
}
