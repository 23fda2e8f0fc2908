import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { begun, seed } from './support/seed.ts';
import { townMachines, useTown } from './support/signalbox.ts';

const town = useTown();
const store = ['--store', 'sqlite:town.db'];

describe('export', () => {
  it('writes all runs as one document, to a file as a whole, or as lines', async () => {
    const runIds = await seed(openSqliteStore(town.path('town.db')), async (orchestrator) => [
      await begun(orchestrator, 'delivery', {}),
      await begun(orchestrator, 'key', {}),
    ]);

    const printed = await town.ask('export', ...store);
    const filed = await town.ask('export', '--output', 'out.json', ...store);
    const lines = await town.run('export', '--lines', ...store);

    const idsOf = (runs: readonly { header: { id: string } }[]) =>
      runs.map(({ header }) => header.id);
    expect(idsOf(printed.document.runs).sort()).toEqual([...runIds].sort());
    expect(printed.document.runs[0].history.length).toBeGreaterThan(1);
    expect(filed.document).toEqual({ file: 'out.json', runs: 2 });
    expect(JSON.parse(readFileSync(town.path('out.json'), 'utf8')).runs).toEqual(
      printed.document.runs,
    );
    expect(statSync(town.path('out.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(town.folder()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const parsed = lines.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(parsed).toEqual(printed.document.runs);
  });

  it.each([
    ['sqlite:town.db', 'sqlite:copy'],
    ['lowdb:town', 'lowdb:copy'],
  ])('copies %s to something that opens as a store', async (from, to) => {
    const opening = from.startsWith('sqlite')
      ? openSqliteStore(town.path('town.db'))
      : openLowdbStore(town.path('town'));
    const runId = await seed(opening, (orchestrator) => begun(orchestrator, 'delivery', {}));

    const copied = await town.ask('export', '--backup', 'copy', '--store', from);
    const listed = await town.ask('runs', '--store', to);

    expect(copied).toMatchObject({ code: 0, document: { backup: 'copy' } });
    expect(listed.document.runs).toMatchObject([{ runId }]);
  });
});

describe('prune', () => {
  it('removes finished runs, or only says which', async () => {
    const runId = await seed(openSqliteStore(town.path('town.db')), async (orchestrator) => {
      await begun(orchestrator, 'delivery', {});
      return begun(orchestrator, 'key', {});
    });
    const all = ['prune', '--finished-before', '0ms', ...store];

    const none = await town.ask('prune', '--finished-before', '30d', ...store);
    const tried = await town.ask(...all, '--dry-run');
    const done = await town.ask(...all, '--status', 'complete', '--workflow', 'key');
    const left = await town.ask('runs', ...store);

    expect(none.document.runs).toEqual([]);
    expect(tried.document).toMatchObject({ dryRun: true, runs: [runId] });
    expect(done.document).toMatchObject({ dryRun: false, runs: [runId] });
    expect(left.document.runs).toMatchObject([{ workflow: 'delivery' }]);
  });
});

describe('workflows', () => {
  it('are found in a folder of folders, and in one module', async () => {
    const folder = await town.ask('workflows');
    const module = await town.ask('workflows', '--machines', `${townMachines}/town/workflow.ts`);

    expect(folder.document.problems).toEqual([]);
    expect(folder.document.workflows).toContainEqual({
      name: 'phone',
      version: 1,
      description: null,
      steps: 1,
      module: expect.stringMatching(/town\/workflow\.ts$/),
    });
    expect(module.document).toEqual(folder.document);
  });

  it('of a broken module do not keep the others away', async () => {
    await mkdir(town.path('machines/broken'), { recursive: true });
    await mkdir(town.path('machines/sound'));
    writeFileSync(town.path('machines/broken/workflow.js'), 'import "./missing.js";');
    const town2 = JSON.stringify(`${townMachines}/town/workflow.ts`);
    writeFileSync(town.path('machines/sound/workflow.js'), `export * from ${town2};`);
    const machines = ['--machines', 'machines'];

    const listed = await town.ask('workflows', ...machines);
    const ran = await town.ask('run', 'key', '--input', '{}', ...machines, '--store', 'memory:');

    expect(listed.code).toBe(1);
    expect(listed.document.problems).toMatchObject([{ module: 'machines/broken/workflow.js' }]);
    expect(ran).toMatchObject({ code: 0, document: { status: 'complete' } });
    expect(ran.stderr).toMatch(/^Module ".*broken\/workflow\.js" is left out: /);
  });
});
