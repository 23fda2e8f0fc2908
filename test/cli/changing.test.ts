import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { begun, seed } from './support/seed.ts';
import { oneDocument, useTown } from './support/signalbox.ts';

const town = useTown();
const store = ['--store', 'sqlite:town.db'];
const openTown = () => openSqliteStore(town.path('town.db'));
const place = () => ({ file: town.path('deeds') });
const deeds = () => readFileSync(town.path('deeds'), 'utf8').split('\n').filter(Boolean);

describe('run', () => {
  it('waits for retries, and takes input from standard input', async () => {
    const args = ['run', 'phone', '--input', '-', '--json', ...store];

    const { code, stdout } = await town.start(args, JSON.stringify(place())).ended;

    expect(code).toBe(0);
    expect(oneDocument(stdout)).toMatchObject({ status: 'complete', output: { calls: 2 } });
  });

  it('says how a failed run ended, and exits with 1', async () => {
    const input = ['--input', JSON.stringify(place())];

    const { code, document } = await town.ask('run', 'trip', ...input, ...store);

    expect(code).toBe(1);
    expect(document).toMatchObject({
      status: 'failed',
      outcome: {
        failure: { step: 'pay', message: expect.stringContaining('The card') },
        undone: ['book'],
      },
    });
    expect(deeds()).toEqual(['book', 'unbook']);
  });

  it('gives the same run for the same key', async () => {
    const started = ['run', 'delivery', '--input', '{}', '--key', 'k', ...store];

    const first = await town.ask(...started, '--label', 'a=1', '--label', 'b=2');
    const second = await town.ask(...started);

    expect(first.document.created).toBe(true);
    expect(second.document).toMatchObject({ runId: first.document.runId, created: false });
  });

  it('stays to the end with --wait, and starts when it is told to', async () => {
    const nap = ['run', 'nap', '--input', '{"ms":200}', '--start-at', '300ms', '--wait'];

    const { document } = await town.ask(...nap, ...store);

    expect(document.status).toBe('complete');
    expect(document.waitingOn).toEqual([]);
  });
});

describe('signal', () => {
  it('moves a run that waits for the event, once for each id', async () => {
    const runId = await seed(openTown(), (orchestrator) => begun(orchestrator, 'delivery', {}));
    const sent = ['signal', runId, 'parcel.arrived', '--payload', '{"grams":12}', '--id', 's-1'];

    const unknown = await town.ask('signal', runId, 'parcel.lost', ...store);
    const first = await town.ask(...sent, ...store);
    const again = await town.ask(...sent, ...store);

    expect(unknown).toMatchObject({ code: 1, document: { error: { code: 'SIGNAL_UNKNOWN' } } });
    expect(first.document).toMatchObject({ status: 'complete', output: { grams: 12 } });
    expect(again).toMatchObject({ code: 0, document: { runId, delivered: true } });
  });
});

describe('review', () => {
  it('takes the verdict on an attempt in doubt', async () => {
    const runIds = await seed(openTown(), async (orchestrator) => [
      await begun(orchestrator, 'payment', { file: town.path('first') }),
      await begun(orchestrator, 'payment', { file: town.path('second') }),
    ]);
    const [first = '', second = ''] = runIds;
    const output = ['--output', '{"receipt":"r-0"}'];

    const approved = await town.ask('review', first, 'transfer', '--approve', ...store);
    const happened = await town.ask('review', first, 'transfer', '--happened', ...output, ...store);
    const repeated = await town.ask('review', second, 'transfer', '--did-not-happen', ...store);

    expect(approved).toMatchObject({ code: 1, document: { error: { code: 'FORM_INVALID' } } });
    expect(happened).toMatchObject({ code: 0, document: { output: { receipt: 'r-0' } } });
    expect(repeated).toMatchObject({ code: 0, document: { output: { receipt: 'r-2' } } });
  });

  it('refuses a form that is not filled in, and takes one that is', async () => {
    const runId = await seed(openTown(), (orchestrator) =>
      begun(orchestrator, 'stall', { wish: 'cheese' }),
    );
    const decided = ['review', runId, 'permit', '--approve', ...store];
    const form = { size: 'small', days: 2, fenced: true };

    const shown = await town.run('show', runId, ...store);
    const refused = await town.ask(...decided);
    const accepted = await town.ask(...decided, '--form', JSON.stringify(form));

    expect(shown.stdout).not.toContain('npx');
    expect(refused).toMatchObject({ code: 1, document: { error: { code: 'FORM_INVALID' } } });
    expect(accepted.document.output).toEqual({ outcome: 'approved', form: { ...form, note: '' } });
  });
});

