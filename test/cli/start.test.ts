import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { operational } from '../../machines/operational.ts';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const root = fileURLToPath(new URL('../..', import.meta.url));

it('npm start without a terminal leaves the run waiting and prints the command that approves it', async () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const [, incident = ''] = scripts.start.split(' && ');
  const [node, program, ...args] = incident.split(' ');
  const place = { cwd: root, machines: null };
  const store = `lowdb:${town.path('runs')}`;

  const started = await town.start([...args, '--store', store], '', place).ended;
  const [, command = ''] = /npx signalbox (review .* --approve .*)/.exec(started.stdout) ?? [];
  const approved = await town.start(command.split(' '), '', place).ended;

  expect([node, program]).toEqual(['node', 'bin/signalbox.js']);
  expect(started.code).toBe(0);
  expect(started.stdout).toContain('The run waits for a decision');
  expect(approved.code).toBe(0);
  expect(approved.stdout).toContain('Firmware updated to v2.2.1.');
});

it('M255: npm start first brings a sample of each other operational process to its end or to a person, once', async () => {
  const samples = fileURLToPath(new URL('../../scripts/samples.ts', import.meta.url));
  const load = () => promisify(execFile)(process.execPath, [samples], { cwd: town.folder() });

  const { stdout } = await load();
  const again = await load();

  const others = operational.filter(({ workflow }) => workflow !== 'incident-response');
  const lines = stdout.trim().split('\n').slice(1);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(others.map(({ workflow }) => workflow));
  for (const line of lines) expect(line).toMatch(/ complete$| processing +review /);
  expect(again.stdout).toBe(stdout);
});
