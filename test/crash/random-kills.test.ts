import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { RunStatus } from '../../src/plan/plan.ts';
import type { ExportedRun } from '../../src/ports/store.ts';
import { chainFaults } from '../../src/testing/crash/chain-faults.ts';
import { Broken, compare } from '../../src/testing/crash/compare.ts';
import { observe } from '../../src/testing/crash/observe.ts';
import { isRecorded, recordedIn } from '../../src/testing/crash/recorded.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';
import type { Assignment, Line } from './support/assignment.ts';
import {
  arrivedMails,
  checkPromises,
  filesIn,
  hasOneOrder,
  impersonal,
  incident,
  mustHaveEnded,
  quarterly,
} from './support/kill-trial.ts';
import { createPlace, effectsIn, type Place, runsIn, startChild } from './support/processes.ts';
import { drawsOf, isFull, report, seed } from './support/seed.ts';

/** Over both stores. */
const kills = isFull ? 500 : 20;
const runsAtOnce = 20;

/** How each kind of run ends, children included. */
const ends: { readonly [workflow: string]: RunStatus } = {
  'incident-response': 'complete',
  'quarterly-report': 'complete',
  'side-by-side': 'complete',
  undoing: 'failed',
  called: 'complete',
  waiting: 'complete',
  told: 'complete',
};

function mixedRuns(directory: string): Assignment['runs'] {
  return Array.from({ length: runsAtOnce }, (_, index) => {
    const key = `run-${index}`;
    const makers = [
      () => incident(key),
      () => ({ workflow: 'side-by-side', input: 'x', key }),
      () => ({ workflow: 'undoing', input: 'x', key }),
      () => ({ workflow: 'waiting', input: 'x', key }),
    ];
    // drawing charts takes most of a second, so there are two of these only
    if (index % 10 === 9) return quarterly(key, directory);
    return makers[index % makers.length]?.() ?? incident(key);
  });
}

it.concurrent.each(['sqlite', 'lowdb'] as const)(
  `A-02: ${kills / 2} kills at random times during ${runsAtOnce} mixed runs on %s; all end as without kills`,
  async (kind) => {
    const draw = drawsOf(`random kills ${kind}`);
    report(`random kills, ${kind}: seed ${seed}`);
    const reference = await campaign(kind, 0, draw);
    const total = { kills: 0, amid: 0, opening: 0, repeated: 0, rounds: 0 };
    while (total.kills < kills / 2) {
      const round = await campaign(kind, kills / 2 - total.kills, draw);
      compare(round, reference);
      total.rounds += 1;
      total.kills += round.kills;
      total.amid += round.amid;
      total.opening += round.opening;
      total.repeated += round.repeated;
    }

    report(
      `random kills, ${kind}: ${total.kills} kills (${total.opening} while opening, ${total.amid} amid runs) in ${total.rounds} rounds of ${runsAtOnce} runs, ${total.repeated} effects repeated`,
    );
    expect(total.amid, 'killed while runs were under way').toBeGreaterThan(kills / 8);
  },
  isFull ? 3_600_000 : 180_000,
);

interface Round {
  readonly observed: unknown;
  kills: number;
  amid: number;
  opening: number;
  readonly repeated: number;
}

/** Kills until the runs have ended, `limit` times at most; then lets them end. */
async function campaign(
  kind: Assignment['store']['kind'],
  limit: number,
  draw: () => number,
): Promise<Round> {
  const place = createPlace(kind);
  await using server = await startSmtpServer();
  try {
    const environment = { SIGNALBOX_DATA: place.directory, SMTP_URL: server.url };
    const assignment: Assignment = {
      store: place.store,
      runs: mixedRuns(place.directory),
      killAt: null,
      effectsFile: place.effectsFile,
      arrived: [],
      settings: { leaseMs: 250, pollMs: 25, maxDispatches: 10_000 },
      graceMs: null,
    };
    const counts = { kills: 0, amid: 0, opening: 0 };
    const lines: Line[] = [];
    for (;;) {
      const found = await runsIn(place.store);
      checkPromises(lines, found);
      const recorded = recordedIn(found);
      const before = effectsIn(place.effectsFile).length;
      const child = startChild(
        { ...assignment, arrived: arrivedMails(found, server) },
        environment,
      );
      if (counts.kills < limit) {
        // half of them soon after the child has opened its store, the others at any time
        if (draw() < 0.5) await child.said('opened');
        await Promise.race([child.ended, delay(draw() * 700)]);
        child.process.kill('SIGKILL');
      }
      const ended = await child.ended;
      lines.push(...ended.lines);
      checkAgain(place, before, recorded);
      if (ended.signal !== 'SIGKILL') {
        mustHaveEnded(ended);
        break;
      }
      counts.kills += 1;
      if (!ended.lines.some(({ type }) => type === 'opened')) counts.opening += 1;
      else counts.amid += 1;
    }
    const runs = await runsIn(place.store);
    checkPromises(lines, runs);
    checkMails(runs, server);
    const faults = chainFaults(runs);
    if (faults.length > 0) throw new Broken(`Audit chain broken: ${faults.join('; ')}`);
    const effects = effectsIn(place.effectsFile);
    return {
      ...counts,
      observed: summary(runs, place),
      repeated:
        effects.length - new Set(effects.map(({ key, attempt }) => `${key}#${attempt}`)).size,
    };
  } finally {
    place.dispose();
  }
}

function checkAgain(place: Place, before: number, recorded: ReadonlySet<string>): void {
  const again = effectsIn(place.effectsFile)
    .slice(before)
    .filter((effect) => isRecorded(recorded, { ...effect, name: effect.step }, false));
  if (again.length > 0)
    throw new Broken(`Done again although its result was recorded: ${JSON.stringify(again)}`);
}

function checkMails(runs: readonly ExportedRun[], server: TestSmtpServer): void {
  const expected = runs.filter(({ header }) => header.workflow === 'quarterly-report').length;
  const ids = new Set(server.mails.map(({ messageId }) => messageId));
  if (server.mails.length !== expected || ids.size !== expected)
    throw new Broken(`${server.mails.length} mails arrived instead of ${expected}`);
}

/** Every run by itself, so that the order in which they were made or ended does not matter. */
function summary(runs: readonly ExportedRun[], place: Place): readonly string[] {
  const wrong = runs.filter(({ header, state }) => ends[header.workflow] !== state.status);
  if (wrong.length > 0)
    throw new Broken(
      `Ended wrongly: ${JSON.stringify(wrong.map(({ header, state }) => [header.id, header.workflow, state.status]))}`,
    );
  const nameless = (text: string) =>
    runs.reduce((left, { header }) => left.replaceAll(header.id, `<${header.workflow}>`), text);
  const each = runs.map((run) => {
    const isOrdered = hasOneOrder(run.header.workflow);
    const observed = observe(familyOf(run, runs), [], { isOrdered, mayAsk: true });
    return nameless(impersonal(JSON.stringify(observed), place));
  });
  return [...each, ...filesIn(place.directory)].sort();
}

/** A run with its children: their ids are in its history. */
function familyOf(run: ExportedRun, runs: readonly ExportedRun[]): readonly ExportedRun[] {
  return [run, ...runs.filter(({ header }) => header.parent?.runId === run.header.id)];
}
