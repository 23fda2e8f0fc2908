/**
 * `npm start`: serves the example processes with a sample run of each, and the dashboard, until it is stopped. What has happened is kept
 * for the next start.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { dataPath } from '../machines/files.ts';
import { createClient } from '../src/client/index.ts';
import { buildDashboard } from './dashboard-build.ts';
import { startMailbox } from './mailbox.ts';
import { startSamples } from './samples.ts';

const pathTo = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const machines = pathTo('machines');

const { isFresh } = await buildDashboard({});
if (isFresh) console.error('The dashboard has been built');
const mailbox = process.env['SMTP_URL'] === undefined ? await startMailbox(dataPath('mail')) : null;
const service = spawn(
  process.execPath,
  [
    pathTo('bin/signalbox.js'),
    'serve',
    '--development',
    '--machines',
    machines,
    ...process.argv.slice(2),
  ],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(mailbox === null ? {} : { SMTP_URL: mailbox.url }) },
  },
);
const ended = new Promise<number>((resolve) => {
  service.on('close', (code) => resolve(code ?? 1));
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A terminal has sent Ctrl-C to both; a second one would mean "stop at once".
    if (signal !== 'SIGINT' || !process.stdin.isTTY) service.kill(signal);
  });
}

const url = await addressOf(service.stdout);
if (url !== null) {
  try {
    console.log((await startSamples(createClient({ url }), machines)).join('\n'));
    console.log(`\nSignalbox is at ${url}\nCtrl-C stops it; the next start goes on from there`);
  } catch (error) {
    if (service.exitCode === null) console.error(error);
  }
}
process.exitCode = await ended;
mailbox?.close();

/** The service says where it is as soon as it listens; `null` if it has ended before. */
async function addressOf(stdout: NodeJS.ReadableStream): Promise<string | null> {
  for await (const line of createInterface(stdout)) {
    const [, address] = / at (http\S+)$/.exec(line) ?? [];
    if (address === undefined) continue;
    stdout.resume();
    return address;
  }
  return null;
}
