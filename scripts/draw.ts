/** Draws the pictures of docs/diagrams/. With `--check` it writes nothing and exits 1 if a committed picture is stale. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import alert from '../machines/incident-response/alert.json' with { type: 'json' };
import { incidentResponse } from '../machines/incident-response/workflow.ts';
import { createMemoryStore } from '../src/adapters/memory/index.ts';
import { traceOf } from '../src/cli/run-trace.ts';
import { drawSvg } from '../src/diagram/draw.ts';
import { overlayOfPath, pathOfNames } from '../src/diagram/highlight.ts';
import { overlayOfRun, type RunTrace } from '../src/diagram/run-overlay.ts';
import { createOrchestrator } from '../src/orchestrator.ts';

const folder = new URL('../docs/diagrams/', import.meta.url);

/** Name of the file to its contents, `null` for a file to be removed; what is as it should be is left out. */
export async function stalePictures(): Promise<ReadonlyMap<string, string | null>> {
  const wanted = await pictures();
  const stale = new Map<string, string | null>();
  for (const [file, drawn] of wanted) if ((await committed(file)) !== drawn) stale.set(file, drawn);
  for (const file of await readdir(folder)) {
    if (file.endsWith('.svg') && !wanted.has(file)) stale.set(file, null);
  }
  return stale;
}

/** Those that tell of runs; the drawings of the definitions stand beside their process pages. */
async function pictures(): Promise<ReadonlyMap<string, string>> {
  const { plan } = incidentResponse;
  const waiting = overlayOfRun(plan, await traceOfWaitingRun());
  const path = overlayOfPath(plan, pathOfNames(plan, ['approval', 'escalate', 'report']));
  return new Map([
    ['run.svg', await drawSvg(plan, { overlay: waiting })],
    ['run.states.svg', await drawSvg(plan, { overlay: waiting, view: 'states' })],
    ['path.svg', await drawSvg(plan, { overlay: path })],
  ]);
}

/** A real run, at the moment when it waits for the decision of a person. */
async function traceOfWaitingRun(): Promise<RunTrace> {
  const store = createMemoryStore();
  const orchestrator = await createOrchestrator({
    workflows: [incidentResponse],
    store,
    logger: pino({ level: 'silent' }),
  });
  try {
    const { runId } = await orchestrator.start(incidentResponse, alert);
    await orchestrator.drive(runId, 'waiting');
    const trace = await traceOf({ orchestrator, store }, runId);
    return { ...trace, title: 'a run that waits for a person' };
  } finally {
    await orchestrator.close();
    await store.close();
  }
}

async function committed(file: string): Promise<string | null> {
  try {
    return await readFile(new URL(file, folder), 'utf8');
  } catch {
    return null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(folder, { recursive: true });
  const stale = await stalePictures();
  const isCheck = process.argv.includes('--check');
  for (const [file, drawn] of stale) {
    console.log(
      `${isCheck ? 'stale' : drawn === null ? 'removed' : 'drawn'}: docs/diagrams/${file}`,
    );
    if (isCheck) continue;
    if (drawn === null) await rm(new URL(file, folder));
    else await writeFile(new URL(file, folder), drawn);
  }
  if (isCheck && stale.size > 0) {
    console.error('Run `npm run draw` and commit what it writes');
    process.exitCode = 1;
  }
}
