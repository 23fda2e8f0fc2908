import { ManualClock } from '../manual-clock.ts';
import type { Life } from './life.ts';

/** Something a handler did to the world outside. */
export interface Effect {
  /** Of the process that had it, from 1. */
  readonly life: number;
  readonly kind: 'run' | 'undo' | 'compute';
  /** Step, `step/index/node` inside a map, or `step:checkpoint`. */
  readonly name: string;
  readonly runId: string;
  /** Idempotency key. */
  readonly key: string;
  readonly attempt: number;
  /** Of the fallback of a step, which has a key of its own and counts its attempts afresh. */
  readonly isFallback?: boolean;
  /** Declared `repeat: 'unsafe'`: never to be had again without a verdict. */
  readonly isUnsafe?: boolean;
}

/** What outlives a process besides its store: time, and the world it acts on. */
export interface Stage {
  life: Life;
  /** Of the present life; a new life begins at the time at which the one before ended. */
  clock: ManualClock;
  /** Ids handed out so far. */
  ids: number;
  /** See `World.patienceMs`. */
  patienceMs: number;
  /** A run was being stopped and nobody can say any more what became of an attempt: it must end alike, but not in the same way. */
  isUndecided: boolean;
  readonly effects: Effect[];
  /** Does the work and notes it as an effect, if it was one, between two places at which the process may die. */
  around<T>(
    effect: Omit<Effect, 'life'>,
    work: () => Promise<T>,
    hasHappened?: (result: T) => boolean,
  ): Promise<T>;
}

/** @param onEffect - told of every effect */
export function createStage(life: Life, onEffect: (effect: Effect) => void = () => {}): Stage {
  const stage: Stage = {
    life,
    clock: new ManualClock(),
    ids: 0,
    patienceMs: 1_000,
    isUndecided: false,
    effects: [],
    async around(effect, work, hasHappened = () => true) {
      // whoever is called by a process stays part of it
      const { life } = stage;
      await life.pass(`${effect.kind}.before`);
      const result = await work();
      if (hasHappened(result)) {
        const had = { ...effect, life: life.number };
        stage.effects.push(had);
        onEffect(had);
      }
      await life.pass(`${effect.kind}.after`);
      return result;
    },
  };
  return stage;
}

/** The same effect has one identity, however often it is had. */
export function identityOf(effect: Effect): string {
  const { kind, runId, name, isFallback = false, attempt, key } = effect;
  return `${kind} ${runId} ${name}${isFallback ? ' (fallback)' : ''} #${attempt} ${key}`;
}
