/** Two processes on one store: one stands still at some place for longer than its lease, the other takes over, the first wakes up. */
import { SignalboxError } from '../../../src/index.ts';
import type { Store } from '../../../src/ports/store.ts';
import type { ManualClock } from '../../../src/testing/manual-clock.ts';
import { withPlaces } from './fault-store.ts';
import { createLife, type Life, turns } from './life.ts';
import { chainFaults, exported, type Observed, observe } from './observed.ts';
import type { Scenario } from './scenarios.ts';
import { live } from './session.ts';
import { createStage, type Stage } from './stage.ts';
import { Broken, checkPromises, identityOf } from './trial.ts';

export interface ZombieTrial {
  readonly observed: Observed;
  /** Where processes stood still. */
  readonly stops: readonly string[];
  /** Of the first process. */
  readonly places: readonly string[];
}

export interface ZombieOptions {
  readonly scenario: Scenario;
  /** A store of one process each time, all on the same data. */
  open(): Promise<Store>;
  setStage(stage: Stage): void;
  /** Where the first process stands still, and where the second does, if it does. */
  readonly suspendAt: readonly [first: number, second?: number];
}

interface Process {
  readonly life: Life;
  readonly clock: ManualClock;
  readonly ended: Promise<void>;
  readonly isAsleep: boolean;
}

export async function zombieTrial({
  scenario,
  open,
  setStage,
  suspendAt,
}: ZombieOptions): Promise<ZombieTrial> {
  const begin = (number: number) =>
    createLife({
      number,
      killAt: null,
      suspendAt: suspendAt[number - 1] ?? Number.POSITIVE_INFINITY,
    });
  const stage = createStage(begin(1));
  stage.isKeyed = true;
  setStage(stage);
  const first = await run(scenario, stage, await open());
  const processes = [first];
  if (first.isAsleep) {
    stage.life = begin(2);
    processes.push(await run(scenario, stage, await open()));
  }
  for (const one of processes) if (one.isAsleep) await wake(stage, one);
  const stops = processes.flatMap(({ life, isAsleep }, index) =>
    isAsleep ? [life.places[(suspendAt[index] ?? 0) - 1] ?? ''] : [],
  );
  const store = await open();
  const runs = await exported(store);
  const faults = chainFaults(runs);
  if (faults.length > 0) throw new Broken(`Audit chain broken: ${faults.join('; ')}`);
  await checkPromises(scenario, stage, runs, store);
  for (const [identity, effects] of Map.groupBy(stage.effects, identityOf))
    if (effects.length > 1 + stops.length && !scenario.isRunAfresh)
      throw new Broken(`Done ${effects.length} times: ${identity}`);
  return {
    observed: observe(runs, stage.effects, { ...scenario, mayNote: true }),
    stops,
    places: first.life.places,
  };
}

/** Until it ends, or stands still. */
async function run(scenario: Scenario, stage: Stage, store: Store): Promise<Process> {
  const { life } = stage;
  const ended = live(scenario, stage, withPlaces(store, life));
  ended.catch(() => {});
  const isAsleep = await Promise.race([ended.then(() => false), life.suspended.then(() => true)]);
  await turns(20);
  return { life, clock: stage.clock, ended, isAsleep };
}

/** It finds that time has passed, and goes on to its end. */
async function wake(stage: Stage, { life, clock, ended }: Process): Promise<void> {
  clock.jump(stage.clock.nowMs() - clock.nowMs());
  stage.life = life;
  stage.clock = clock;
  life.resume();
  await ended.catch(refusedOnly);
  await clock.advance(20_000);
}

/** Whoever wakes up and asks for what has happened meanwhile is told so. */
function refusedOnly(error: unknown): void {
  if (!(error instanceof SignalboxError)) throw error;
}
