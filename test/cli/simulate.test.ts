import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { incidentMachines, useTown } from './support/signalbox.ts';

const town = useTown();
const machines = ['--machines', incidentMachines];

it('simulates a workflow with the reviewers and arrivals given, and draws it', async () => {
  const model = JSON.stringify({ reviews: { approval: { work: '4m' } } });
  const given = ['--runs', '200', '--model', model, '--arrivals', '10/h', '--reviewers', '1'];

  const [json, text] = await Promise.all([
    town.ask('simulate', 'incident-response', ...given, ...machines),
    town.run('simulate', 'incident-response', ...given, '--output', 'sim.svg', ...machines),
  ]);

  expect(json.document).toMatchObject({
    runs: 200,
    rates: { complete: 1 },
    learnedFrom: null,
    queues: [{ name: 'reviewers', size: 1 }, {}],
  });
  expect(text.stdout).toContain('reviewers (1): busy');
  expect(text.stdout).toContain('"ingest" never fails');
  expect(existsSync(town.path('sim.svg'))).toBe(true);
});

it('refuses reviewers without arrivals, and a model of something else', async () => {
  const [alone, wrong] = await Promise.all([
    town.run('simulate', 'incident-response', '--reviewers', '2', ...machines),
    town.run('simulate', 'incident-response', '--model', '{"steps": {"nothing": {}}}', ...machines),
  ]);

  expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining('--arrivals') });
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('steps.nothing: there is none'),
  });
});
