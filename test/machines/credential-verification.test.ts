import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import claim from '../../machines/credential-verification/claim.json' with { type: 'json' };
import disputed from '../../machines/credential-verification/disputed.json' with { type: 'json' };
import { isClear, weigh } from '../../machines/credential-verification/evidence.ts';
import { crm, messaging } from '../../machines/credential-verification/platforms.ts';
import { california, newYork, texas } from '../../machines/credential-verification/registries.ts';
import { credentialVerification } from '../../machines/credential-verification/workflow.ts';
import { call, standInOf } from '../../machines/platform.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { isFull, sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { day, entryOf, eventsOf, minute, openBench, until } from '../support/engine-bench.ts';
import { eventually } from '../support/eventually.ts';
import { printWalk } from './support/print-walk.ts';

const registries = [california, newYork, texas];

describe('credential verification', () => {
  useDataDirectory();
  beforeEach(async () => {
    for (const platform of [...registries, crm, messaging]) (await standInOf(platform)).reset();
  });

  it('M239: cross-references state registers, updates the CRM, notifies the student', async () => {
    const { engine, runId } = await aVerification();

    expect(await engine.result(runId)).toMatchObject({
      verdict: 'verified',
      evidence: [
        'california: active, Rosa Diaz',
        'new_york: active, Rosa Diaz',
        'texas: active, Rosa Diaz',
      ],
    });
    expect(await contacts()).toEqual([{ email: claim.email, credential: 'verified' }]);
    expect(await messages()).toEqual([
      {
        to: claim.email,
        subject: 'Your licence is verified',
        text: 'We have verified licence RN-20431.',
      },
    ]);
    expect((await entryOf(engine, runId, 'clearance.decided_by_policy')).actor).toBe(
      'policy:registers agree',
    );
  });

  it('asks the three registers at the same time', async () => {
    for (const registry of registries)
      (await standInOf(registry)).fault('GET /licences', { delayMs: 20 });
    const { engine, runId } = await aVerification();

    await until(async () => (await engine.get(runId)).waitingOn.length === 3);

    expect((await engine.get(runId)).waitingOn.map(({ step }) => step)).toEqual([
      'california',
      'new_york',
      'texas',
    ]);
    await engine.result(runId);
  });

  it('goes on without a register that is down, after its retries', async () => {
    (await standInOf(texas)).fault('GET /licences', { status: 503, times: 100 });
    const { engine, clock, runId } = await aVerification();
    await passRetries(engine, clock, runId);

    expect(await engine.result(runId)).toMatchObject({
      verdict: 'verified',
      evidence: [expect.any(String), expect.any(String), 'texas: no answer'],
    });
    expect((await standInOf(texas)).count()).toBe(3);
  });

  it('asks a register that is down no more, by its own breaker, until 60 s have passed', async () => {
    (await standInOf(texas)).fault('GET /licences', { status: 503, times: 100 });
    const first = await aVerification();
    await passRetries(first.engine, first.clock, first.runId);
    await first.engine.result(first.runId);

    const { runId } = await first.engine.start(credentialVerification, claim);

    expect(await first.engine.result(runId)).toMatchObject({ verdict: 'verified' });
    expect((await standInOf(texas)).count()).toBe(3);
    expect((await standInOf(california)).count()).toBe(2);
  });

  it('asks the registrar where a register disagrees', async () => {
    const { engine, runId } = await aVerification(disputed);

    const { waitingOn } = await engine.drive(runId);

    expect(waitingOn).toMatchObject([
      { kind: 'review', step: 'clearance', shown: { evidence: { disagreeing: ['new_york'] } } },
    ]);
    expect([await contacts(), await messages()]).toEqual([[], []]);
    await engine.decide(runId, 'clearance', { outcome: 'rejected', actor: 'pat' });
    expect(await engine.result(runId)).toMatchObject({ verdict: 'rejected' });
    expect(await contacts()).toEqual([{ email: disputed.email, credential: 'rejected' }]);
    expect(await messages()).toMatchObject([{ subject: 'Your licence could not be verified' }]);
  });

  it('takes the word of the registrar, with a reason', async () => {
    const { engine, runId } = await aVerification(disputed);
    await engine.drive(runId);
    const approval = { outcome: 'approved', actor: 'pat' } as const;

    await expect(engine.decide(runId, 'clearance', approval)).rejects.toMatchObject({
      code: 'FORM_INVALID',
    });
    await engine.decide(runId, 'clearance', {
      ...approval,
      form: { reason: 'Revocation was lifted; letter of 3 March.' },
    });

    expect(await engine.result(runId)).toMatchObject({ verdict: 'verified' });
  });

  it('rejects what nobody decides within five days', async () => {
    const { engine, clock, runId } = await aVerification(disputed);
    await engine.drive(runId);

    await clock.advance(5 * day);

    expect(await engine.result(runId)).toMatchObject({ verdict: 'rejected' });
  });

  it('sends one message when the answer of the messaging platform is lost', async () => {
    (await standInOf(messaging)).fault('POST /messages', { drop: 'after' });
    const { engine, clock, runId } = await aVerification();
    await passRetries(engine, clock, runId);
    await engine.result(runId);

    expect((await standInOf(messaging)).count('POST /messages')).toBe(2);
    expect(await messages()).toHaveLength(1);
  });

  it('restores what the CRM knew when the student cannot be told', async () => {
    const earlier = await aVerification();
    await earlier.engine.result(earlier.runId);
    (await standInOf(messaging)).fault('POST /messages', { status: 400 });
    const { runId } = await earlier.engine.start(credentialVerification, {
      ...disputed,
      email: claim.email,
    });
    await earlier.engine.drive(runId);
    await earlier.engine.decide(runId, 'clearance', { outcome: 'rejected', actor: 'pat' });

    await expect(earlier.engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });

    expect(await contacts()).toEqual([{ email: claim.email, credential: 'verified' }]);
    expect(await eventsOf(earlier.engine, runId)).toContain('undo.completed');
  });
});

