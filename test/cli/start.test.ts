import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const root = fileURLToPath(new URL('../..', import.meta.url));

it('npm start without a terminal leaves the run waiting and prints the command that approves it', async () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const [node, program, ...args] = scripts.start.split(' ');
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
