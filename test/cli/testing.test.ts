import { expect, it } from 'vitest';
import { useTown } from './support/signalbox.ts';

const town = useTown();

it('plays every path of a workflow, doing nothing outside', async () => {
  const { code, document } = await town.ask('test', 'phone');

  expect(code).toBe(0);
  expect(document).toMatchObject({ workflow: 'phone', version: 1, failures: [], notPlayed: [] });
  expect(document.played).toBeGreaterThan(3);
});

it('crashes a workflow everywhere and counts what it did', async () => {
  const { code, document } = await town.ask('test', 'phone', '--crash', '--seed', '7');

  expect(code).toBe(0);
  expect(document.crash).toMatchObject({ seed: 7, differences: [], notReached: [] });
  expect(document.crash.crashes).toBe(document.crash.places);
  expect(document.crash.byKind['run.after']).toBeGreaterThan(0);
});

it('exits with 1 for a workflow nobody knows', async () => {
  const { code, stderr } = await town.run('test', 'nobody', '--crash');

  expect(code).toBe(1);
  expect(stderr).toContain('No workflow "nobody" is registered; registered are: ');
});
