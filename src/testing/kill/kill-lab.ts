/** Plays a path in a real process that is killed at one place and followed by another. */
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { ExportedRun } from '../../ports/store.ts';
import { checkAcknowledged } from '../crash/acknowledged.ts';
import { checkEffects, checkRepetitions, checkRuns, repetitions } from '../crash/checks.ts';
import { Broken } from '../crash/compare.ts';
import type { CrashPlace, Execution, Lab } from '../crash/labs.ts';
import { exported, observe } from '../crash/observe.ts';
import { recordedIn } from '../crash/recorded.ts';
import type { Scene } from '../crash/scene.ts';
import type { Effect } from '../crash/stage.ts';
import { ManualClock } from '../manual-clock.ts';
import type { KillAssignment, KillLine, KillTarget } from './assignment.ts';
import { type Ended, startChild } from './children.ts';
import { occurrences } from './occurrence.ts';
import { createPlace, type DiskStore, type KillPlace, linesIn, lookAt } from './remains.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const script = fileURLToPath(new URL(`./child.${extension}`, import.meta.url));

export function createKillLab(target: KillTarget, store: DiskStore): Lab {
  return {
    store,
    mode: 'sigkill',
    width: 2,
    async execute(scene, at) {
      const place = createPlace(store);
      try {
        return await execute(target, scene, place, at);
      } finally {
        place.dispose();
      }
    },
  };
}

async function execute(
  target: KillTarget,
  scene: Scene,
  place: KillPlace,
  at: CrashPlace | null,
): Promise<Execution> {
  const { store, effectsFile } = place;
  const killAt = at === null ? null : (occurrences(at.places)[at.number - 1] ?? null);
  const startMs = new ManualClock().nowMs();
  const base = { target, path: scene.name, store, effectsFile };
  const first = await live({ ...base, life: 1, startMs, killAt });
  const isDisturbed = first.signal === 'SIGKILL';
  const lines = [...first.lines];
  if (isDisturbed) {
    const found = await runsIn(place, lines);
    const laterMs = Math.max(startMs, ...found.map(({ state }) => state.updatedAtMs));
    const second = await live({ ...base, life: 2, startMs: laterMs, killAt: null });
    mustHaveEnded(second);
    lines.push(...second.lines);
    const later = linesIn<Effect>(effectsFile).filter(({ life }) => life === 2);
    checkRepetitions(scene, later, recordedIn(found));
  } else mustHaveEnded(first);
  const runs = await runsIn(place, lines);
  const effects = linesIn<Effect>(effectsFile);
  checkRuns(runs);
  checkEffects(scene, effects);
  return {
    observed: observe(runs, effects, scene),
    places: first.lines.find((line) => line.type === 'ended')?.places ?? [],
    isDisturbed,
    repeated: repetitions(effects),
    isUndecided: lines.some((line) => line.type === 'ended' && line.isUndecided),
  };
}

function live(assignment: KillAssignment): Promise<Ended<KillLine>> {
  return startChild<KillLine>({ script, assignment, environment: process.env }).ended;
}

/** What is in the store. @throws Broken if something that was acknowledged is not */
async function runsIn(
  { store }: KillPlace,
  lines: readonly KillLine[],
): Promise<readonly ExportedRun[]> {
  const made = lines.flatMap((line) => (line.type === 'acknowledged' ? [line.made] : []));
  const runs = await lookAt(store, async (opened) => {
    const found = await exported(opened);
    await checkAcknowledged(made, found, opened);
    return found;
  });
  if (runs === null && made.length > 0)
    throw new Broken(`Acknowledged and lost with the whole store: ${inspect(made[0])}`);
  return runs ?? [];
}

function mustHaveEnded({ code, signal, errors }: Ended<KillLine>): void {
  if (code !== 0)
    throw new Broken(`The process ended with ${code ?? signal}:\n${errors.slice(-4_000)}`);
}