describe('pause, resume and cancel', () => {
  it('hold a run, let it go on, and end it', async () => {
    const runId = await seed(openTown(), (orchestrator) => begun(orchestrator, 'delivery', {}));

    const paused = await town.ask('pause', runId, '--reason', 'strike', ...store);
    const resumed = await town.ask('resume', runId, ...store);
    const cancelled = await town.ask('cancel', runId, '--reason', 'enough', ...store);
    const late = await town.ask('resume', runId, ...store);

    expect(paused).toMatchObject({ code: 0, document: { paused: true } });
    expect(resumed).toMatchObject({ code: 0, document: { paused: false } });
    expect(cancelled).toMatchObject({
      code: 0,
      document: { status: 'cancelled', outcome: { cancelled: { reason: 'enough' } } },
    });
    expect(late).toMatchObject({ code: 1, document: { error: { code: 'RUN_FINISHED' } } });
  });
});

describe('pause and resume of more than one run', () => {
  it('hold a workflow or everything, say who and why, and are on record', async () => {
    const runId = await seed(openTown(), (orchestrator) => begun(orchestrator, 'delivery', {}));

    const vague = await town.ask('pause', '--reason', 'strike', ...store);
    const unreasoned = await town.ask('pause', '--all', ...store);
    const paused = await town.run(
      'pause',
      '--workflow',
      'delivery',
      '--reason',
      'strike',
      ...store,
    );
    const shown = await town.run('show', runId, ...store);
    const all = await town.ask('pause', '--all', '--reason', 'flood', '--actor', 'eve', ...store);
    const resumed = await town.ask('resume', '--all', ...store);
    const log = await town.ask('audit', 'log', ...store);

    expect([vague.code, unreasoned.code]).toEqual([2, 2]);
    expect(paused.stdout).toMatch(/^Workflow "delivery" is paused since .*: strike\n$/);
    expect(shown.stdout).toContain('is processing, paused');
    expect(all.document).toMatchObject({
      changed: true,
      pauses: [{ scope: 'all', actor: 'eve' }, { scope: { workflow: 'delivery' } }],
    });
    expect(resumed.document).toMatchObject({ pauses: [{ scope: { workflow: 'delivery' } }] });
    expect(JSON.stringify(log.document)).toMatch(
      /runs\.paused.*runs\.paused.*runs\.resumed|runs\.resumed.*runs\.paused/,
    );
  });
});

describe('retry', () => {
  it('asks to accept what was not undone, as explain has said', async () => {
    const runId = await seed(openTown(), (orchestrator) => begun(orchestrator, 'poster', place()));

    const explained = await town.run('explain', runId, ...store);
    const refused = await town.run('retry', runId, ...store);
    const accepting = ['--accept-not-undone', '--reason', 'another paper'];
    const accepted = await town.ask('retry', runId, ...accepting, ...store);

    expect(explained.stdout).toMatch(/shuts out\n {2}run\.retried {2}guard mayRetry\n/);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Accept that with --accept-not-undone --reason TEXT');
    expect(accepted).toMatchObject({ code: 1, document: { status: 'failed' } });
    expect(deeds()).toEqual(['print', 'print']);
  });
});

describe('work', () => {
  it('takes up what an earlier process left, and stops where only people can go on', async () => {
    // What is due now was not yet an hour ago, when the earlier process ended.
    const clock = new ManualClock(Date.now() - 3_600_000);
    const [road, stall] = await seed(
      openTown(),
      async (orchestrator) => {
        const startAt = clock.nowMs() + 1_000;
        const { runId } = await orchestrator.start('phone', place(), { startAt });
        await clock.advance(1);
        return [runId, await begun(orchestrator, 'stall', { wish: 'cheese' })];
      },
      clock,
    );

    const worked = await town.ask('work', ...store);
    const idle = await town.run('work', ...store);
    const listed = await town.ask('runs', ...store);

    expect(worked).toMatchObject({
      code: 0,
      document: { worked: [{ runId: road, status: 'complete' }] },
    });
    expect(idle.stdout).toBe('Nothing is due\n');
    expect(listed.document.runs).toMatchObject([
      { runId: stall, status: 'processing' },
      { runId: road, status: 'complete' },
    ]);
  });
});
