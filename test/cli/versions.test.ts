import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const library = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
const zod = fileURLToPath(import.meta.resolve('zod'));

/** Writes a module with one version of a workflow that packs, if it does, and waits for a review. */
function machines(folder: string, version: number, review: string, packs = false) {
  const place = join(town.folder(), folder);
  mkdirSync(place, { recursive: true });
  const file = join(place, 'workflow.mts');
  writeFileSync(
    file,
    `import { defineTask, defineWorkflow } from ${JSON.stringify(library)};
import { z } from ${JSON.stringify(zod)};
const pack = defineTask({
  name: 'pack', input: z.object({}), output: z.string(), compensate: async () => {}, run: async () => 'packed',
});
export const permit = defineWorkflow({
  name: 'permit', version: ${version}, input: z.object({}),
  steps(w) {
    const packed = ${packs} ? [w.task('pack', pack, { input: w.input })] : [];
    const review = w.review(${JSON.stringify(review)}, { expires: '30d', after: packed });
    return w.derive('end', review, ({ outcome }) => outcome);
  },
});
`,
  );
  return ['--machines', file];
}

const store = ['--store', 'sqlite:runs.db'];

it('a review is renamed: the suggested mapping moves the runs that wait at it', async () => {
  const old = machines('v1', 1, 'approval');
  const next = machines('v2', 2, 'consent');
  const begun = await town.ask('run', 'permit', '--input', '{}', ...old, ...store);
  const runId = String(begun.document.runId);
  const move = ['migrate', 'permit', '--to', '2', ...next, ...store];

  const [gate, strict, text, refused, without, drawn] = await Promise.all([
    town.ask('diff', 'permit@1', 'permit', ...next, ...store),
    town.ask('diff', 'permit@1', 'permit', '--strict', ...next, ...store),
    town.run('diff', 'permit@1', 'permit', ...next, ...store),
    town.run(...move),
    town.run(...move, '--apply'),
    town.run('diagram', 'permit', '--since', 'permit@1', ...next, ...store),
  ]);
  const suggestion = JSON.stringify(gate.document.runs.judged[0].suggestion);
  const dry = await town.ask(...move, '--mapping', suggestion);
  const said = await town.run(...move, '--mapping', suggestion);
  const apply = [...move, '--mapping', suggestion, '--apply', '--reason', 'law 7'];
  const moved = await town.ask(...apply);
  const again = await town.ask(...apply);
  const decided = await town.ask('review', runId, 'consent', '--approve', ...next, ...store);

  expect(gate).toMatchObject({
    code: 0,
    document: {
      steps: { renamed: [{ from: 'approval', to: 'consent' }] },
      runs: { counts: { continues: 0, needs_mapping: 1, cannot: 0, ended: 0 } },
    },
  });
  expect(strict.code).toBe(1);
  expect(suggestion).toBe('{"steps":{"approval":"consent"}}');
  expect(text.stdout).toContain('approval -> consent, renamed by the look of it');
  expect(text.stdout).toContain('suggested mapping: {"steps":{"approval":"consent"}}');
  expect(drawn.stdout).toMatch(/data-node="consent"[^>]* data-change="added"/);
  expect(drawn.stdout).toMatch(/data-node="approval"[^>]* data-change="removed"/);
  expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('needs a mapping') });
  expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
  expect(dry.document).toMatchObject({ dryRun: true, runs: [{ runId, outcome: 'moved' }] });
  expect(said.stdout).toContain('renamed: approval -> consent\n  waits at: consent\n');
  expect(moved).toMatchObject({ code: 0, document: { runs: [{ outcome: 'moved' }] } });
  expect(again.document.runs).toMatchObject([{ outcome: 'already' }]);
  expect(decided.document).toMatchObject({ status: 'complete', version: 2, output: 'approved' });
});

it('what is done could not be undone any more: the gate is shut', async () => {
  const old = machines('v1', 1, 'approval', true);
  const next = machines('v2', 2, 'approval');
  await town.run('plan', 'export', 'permit', '--output', 'old.json', ...old);
  await town.run('run', 'permit', '--input', '{}', ...old, '--store', 'lowdb:runs');

  const [gate, files, missing] = await Promise.all([
    town.run('diff', 'old.json', 'permit', ...next, '--store', 'lowdb:runs'),
    town.ask('diff', 'old.json', 'permit', ...next),
    town.run('diff', 'old.json', 'nobody', ...next),
  ]);

  expect(gate).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/1 cannot[^]*no task "pack"[^]*pack: it is done and could not/),
  });
  expect(files).toMatchObject({ code: 0, document: { runs: null, isSame: false } });
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('no plan "nobody"') });
});
