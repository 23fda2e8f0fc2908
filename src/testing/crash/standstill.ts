/** Two processes on one store: one stands still at some place for longer than its lease, the other takes over, the first wakes up. */
import { SignalboxError } from '../../errors.ts';
import type { Store } from '../../ports/store.ts';
import type { ManualClock } from '../manual-clock.ts';
import { checkRuns } from './checks.ts';
import { Broken } from './compare.ts';
import { withPlaces } from './fault-store.ts';
import { createLife, type Life, turns } from './life.ts';
import { exported, type Observed, observe } from './observe.ts';
import type { Scene } from './scene.ts';
import { identityOf, type Stage } from './stage.ts';

export interface StandstillTrial {
  readonly observed: Observed;
  /** Where processes stood still. */
  readonly stops: readonly string[];
  /** Of the first process. */
  readonly places: readonly string[];
  readonly isUndecided: boolean;
}

export interface StandstillOptions<S extends Stage> {
  readonly scene: Scene<S>;
  /** A store of one process each time, all on the same data. */
  open(): Promise<Store>;
  /** Starts have to have a key: two processes may each be asked to start the same run. */
  createStage(life: Life): S;
  /** Where the first process stands still, and where the second does, if it does. */
  readonly suspendAt: readonly [first: number, second?: number];
}

interface Process {
  readonly life: Life;
  readonly clock: ManualClock;
  readonly ended: Promise<void>;
  readonly isAsleep: boolean;
}

/** @throws Broken if something promised was not kept */
export async function standstillTrial<S extends Stage>(
  options: StandstillOptions<S>,
): Promise<StandstillTrial> {
  const { scene, open, suspendAt } = options;
  const begin = (number: number) =>
    createLife({
      number,
      killAt: null,
      suspendAt: suspendAt[number - 1] ?? Number.POSITIVE_INFINITY,
    });
  const stage = options.createStage(begin(1));
  const first = await run(scene, stage, await open());
  const processes = [first];
  if (first.isAsleep) {
    stage.life = begin(2);
    if (scene.leaseMs !== undefined) stage.clock.jump(scene.leaseMs + 1);
    processes.push(await run(scene, stage, await open()));
  }
  for (const one of processes) if (one.isAsleep) await wake(scene, stage, one);
  const stops = processes.flatMap(({ life, isAsleep }, index) =>
    isAsleep ? [life.places[(suspendAt[index] ?? 0) - 1] ?? ''] : [],
  );
  const store = await open();
  const runs = await exported(store);
  checkRuns(runs);
  await scene.check?.(stage, runs, store);
  for (const [identity, effects] of Map.groupBy(stage.effects, identityOf))
    if (effects.length > 1 + stops.length && scene.isRunAfresh !== true)
      throw new Broken(`Done ${effects.length} times: ${identity}`);
  return {
    observed: observe(runs, stage.effects, { ...scene, mayNote: true }),
    stops,
    places: first.life.places,
    isUndecided: stage.isUndecided,
  };
}

/** Of real time; a play that waits for nobody is over long before. */
const passingMs = 1_000;

/** Until it ends, or stands still. */
async function run<S extends Stage>(scene: Scene<S>, stage: S, store: Store): Promise<Process> {
  const { life } = stage;
  const ended = scene.play(stage, withPlaces(store, life));
  ended.catch(() => {});
  const either = Promise.race([ended.then(() => false), life.suspended.then(() => true)]);
  const isAsleep = await whileTimePasses(scene, stage, either);
  await turns(20);
  return { life, clock: stage.clock, ended, isAsleep };
}

/** Whoever asks a process that stands still for something is answered when time has passed. */
async function whileTimePasses<S extends Stage, T>(
  { leaseMs }: Scene<S>,
  stage: S,
  work: Promise<T>,
): Promise<T> {
  if (leaseMs === undefined) return work;
  const passing = setInterval(() => void stage.clock.advance(leaseMs), passingMs);
  try {
    return await work;
  } finally {
    clearInterval(passing);
  }
}

/** It finds that time has passed, and goes on to its end. */
async function wake<S extends Stage>(
  scene: Scene<S>,
  stage: S,
  { life, clock, ended }: Process,
): Promise<void> {
  clock.jump(stage.clock.nowMs() - clock.nowMs());
  stage.life = life;
  stage.clock = clock;
  life.resume();
  await whileTimePasses(scene, stage, ended.catch(refusedOnly));
  await clock.advance(20_000);
}

/** Whoever wakes up and asks for what has happened meanwhile is told so. */
function refusedOnly(error: unknown): void {
  if (!(error instanceof SignalboxError)) throw error;
}
