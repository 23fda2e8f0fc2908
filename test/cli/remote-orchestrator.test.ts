import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { toFailure } from '../../src/cli/failure.ts';
import { createRemoteOrchestrator } from '../../src/cli/remote/remote-orchestrator.ts';
import { createOrchestrator, type Orchestrator, SignalboxError } from '../../src/index.ts';
import { createService } from '../../src/service/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import * as town from './machines/town/workflow.ts';

const silent = pino({ level: 'silent' });

/** Two towns of the same ids and times; a service stands before one of them. */
async function open(isServed: boolean) {
  let count = 0;
  const clock = new ManualClock();
  const ids = {
    runId: () => `run-${String((count += 1)).padStart(6, '0')}`,
    token: () => `token-${Math.random().toString(36).slice(2)}`,
    random: () => 0.5,
  };
  const store = createMemoryStore();
  const local = await createOrchestrator({
    workflows: Object.values(town),
    store,
    clock,
    ids,
    logger: silent,
  });
  const file = join(await mkdtemp(join(tmpdir(), 'signalbox-')), 'deeds');
  if (!isServed) return { orchestrator: local, file, clock, close: () => local.close() };
  const service = await createService(local, { store, clock, ids, logger: silent });
  const url = await service.listen();
  const orchestrator = createRemoteOrchestrator({ url, token: undefined });
  return {
    orchestrator,
    file,
    clock,
    async close() {
      await service.close();
      await local.close();
    },
  };
}

type Deed = (orchestrator: Orchestrator, file: string, clock: ManualClock) => Promise<unknown>;

const justNow = new Date('2026-01-01T00:00:01Z');

/** In this order; each sees what those before it have left. */
const deeds: readonly (readonly [string, Deed])[] = [
  ['start', (o) => o.start('delivery', {}, { actor: 'bob', key: 'k', labels: { town: 'A' } })],
  ['start again', (o) => o.start('delivery', {}, { actor: 'bob', key: 'k' })],
  ['drive', (o) => o.drive('run-000001')],
  ['signal', (o) => o.signal('run-000001', 'parcel.arrived', { grams: 5 }, { actor: 'eve' })],
  ['drive to the end', (o) => o.drive('run-000001', 'finished')],
  ['signal too late', (o) => o.signal('run-000001', 'parcel.arrived', { grams: 5 })],
  ['start wrongly', (o) => o.start('delivery', 7)],
  ['start nothing', (o) => o.start('nowhere', {})],
  ['start a review', (o) => o.start('stall', { wish: 'fish' }, { actor: 'bob' })],
  ['drive to the review', (o) => o.drive('run-000002')],
  ['explain', (o) => o.explain('run-000002')],
  [
    'decide wrongly',
    (o) =>
      o.decide('run-000002', 'permit', { outcome: 'approved', actor: 'eve', form: { days: 0 } }),
  ],
  [
    'decide',
    (o) =>
      o.decide('run-000002', 'permit', {
        outcome: 'approved',
        actor: 'eve',
        form: { size: 'small', days: 3, fenced: true },
        comment: 'welcome',
      }),
  ],
  ['decide again', (o) => o.decide('run-000002', 'permit', { outcome: 'approved', actor: 'eve' })],
  ['drive to its end', (o) => o.drive('run-000002', 'finished')],
  ['history', (o) => o.history('run-000002')],
  ['a page of it', (o) => o.history('run-000002', { afterSeq: 1, limit: 2 })],
  ['a past moment', (o) => o.at('run-000002', 2)],
  ['verify', (o) => o.verify('run-000002')],
  ['fork without doing it', (o) => o.fork('run-000002', { at: 2, dryRun: true, actor: 'eve' })],
  ['fork', (o) => o.fork('run-000002', { at: 2, actor: 'eve', reason: 'once more' })],
  ['cancel', (o) => o.cancel('run-000003', { actor: 'eve', reason: 'enough' })],
  ['drive to where it is undone', (o) => o.drive('run-000003')],
  ['fail', (o, file) => o.start('trip', { file }, { actor: 'bob' })],
  ['drive to the failure', (o) => o.drive('run-000004')],
  ['retry', (o) => o.retry('run-000004', { actor: 'eve', reason: 'paid now' })],
  ['drive to the second failure', (o) => o.drive('run-000004')],
  ['wait', (o) => o.start('delivery', {}, { actor: 'bob', labels: { town: 'B' } })],
  ['pause', (o) => o.pause('run-000005', { actor: 'eve', reason: 'holiday' })],
  ['get', (o) => o.get('run-000005')],
  ['resume', (o) => o.resume('run-000005', { actor: 'eve' })],
  ['pause everything', (o) => o.pauseRuns('all', { actor: 'eve', reason: 'flood' })],
  ['get what is held', (o) => o.get('run-000005')],
  ['say what is paused', (o) => o.pauses()],
  ['resume everything', (o) => o.resumeRuns('all', { actor: 'eve' })],
  ['list', (o) => o.list({ workflow: 'delivery' })],
  ['list by label', (o) => o.list({ labels: { town: 'B' } })],
  ['list by text', (o) => o.list({ text: 'run-000005' })],
  ['migrate', (o) => o.migrate({ workflow: 'delivery', to: 1, actor: 'eve', reason: 'why not' })],
  [
    'migrate to nowhere',
    (o) => o.migrate({ workflow: 'delivery', to: 9, actor: 'e', reason: 'x' }),
  ],
  ['get what is not there', (o) => o.get('run-000099')],
  ['a second later', (_o, _file, clock) => clock.advance(1_000)],
  ['prune without doing it', (o) => o.prune({ finishedBefore: justNow, dryRun: true })],
  ['prune', (o) => o.prune({ finishedBefore: justNow, workflow: 'stall' })],
];

