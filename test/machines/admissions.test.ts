import { beforeEach, describe, expect, it } from 'vitest';
import applicant from '../../machines/admissions/applicant.json' with { type: 'json' };
import disputed from '../../machines/admissions/disputed.json' with { type: 'json' };
import { admissions } from '../../machines/admissions/workflow.ts';
import { california } from '../../machines/credential-verification/registries.ts';
import { payments, studentSystem } from '../../machines/enrolment/platforms.ts';
import { standInOf } from '../../machines/platform.ts';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createOrchestrator, type RunEvent } from '../../src/index.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { openBench, until } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';

describe('admissions', () => {
  useDataDirectory();
  beforeEach(async () => {
    for (const platform of [payments, studentSystem, california])
      (await standInOf(platform)).reset();
  });

  it('M253: verifies the credential and confirms the enrolment at the same time', async () => {
    // Each part waits for one slow platform, long enough for the other to get under way.
    (await standInOf(studentSystem)).fault('*', { delayMs: 40 });
    (await standInOf(california)).fault('*', { delayMs: 200 });
    const orchestrator = await createOrchestrator({
      workflows: [admissions],
      store: createMemoryStore(),
      logger: silent,
    });
    const events: RunEvent[] = [];
    orchestrator.subscribe((event) => events.push(event));

    const run = await orchestrator.start(admissions, applicant);
    expect(await run.result()).toMatchObject({
      enrolment: { fee_cents: 125_000 },
      verdict: 'verified',
    });
    await orchestrator.close();

    const timeOf = (event: string, workflow: string) =>
      events.find(({ entry, ...of }) => entry.event === event && of.workflow === workflow)?.entry
        .atMs ?? Number.NaN;
    const [enrolment, verification] = ['enrolment', 'credential-verification'].map((workflow) => ({
      startedMs: timeOf('run.started', workflow),
      endedMs: timeOf('completion.decided_by_policy', workflow),
    }));
    expect(enrolment?.startedMs).toBeLessThan(verification?.endedMs ?? Number.NaN);
    expect(verification?.startedMs).toBeLessThan(enrolment?.endedMs ?? Number.NaN);
  });

  it('undoes the enrolment, tuition included, when the licence is rejected', async () => {
    const { engine } = await openBench({ workflows: [admissions] });
    const { runId } = await engine.start(admissions, disputed);
    const reviewed = async () => {
      const { runs } = await engine.list({ workflow: 'credential-verification' });
      return runs.find(({ waitingOn }) => waitingOn[0]?.kind === 'review')?.runId;
    };
    await until(async () => (await reviewed()) !== undefined);

    await engine.decide((await reviewed()) ?? '', 'clearance', {
      outcome: 'rejected',
      actor: 'pat',
    });

    await expect(engine.result(runId)).rejects.toThrow(/The licence could not be verified/);
    const { outcome } = await engine.get(runId);
    expect(outcome?.undone).toEqual(
      expect.arrayContaining([
        'verification/update_crm',
        'enrolment/charge_tuition',
        'enrolment/register_student',
      ]),
    );
    // A message that was sent stays sent, and the outcome says so.
    expect(outcome?.notUndone).toMatchObject([{ step: 'verification/notify_student' }]);
    expect((await standInOf(payments)).count('POST /charges/:id/refund')).toBe(1);
  });
});

const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';
const unasked = 'no function of the definition is asked while the closing review is open';
// On a path a child goes its main line, where the licence is good; the test above goes the other way.
const mainLine = '"verification.completed" never makes "licence rejected" true';
describeWorkflow(admissions, {
  unreachable: {
    'pending run.started': 'no condition or derived value depends on the input alone',
    'failed run.retried': mainLine,
    'processing.working.refuse.blocked always': mainLine,
    'processing.draining enrolment.completed':
      'the child would have to complete at the moment it is stopped',
    'processing.working run.timed_out': noLimit,
    'waiting_review run.timed_out': noLimit,
    'waiting_review run.timed_out[1]': noLimit,
    'waiting_review run.cancelled': closing,
    'waiting_review run.cancelled[1]': closing,
    'waiting_review run.faulted': unasked,
    'waiting_review run.faulted[1]': unasked,
  },
  onDone: printWalk,
});
describeCrashes(admissions, { ...sampled(30) });

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silent,
};
