/** One scenario on one kind of store, killed at one or more places, started anew each time, and compared with its undisturbed execution. */
import { inspect, isDeepStrictEqual } from 'node:util';
import type { ExportedRun, Store } from '../../../src/ports/store.ts';
import { createLife, type Life, turns } from './life.ts';
import {
  chainFaults,
  exported,
  isRecorded,
  type Observed,
  observe,
  recordedIn,
} from './observed.ts';
import type { Scenario } from './scenarios.ts';
import { live } from './session.ts';
import { createStage, type Stage } from './stage.ts';

/** What outlives the process: a memory that stands for a disk, a database file, a directory. */
export interface Medium {
  open(life: Life): Promise<Store>;
  /** Called at the moment of death. */
  onEnd?(): void;
  dispose(): Promise<void>;
}

export interface Trial {
  readonly observed: Observed;
  /** Places at which lives ended. */
  readonly deaths: readonly string[];
  /** Places of the first life. */
  readonly places: readonly string[];
  /** Effects that were had once more after a crash. */
  readonly repeated: number;
}

export class Broken extends Error {
  override readonly name = 'Broken';
}

export interface TrialOptions {
  readonly scenario: Scenario;
  readonly medium: Medium;
  /** Makes the stage the one on which the scenario's handlers act. */
  setStage(stage: Stage): void;
  /** Where the first life ends, where the second, …; after that nobody dies. */
  readonly kills: readonly number[];
}

/** @throws Broken if a promise was not kept, Stuck if the runs did not come to their end */
export async function attempt({ scenario, medium, setStage, kills }: TrialOptions): Promise<Trial> {
  const lives: Life[] = [];
  const begin = (): Life => {
    const killAt = kills[lives.length] ?? null;
    const life = createLife({ number: lives.length + 1, killAt, onEnd: () => medium.onEnd?.() });
    lives.push(life);
    return life;
  };
  const stage = createStage(begin());
  setStage(stage);
  let recorded: ReadonlySet<string> = new Set();
  try {
    for (;;) {
      const { life } = stage;
      const first = stage.effects.length;
      const ended = await Promise.race([oneLife(), life.over]);
      await turns(5);
      checkRepetitions(scenario, stage, first, recorded);
      if (ended !== undefined) {
        checkEffects(scenario, stage, ended);
        return {
          observed: observe(ended, stage.effects, scenario),
          deaths: lives.flatMap(({ endedAt }) => endedAt ?? []),
          places: lives[0]?.places ?? [],
          repeated: stage.effects.length - new Set(stage.effects.map(identityOf)).size,
        };
      }
      stage.life = begin();
      recorded = new Set();
    }
  } finally {
    await medium.dispose();
  }

  async function oneLife(): Promise<readonly ExportedRun[]> {
    const store = await medium.open(stage.life);
    const found = await exported(store);
    recorded = recordedIn(found);
    await checkPromises(scenario, stage, found, store);
    await live(scenario, stage, store);
    const runs = await exported(store);
    await checkPromises(scenario, stage, runs, store);
    await store.close();
    return runs;
  }
}

/** Nothing whose result was recorded when the life began was done in it. */
function checkRepetitions(
  { isRunAfresh = false }: Scenario,
  stage: Stage,
  first: number,
  recorded: ReadonlySet<string>,
): void {
  const again = stage.effects
    .slice(first)
    .filter((effect) => isRecorded(recorded, effect, isRunAfresh));
  if (again.length > 0)
    throw new Broken(`Done again although its result was recorded: ${inspect(again)}`);
}

export async function checkPromises(
  { mayForget = false }: Scenario,
  stage: Stage,
  runs: readonly ExportedRun[],
  store: Store,
): Promise<void> {
  if (mayForget) return;
  for (const made of stage.promises) {
    const run = 'runId' in made ? runs.find(({ header }) => header.id === made.runId) : undefined;
    const isKept =
      made.kind === 'start'
        ? run !== undefined
        : made.kind === 'entry'
          ? run?.history.some(({ event }) => event === made.event) === true
          : made.kind === 'signal'
            ? run?.history.some(({ data }) => data?.['signal'] === made.id) === true
            : (await store.answer(made.id)) !== null;
    if (!isKept) throw new Broken(`Acknowledged and lost: ${inspect(made)}`);
  }
}

/** An effect has one key whatever happens, and happens once more at most for each crash. */
function checkEffects(scenario: Scenario, stage: Stage, runs: readonly ExportedRun[]): void {
  const faults = chainFaults(runs);
  if (faults.length > 0) throw new Broken(`Audit chain broken: ${faults.join('; ')}`);
  const keys = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const effect of stage.effects) {
    const path = `${effect.kind} ${effect.runId} ${effect.name} ${runs.length}`;
    const identity = identityOf(effect);
    counts.set(`${effect.life} ${identity}`, (counts.get(`${effect.life} ${identity}`) ?? 0) + 1);
    const known = keys.get(path) ?? effect.key;
    keys.set(path, known);
    if (known !== effect.key && !scenario.isRunAfresh)
      throw new Broken(`Another key the second time: ${inspect(effect)}`);
  }
  for (const [identity, count] of counts) {
    if (count > 1 && !scenario.isRunAfresh)
      throw new Broken(`Done ${count} times in one life: ${identity}`);
  }
  for (const name of scenario.neverTwice ?? []) {
    const had = stage.effects.filter((effect) => effect.name === name).length;
    if (had !== 1) throw new Broken(`"${name}" was done ${had} times`);
  }
}

export function identityOf({
  kind,
  runId,
  name,
  attempt: number,
  key,
}: Stage['effects'][number]): string {
  return `${kind} ${runId} ${name} #${number} ${key}`;
}

/** @throws Broken with what differs */
export function compare(
  trial: { readonly observed: unknown },
  reference: { readonly observed: unknown },
): void {
  if (isDeepStrictEqual(trial.observed, reference.observed)) return;
  const difference = differenceOf(reference.observed, trial.observed, '');
  throw new Broken(`Ends otherwise than without kills:\n${difference.slice(0, 20).join('\n')}`);
}

function differenceOf(expected: unknown, found: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(expected, found)) return [];
  if (isObject(expected) && isObject(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
    return [...keys].flatMap((key) => differenceOf(expected[key], found[key], `${path}.${key}`));
  }
  const show = (value: unknown) => inspect(value, { depth: 6, breakLength: 200 });
  return [`${path}: expected ${show(expected)}, found ${show(found)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
