import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { begun, seed } from './support/seed.ts';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const store = ['--store', 'sqlite:town.db'];
const openTown = () => openSqliteStore(town.path('town.db'));

describe('runs', () => {
  it('lists them newest first, filtered and page by page', async () => {
    const [older, newer] = await seed(openTown(), async (orchestrator) => {
      const first = await begun(
        orchestrator,
        'delivery',
        {},
        { labels: { to: 'mill', by: 'cart' } },
      );
      await begun(orchestrator, 'nap', { ms: 3_600_000 }, { labels: { to: 'mill' } });
      const last = await begun(orchestrator, 'delivery', {}, { labels: { to: 'mill' } });
      return [first, last];
    });
    const filters = ['--workflow', 'delivery', '--label', 'to=mill', '--status', 'processing'];

    const first = await town.ask('runs', ...store, ...filters, '--limit', '1');
    const second = await town.ask('runs', ...store, ...filters, '--cursor', first.document.cursor);
    const table = await town.run('runs', ...store, '--label', 'by=cart');

    expect(first.document.runs).toMatchObject([{ runId: newer, waitingOn: [{ kind: 'event' }] }]);
    expect(second.document).toMatchObject({ runs: [{ runId: older }], cursor: null });
    expect(table.stdout.split('\n')).toEqual([
      expect.stringMatching(/^RUN {29}WORKFLOW {2}STATUS {6}UPDATED {20}WAITS FOR {5}LABELS$/),
      expect.stringMatching(
        new RegExp(
          `^${older}  delivery  processing  \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\+02:00  event parcel  to=mill by=cart$`,
        ),
      ),
      '',
    ]);
  });
});

describe('show, history and explain', () => {
  it('tell of a run, given the beginning of its id', async () => {
    const runId = await seed(openTown(), (orchestrator) =>
      begun(orchestrator, 'stall', { wish: 'cheese' }, { actor: 'ann' }),
    );
    const short = runId.slice(0, 12);

    const [shown, history, explained, why] = await Promise.all([
      town.ask('show', short, ...store),
      town.ask('history', short, ...store, '--after', '1'),
      town.ask('explain', short, ...store),
      town.run('explain', short, ...store),
    ]);

    expect(shown.document).toMatchObject({ runId, workflow: 'stall', actor: 'ann', output: null });
    expect(history.document).toMatchObject({
      runId,
      entries: [{ seq: 2, event: 'run.started', actor: 'ann' }],
    });
    expect(explained.document.events).toContainEqual({
      event: 'permit.decided',
      open: true,
      blockedBy: [],
      judgedBy: ['canDecide'],
    });
    expect(why.stdout).toContain('review "permit": the decision of a person');
    expect(why.stdout).toContain('processing.working.permit.waiting_review');
  });

  it('keep to themselves what is marked sensitive, also where the workflow is not known', async () => {
    const runId = await seed(openTown(), (orchestrator) => begun(orchestrator, 'key', {}));

    const shown = await town.run('show', runId, ...store);
    const history = await town.run('history', runId, ...store, '--json');
    const elsewhere = await town.run('show', runId, ...store, '--machines', '.');

    expect(shown.stdout).toMatch(/number {2}7/);
    expect(shown.stdout + history.stdout).not.toContain('mellon');
    expect(elsewhere.stdout).toMatch(/code {4}\[redacted\]/);
  });

  it('show what would command the terminal instead of letting it', async () => {
    const wish = 'a\u001b[2J\u009bb \u202ec';
    const runId = await seed(openTown(), (orchestrator) => begun(orchestrator, 'stall', { wish }));

    const shown = await town.run('show', runId, ...store);
    const json = await town.run('show', runId, ...store, '--json');

    expect(shown.stdout).toContain('a\\u001b[2J\\u009bb \\u202ec');
    expect(`${shown.stdout}${json.stdout}`.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(JSON.parse(json.stdout).waitingOn[0].shown).toEqual({ wish });
  });
});

describe('a store', () => {
  it('is read while another process holds the lock of the directory, and not written', async () => {
    const place = ['--store', 'lowdb:town'];
    const opening = openLowdbStore(town.path('town'));
    await seed(opening, async (orchestrator) => {
      const runId = await begun(orchestrator, 'delivery', {});

      const [read, written] = await Promise.all([
        town.ask('explain', runId, ...place),
        town.ask('pause', runId, ...place),
      ]);

      expect(read).toMatchObject({ code: 0, document: { runId, status: 'processing' } });
      expect(written).toMatchObject({ code: 1, document: { error: { code: 'STORE_LOCKED' } } });
    });
  });

  it('is not made by a command that only looks', async () => {
    const sqlite = await town.ask('runs', ...store);
    const lowdb = await town.run('show', 'nobody', '--store', 'lowdb:nowhere');

    expect(sqlite).toMatchObject({ code: 1, document: { error: { code: 'STORE_UNAVAILABLE' } } });
    expect(lowdb).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'There is no store "lowdb:nowhere" yet\n' +
        'Start a run to create it, or name another one with --store\n',
    });
  });
});

describe('audit verify', () => {
  it('names the entry at which an edited history breaks', async () => {
    const [sound, edited] = await seed(openTown(), async (orchestrator) => [
      await begun(orchestrator, 'delivery', {}),
      await begun(orchestrator, 'key', {}),
    ]);
    const before = await town.ask('audit', 'verify', ...store);
    edit(town.path('town.db'), '"number":"7"', '"number":"8"');

    const all = await town.ask('audit', 'verify', ...store);
    const one = await town.run('audit', 'verify', edited ?? '', ...store);

    expect(before).toMatchObject({ code: 0, document: { verified: 2, faults: 0 } });
    expect(all).toMatchObject({ code: 1, document: { verified: 2, faults: 1 } });
    expect(all.document.runs).toContainEqual(
      expect.objectContaining({ runId: edited, fault: { seq: 3, reason: expect.any(String) } }),
    );
    expect(all.document.runs).toContainEqual(
      expect.objectContaining({ runId: sound, fault: null }),
    );
    expect(one.code).toBe(1);
    expect(one.stdout).toContain(`Run ${edited}: broken at entry 3`);
  });
});

function edit(file: string, from: string, to: string): void {
  const database = new DatabaseSync(file);
  database.prepare('UPDATE history SET entry = replace(entry, ?, ?)').run(from, to);
  database.close();
}
