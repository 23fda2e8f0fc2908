/** A program in a real process that is killed at one place, started anew, and compared with its undisturbed execution. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sha256 } from '../../../src/engine/canonical.ts';
import { idempotencyKey } from '../../../src/engine/keys.ts';
import type { ExportedRun } from '../../../src/ports/store.ts';
import { chainFaults } from '../../../src/testing/crash/chain-faults.ts';
import { Broken } from '../../../src/testing/crash/compare.ts';
import { observe } from '../../../src/testing/crash/observe.ts';
import { isRecorded, recordedIn } from '../../../src/testing/crash/recorded.ts';
import type { Occurrence } from '../../../src/testing/kill/occurrence.ts';
import { lookAt } from '../../../src/testing/kill/remains.ts';
import { startSmtpServer, type TestSmtpServer } from '../../support/smtp-server.ts';
import type { Assignment, Line, NotedEffect } from './assignment.ts';
import { isPausedIn } from './pause-all.ts';
import { createPlace, type Ended, effectsIn, type Place, runsIn, startChild } from './processes.ts';

export interface Program {
  readonly name: string;
  readonly runs: (directory: string) => Assignment['runs'];
  /** See `Assignment`. */
  readonly pausesAll?: true;
  /** Mails that have to have arrived in the end. */
  readonly mails: number;
}

export const programs: readonly Program[] = [
  {
    name: 'incident-response',
    runs: () => [incident('one')],
    pausesAll: true,
    mails: 0,
  },
  {
    name: 'quarterly-report',
    runs: (directory) => [quarterly('one', directory)],
    mails: 1,
  },
  {
    name: 'K-03: compensation of tasks, a child and a map',
    runs: () => [{ workflow: 'undoing', input: 'x', key: 'one' }],
    mails: 0,
  },
];

/** Steps that run side by side end in any order: a slow one is decided past. */
const sideBySide: ReadonlySet<string> = new Set(['side-by-side', 'incident-response']);

export function hasOneOrder(workflow: string): boolean {
  return !sideBySide.has(workflow);
}

export function incident(key: string): Assignment['runs'][number] {
  const input = { device_id: 'PUMP-07B', error: 'PRESSURE_SPIKE_DETECTED' };
  return { workflow: 'incident-response', input, key };
}

export function quarterly(key: string, directory: string): Assignment['runs'][number] {
  const output_dir = join(directory, 'reports');
  const input = { from: '2025-01-01', to: '2025-03-31', date: '2025-04-01', output_dir };
  return { workflow: 'quarterly-report', input, key };
}

export interface KillTrial {
  readonly observed: unknown;
  /** Where it was killed; `null`: it came to its end. */
  readonly died: string | null;
  /** Places of a life that was not ended. */
  readonly places: readonly string[];
  /** Effects that were begun once more. */
  readonly repeated: number;
  readonly wasAsked: boolean;
}

const settings = { leaseMs: 250, pollMs: 25 };

export async function killTrial(
  program: Program,
  kind: Assignment['store']['kind'],
  killAt: Occurrence | null,
): Promise<KillTrial> {
  const place = createPlace(kind);
  await using server = await startSmtpServer();
  try {
    const assignment: Assignment = {
      store: place.store,
      runs: program.runs(place.directory),
      killAt,
      effectsFile: place.effectsFile,
      arrived: [],
      settings,
      graceMs: null,
      ...(program.pausesAll === undefined ? {} : { pausesAll: program.pausesAll }),
    };
    const environment = { SIGNALBOX_DATA: place.directory, SMTP_URL: server.url };
    const first = await startChild(assignment, environment).ended;
    const died = first.lines.find((line) => line.type === 'died')?.place ?? null;
    if (died === null) mustHaveEnded(first);
    else await goOn(assignment, environment, place, first.lines, server);
    return await look(program, place, server, first.lines, died);
  } finally {
    place.dispose();
  }
}

/** The second life, and what it must not do. */
async function goOn(
  assignment: Assignment,
  environment: Readonly<Record<string, string>>,
  place: Place,
  lines: readonly Line[],
  server: TestSmtpServer,
): Promise<void> {
  const found = await runsIn(place.store);
  checkPromises(lines, found);
  await checkSwitch(lines, place);
  const recorded = recordedIn(found);
  const before = effectsIn(place.effectsFile).length;
  const arrived = arrivedMails(found, server);
  const second = await startChild({ ...assignment, killAt: null, arrived }, environment).ended;
  mustHaveEnded(second);
  checkPromises([...lines, ...second.lines], await runsIn(place.store));
  const again = effectsIn(place.effectsFile)
    .slice(before)
    .filter((effect) => isRecorded(recorded, { ...effect, name: effect.step }, false));
  if (again.length > 0)
    throw new Broken(`Done again although its result was recorded: ${inspect(again)}`);
}