describe('the evidence', () => {
  const licence = { number: 'RN-1', holder: 'Ada', status: 'active' } as const;
  const says = (state: string, known: object | null) =>
    [state, { state, licence: known === null ? null : { ...licence, ...known } }] as const;

  it.each([
    ['all agree', [says('a', {}), says('b', {}), says('c', {})], true],
    ['one does not know it', [says('a', {}), says('b', null), says('c', {})], true],
    ['one gave no answer', [says('a', {}), ['b', null] as const, says('c', {})], true],
    ['two gave no answer', [says('a', {}), ['b', null] as const, ['c', null] as const], false],
    ['nobody knows it', [says('a', null), says('b', null), says('c', null)], false],
    ['one says revoked', [says('a', {}), says('b', { status: 'revoked' })], false],
    ['one names another holder', [says('a', {}), says('b', { holder: 'Eve' })], false],
  ])('%s: clear is %s', (_case, findings, expected) => {
    expect(isClear(weigh('Ada', findings))).toBe(expected);
  });
});

const closing = 'a policy decides the closing review at once';
const noLimit = 'the workflow has no time limit';
const unasked = 'no function of the definition is asked while the closing review is open';
const failsAtOnce = 'an open breaker fails the step instead of deferring it';
const tolerated = 'every failure of the step is tolerated';
const inRegion = (region: number, step: string) => {
  const state = `processing.working.stage:0.region:${region}.${step}`;
  return {
    [`${state}.deferred ${step}.deferral_over`]: failsAtOnce,
    [`${state}.running ${step}.deferred`]: failsAtOnce,
    [`${state}.running ${step}.failed[2]`]: tolerated,
  };
};
describeWorkflow(credentialVerification, {
  unreachable: {
    ...inRegion(0, 'california'),
    ...inRegion(1, 'new_york'),
    ...inRegion(2, 'texas'),
    'pending run.started': 'no condition or derived value depends on the input alone',
    'processing.working run.timed_out': noLimit,
    'waiting_review run.timed_out': noLimit,
    'waiting_review run.timed_out[1]': noLimit,
    'waiting_review run.faulted': unasked,
    'waiting_review run.faulted[1]': unasked,
    'waiting_review run.cancelled': closing,
    'waiting_review run.cancelled[1]': closing,
  },
  onDone: printWalk,
});
describeCrashes(credentialVerification, { ...sampled(40) });
if (isFull)
  describeCrashes(credentialVerification, { stores: ['lowdb', 'sqlite'], ...sampled(40) });

async function aVerification(input: typeof claim = claim) {
  const bench = await openBench({ workflows: [credentialVerification] });
  const { runId } = await bench.engine.start(credentialVerification, input);
  return { ...bench, engine: bench.engine, runId };
}

type Bench = Awaited<ReturnType<typeof openBench>>;

/** Lets waits for retries pass until none is left. */
async function passRetries(engine: Bench['engine'], clock: Bench['clock'], runId: string) {
  await eventually(async () => {
    await clock.advance(minute / 6);
    expect((await engine.get(runId)).status).toBe('complete');
  });
}

const { signal } = new AbortController();

function contacts() {
  const answer = z.array(z.object({ email: z.string(), credential: z.string().nullable() }));
  return call(crm, { method: 'GET', path: '/contacts', signal, answer });
}

function messages() {
  const answer = z.array(z.object({ to: z.string(), subject: z.string(), text: z.string() }));
  return call(messaging, { method: 'GET', path: '/messages', signal, answer });
}
