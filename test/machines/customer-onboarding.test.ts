import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import customer from '../../machines/customer-onboarding/customer.json' with { type: 'json' };
import {
  accountSetupFlow,
  customerOnboarding,
  verificationFlow,
  welcomeSequenceFlow,
} from '../../machines/customer-onboarding/workflow.ts';
import { createLedger } from '../../machines/ledger.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, hour, openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  startedUnconditionally,
  undoneAtOnce,
  undoneAtTheEndOnly,
  withoutFunctions,
} from './support/unreachable.ts';

const dataDirectory = useDataDirectory();
const stranger = { ...customer, company: 'Nobody Inc.' };

describe('customer onboarding', () => {
  it('M095: yields the customer, the verification and the welcome', async () => {
    const { engine } = await openBench({ workflows: [customerOnboarding] });

    const result = await (await engine.start(customerOnboarding, customer)).result();

    expect(result).toEqual({
      customer_id: expect.any(String),
      onboarding_complete: true,
      verification_status: 'verified',
      welcome_sent: true,
    });
    expect(await createLedger('customer-onboarding', 'accounts').read(result.customer_id)).toEqual({
      status: 'done',
      details: customer,
    });
    expect(await statesOf('outbox')).toEqual(['done', 'done']);
  });

  it('M094, M095: runs three workflows, one after the other', async () => {
    const { engine } = await openBench({ workflows: [customerOnboarding] });
    const run = await engine.start(customerOnboarding, customer);
    await run.result();

    const { runs } = await engine.list();
    const children = runs.filter(({ parent }) => parent?.runId === run.runId);
    const seqOf = async (event: string) => (await entryOf(engine, run.runId, event)).seq;

    expect(children.map(({ workflow, status }) => `${workflow} ${status}`).sort()).toEqual([
      'account-setup-flow complete',
      'verification-flow complete',
      'welcome-sequence-flow complete',
    ]);
    expect(await seqOf('account_setup.completed')).toBeLessThan(
      await seqOf('verification.completed'),
    );
    expect(await seqOf('verification.completed')).toBeLessThan(
      await seqOf('welcome_sequence.completed'),
    );
  });

  it('asks a person about a company that is not on the register', async () => {
    const { engine, runId, child } = await aStranger();

    await engine.decide(child, 'identity', { outcome: 'approved', actor: 'kim' });

    expect(await engine.result(runId)).toMatchObject({ verification_status: 'verified' });
  });

  it('M094: closes the account again when the customer is not verified', async () => {
    const { engine, runId, child } = await aStranger();

    await engine.decide(child, 'identity', { outcome: 'rejected', actor: 'kim' });

    await expect(engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect((await engine.get(runId)).outcome).toMatchObject({
      undone: ['account_setup/prepare_workspace', 'account_setup/create_account'],
      compensation: 'complete',
    });
    expect(await statesOf('accounts')).toEqual(['undone']);
    expect(await statesOf('workspaces')).toEqual(['undone']);
  });

  it('gives a person 72 hours', async () => {
    const { engine, clock, runId } = await aStranger();

    await clock.advance(72 * hour);

    await expect(engine.result(runId)).rejects.toMatchObject({ code: 'RUN_FAILED' });
    expect(await statesOf('accounts')).toEqual(['undone']);
  });
});

const usual = { ...closedByPolicy, ...neverTimedOut };

for (const workflow of [accountSetupFlow, welcomeSequenceFlow])
  describeWorkflow(workflow, {
    unreachable: { ...usual, ...withoutFunctions, ...undoneAtOnce },
    onDone: printWalk,
  });
describeWorkflow(verificationFlow, {
  unreachable: {
    ...usual,
    ...startedUnconditionally,
    ...undoneAtOnce,
    ...undoneAtTheEndOnly,
  },
  onDone: printWalk,
});
const early = 'the child would have to complete at the moment it is stopped';
describeWorkflow(customerOnboarding, {
  unreachable: {
    ...usual,
    ...withoutFunctions,
    'processing.draining account_setup.completed': early,
    'processing.draining verification.completed': early,
    'processing.draining welcome_sequence.completed': early,
    'compensating.undoing undo.failed': 'nothing of the workflow is to be undone',
    'compensating.backing_off undo.retry_due': 'nothing of the workflow is to be undone',
  },
  onDone: printWalk,
});
describeCrashes(verificationFlow, sampled(20));
describeCrashes(customerOnboarding, sampled(20));
describeCrashes(customerOnboarding, { stores: ['lowdb'], ...sampled(16) });

async function aStranger() {
  const { engine, clock } = await openBench({ workflows: [customerOnboarding] });
  const { runId } = await engine.start(customerOnboarding, stranger);
  await engine.drive(runId);
  const [child] = (await engine.list({ workflow: 'verification-flow' })).runs;
  return { engine, clock, runId, child: child?.runId ?? '' };
}

async function statesOf(kind: string): Promise<unknown[]> {
  const ledger = createLedger('customer-onboarding', kind);
  const files = await readdir(join(dataDirectory(), 'customer-onboarding', kind));
  return Promise.all(
    files.map(async (file) => (await ledger.read(file.replace('.json', '')))?.status),
  );
}
