import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { begun, seed } from './support/seed.ts';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const store = ['--store', 'sqlite:town.db'];

describe('diagram', () => {
  it('draws where a run stands, now and at an earlier entry, on the plan it was started on', async () => {
    const runId = await seed(openSqliteStore(town.path('town.db')), (orchestrator) =>
      begun(orchestrator, 'delivery', {}),
    );
    const draw = (...more: string[]) =>
      town.run('diagram', 'delivery', '--run', runId, ...more, ...store);

    const [now, before] = await Promise.all([draw(), draw('--at', '1', '--view', 'states')]);

    expect(now.stdout).toContain('data-state="waiting"');
    expect(now.stdout).toContain(`run ${runId}: processing`);
    expect(before.stdout).toContain(`run ${runId} after entry 1: `);
    expect([now.code, before.code]).toEqual([0, 0]);
  });

  it('writes a picture into a file, and points at the path that a check has found', async () => {
    const path = { workflows: [{ path: { steps: ['parcel'], moves: [] } }] };
    writeFileSync(town.path('check.json'), JSON.stringify(path));

    const [png, pointed, wrong] = await Promise.all([
      town.run('diagram', 'delivery', '--format', 'png', '--output', 'delivery.png'),
      town.run('diagram', 'delivery', '--format', 'mermaid', '--highlight', 'check.json'),
      town.run('diagram', 'delivery', '--highlight', 'nowhere'),
    ]);

    expect(png.stdout).toBe('delivery version 1 drawn to delivery.png\n');
    expect(readFileSync(town.path('delivery.png')).subarray(1, 4).toString()).toBe('PNG');
    expect(pointed.stdout).toMatch(/^ {2}class s_parcel highlighted$/m);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('"nowhere"')]);
  });
});

describe('docs', () => {
  it('writes the pages; its check names the line of a stale one, and no other', async () => {
    const written = await town.run('docs');
    const page = town.path('docs/processes/delivery.md');
    writeFileSync(page, readFileSync(page, 'utf8').replace('# delivery', '# deliveries'));

    const stale = await town.run('docs', '--check');

    expect([written.code, stale.code]).toEqual([0, 1]);
    expect(stale.stdout).toBe(
      [
        'docs/processes/delivery.md:2 differs',
        '  - # deliveries',
        '  + # delivery',
        'Run `signalbox docs` and commit what it writes',
        '',
      ].join('\n'),
    );
  });
});