export function mustHaveEnded({ code, signal, errors }: Ended): void {
  if (code !== 0)
    throw new Broken(`The process ended with ${code ?? signal}:\n${errors.slice(-4_000)}`);
}

export function checkPromises(lines: readonly Line[], runs: readonly ExportedRun[]): void {
  for (const line of lines) {
    if (line.type !== 'promised') continue;
    const run = runs.find(({ header }) => header.id === line.runId);
    const isKept = run?.history.some(({ event }) => event === line.event);
    if (isKept !== true) throw new Broken(`Acknowledged and lost: ${inspect(line)}`);
  }
}

/** A pause that was acknowledged is on record, and one that was acknowledged to be over is over. */
async function checkSwitch(lines: readonly Line[], { store }: Place): Promise<void> {
  const switched = lines.flatMap((line) => (line.type === 'switched' ? [line.isPaused] : []));
  const last = switched.at(-1);
  if (last === undefined) return;
  const isPaused = await lookAt(store, isPausedIn);
  if (isPaused === null || (!last && isPaused))
    throw new Broken(`Acknowledged to be ${last ? 'paused' : 'resumed'}, and found ${isPaused}`);
}

/** Run and Message-ID of every mail the server has. */
export function arrivedMails(
  runs: readonly ExportedRun[],
  server: TestSmtpServer,
): readonly string[] {
  return runs.flatMap(({ header, state }) => {
    const messageId = `<${sha256(idempotencyKey(header.id, 'send_email', state.generation)).slice(0, 32)}@company.com>`;
    return server.mails.some((mail) => mail.messageId === messageId)
      ? [`${header.id} ${messageId}`]
      : [];
  });
}

async function look(
  program: Program,
  place: Place,
  server: TestSmtpServer,
  lines: readonly Line[],
  died: string | null,
): Promise<KillTrial> {
  const runs = await runsIn(place.store);
  const faults = chainFaults(runs);
  if (faults.length > 0) throw new Broken(`Audit chain broken: ${faults.join('; ')}`);
  if (server.mails.length !== program.mails)
    throw new Broken(`${server.mails.length} mails arrived instead of ${program.mails}`);
  const effects = effectsIn(place.effectsFile);
  return {
    observed: observedIn(runs, effects, place),
    died,
    places: lines.find((line) => line.type === 'ended')?.places ?? [],
    repeated: effects.length - new Set(effects.map(({ key, attempt }) => `${key}#${attempt}`)).size,
    wasAsked: runs.some(({ history }) => history.some(({ event }) => event.endsWith('.in_doubt'))),
  };
}

function observedIn(
  runs: readonly ExportedRun[],
  effects: readonly NotedEffect[],
  place: Place,
): unknown {
  const observed = observe(
    runs,
    effects.map((effect) => ({ ...effect, life: 0, name: effect.step })),
    { isOrdered: runs.every(({ header }) => hasOneOrder(header.workflow)), mayAsk: true },
  );
  return JSON.parse(
    impersonal(JSON.stringify({ ...observed, files: filesIn(place.directory) }), place),
  );
}

/** What differs from one execution to the next has one name in all of them. */
export function impersonal(text: string, place: Place): string {
  return text
    .replaceAll(place.directory, '<directory>')
    .replaceAll(/<[0-9a-f]{32}@company\.com>/g, '<message-id>')
    .replaceAll(/"update_id":"[0-9a-f]{32}"/g, '"update_id":"<update>"');
}

/** Contents of the incident's ledger, and names of the report's files. */
export function filesIn(directory: string): readonly string[] {
  const ledger = contentsOf(join(directory, 'incident-response'));
  const reports = namesIn(join(directory, 'reports')).map((name) => name.replace(/^.*\//, ''));
  return [...ledger, ...reports].sort();
}

function contentsOf(folder: string): readonly string[] {
  return namesIn(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
}

/** Without what a killed write left half-way. */
function namesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
