import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { operational } from '../../machines/operational.ts';
import { createClient } from '../../src/client/index.ts';
import { useTown } from './support/signalbox.ts';

const town = useTown();
const root = fileURLToPath(new URL('../..', import.meta.url));

/** `npm start` as npm runs it, in the test's folder; `stop` says how it ended. */
async function start() {
  const child = spawn(process.execPath, [`${root}scripts/start.ts`, '--port', '0'], {
    cwd: town.folder(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const ready = new Promise<void>((resolve) =>
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('Ctrl-C stops it')) resolve();
    }),
  );
  await Promise.race([ready, ended]);
  return {
    stdout,
    client: createClient({ url: /is at (\S+)/.exec(stdout)?.[1] ?? '' }),
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

it('M255: npm start serves the dashboard and a sample run of each operational process, and goes on from there the next time', async () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const first = await start();
  const [{ runs }, page] = await Promise.all([
    first.client.runs.list(),
    fetch(/is at (\S+)/.exec(first.stdout)?.[1] ?? '', { headers: { accept: 'text/html' } }),
  ]);
  const incident = runs.find(({ workflow }) => workflow === 'incident-response');
  const approved = await town.start(
    ['review', incident?.runId ?? '', 'approval', '--approve'],
    '',
    { machines: null },
  ).ended;
  const codes = [await first.stop()];
  const second = await start();
  const again = await second.client.runs.list();
  codes.push(await second.stop());

  expect(scripts.start).toBe('node scripts/start.ts');
  const lines = first.stdout.split('\n').slice(1, operational.length + 1);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(operational.map((one) => one.workflow));
  for (const line of lines) expect(line).toMatch(/ complete$| processing +review /);
  expect([page.status, page.headers.get('content-type')]).toEqual([
    200,
    'text/html; charset=utf-8',
  ]);
  expect(incident?.waitingOn).toMatchObject([{ kind: 'review', step: 'approval' }]);
  expect(approved.stdout).toContain('Firmware updated to v2.2.1.');
  expect(again.runs.map(({ runId }) => runId)).toEqual(runs.map(({ runId }) => runId));
  expect(codes).toEqual([0, 0]);
});