async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return comparable(await work);
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return { code: error.code, message: error.message, hint: error.hint };
  }
}

const drawn: ReadonlySet<string> = new Set([
  'hash',
  'previousHash',
  'salt',
  'snapshot',
  'outputDigest',
  'inputDigest',
]);

/** Without functions, and without what is drawn by chance. */
function comparable(value: unknown): unknown {
  if (value === undefined) return null;
  return JSON.parse(
    JSON.stringify(value, (key, part: unknown) => (drawn.has(key) ? undefined : part)),
  );
}

describe('the orchestrator of a running service', () => {
  it('says and does for the commands what one in the process does, refusals included', async () => {
    const [local, remote] = [await open(false), await open(true)];

    for (const [name, deed] of deeds) {
      const expected = await outcomeOf(deed(local.orchestrator, local.file, local.clock));
      const found = await outcomeOf(deed(remote.orchestrator, remote.file, remote.clock));
      expect({ name, found }).toEqual({ name, found: expected });
    }

    const unknown: unknown = await remote.orchestrator
      .start('not-yet', {})
      .catch((error: unknown) => error);
    expect(toFailure(unknown)).toMatchObject({
      code: 'WORKFLOW_UNKNOWN',
      hint: expect.stringContaining('start it anew with the new code'),
    });
    await local.close();
    await remote.close();
  });

  it('refuses what only the store can tell, and says the way out', async () => {
    const orchestrator = createRemoteOrchestrator({ url: 'http://127.0.0.1:1', token: undefined });
    const mapping = { context: () => ({}) };

    await expect(orchestrator.get('run-000001')).rejects.toMatchObject({
      code: 'SERVICE_UNREACHABLE',
    });
    await expect(orchestrator.damaged()).rejects.toMatchObject({
      hint: 'Run the command where the store is, without --url',
    });
    await expect(
      orchestrator.migrate({ workflow: 'w', to: 2, actor: 'e', reason: 'r', mapping }),
    ).rejects.toThrow('takes no mapping with functions');
  });
});
