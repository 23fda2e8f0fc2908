/**
 * `npm start`: starts a sample run of each operational process, unless an earlier call has, and brings it to its end or to whom it waits for.
 * That of the incident comes after it, on the command line.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { SMTPServer } from 'smtp-server';
import { dataPath } from '../machines/files.ts';
import { operational } from '../machines/operational.ts';
import { openLowdbStore } from '../src/adapters/lowdb/index.ts';
import { loadMachines } from '../src/cli/machines.ts';
import { waitingText } from '../src/cli/run-lines.ts';
import { table } from '../src/cli/table.ts';
import { createOrchestrator } from '../src/index.ts';

const [directory = join('.signalbox', 'runs')] = process.argv.slice(2);
const machines = fileURLToPath(new URL('../machines', import.meta.url));

const mail = process.env['SMTP_URL'] === undefined ? await startMailbox() : null;
const { workflows } = await loadMachines(machines);
const store = await openLowdbStore(directory);
const orchestrator = await createOrchestrator({
  workflows: workflows.map(({ workflow }) => workflow),
  store,
  logger: pino({ level: 'error' }, pino.destination(2)),
});
try {
  const samples = operational.filter(({ workflow }) => workflow !== 'incident-response');
  const rows = await Promise.all(samples.map(({ workflow, sample }) => run(workflow, sample)));
  const columns = [{ title: 'SAMPLE RUN' }, { title: 'STATUS' }, { title: 'WAITS FOR' }];
  console.log(`${table(columns, rows, (line) => line).join('\n')}\n`);
} finally {
  await orchestrator.close();
  await store.close();
  mail?.close();
}

async function run(workflow: string, sample: string): Promise<readonly string[]> {
  const input: unknown = JSON.parse(await readFile(join(machines, sample), 'utf8'));
  const { runId } = await orchestrator.start(workflow, input, {
    key: `sample:${workflow}`,
    actor: 'npm start',
  });
  const { status, waitingOn } = await orchestrator.drive(runId, 'waiting');
  return [workflow, status, waitingText(waitingOn)];
}

/** Mail to nowhere in particular is put into a folder, to be looked at. */
async function startMailbox(): Promise<SMTPServer> {
  const folder = dataPath('mail');
  await mkdir(folder, { recursive: true });
  let count = 0;
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    async onData(stream, _session, done) {
      await writeFile(join(folder, `${Date.now()}-${(count += 1)}.eml`), await text(stream));
      done();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  process.env['SMTP_URL'] = `smtp://127.0.0.1:${port}`;
  return server;
}
