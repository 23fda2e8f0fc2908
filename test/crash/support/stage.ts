import type { AttemptInfo } from '../../../src/ports/bindings.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import type { Life } from './life.ts';

/** Something a handler did to the world outside. */
export interface Effect {
  readonly life: number;
  readonly kind: 'run' | 'undo' | 'compute';
  /** Step, `step/index/node` inside a map, or `step:checkpoint`. */
  readonly name: string;
  readonly runId: string;
  readonly key: string;
  readonly attempt: number;
}

/** A call that was answered with success: what it did has to outlive every crash. */
export type Promised =
  | { readonly kind: 'start'; readonly runId: string }
  | { readonly kind: 'entry'; readonly runId: string; readonly event: string }
  | { readonly kind: 'signal'; readonly runId: string; readonly id: string }
  | { readonly kind: 'message'; readonly id: string };

/** What outlives a process besides its store: the world it acts on, and the memory of those who called it. */
export interface Stage {
  life: Life;
  /** Of the present life; a new life begins at the time at which the one before ended. */
  clock: ManualClock;
  /** Ids handed out so far. */
  ids: number;
  /** Starts without a key get one: two processes may each be asked to start the same run. */
  isKeyed: boolean;
  /** Somebody has mended what a handler needs. */
  isRepaired: boolean;
  readonly effects: Effect[];
  readonly promises: Promised[];
  /** Done by a handler, between two places at which the process may die. */
  perform(kind: Effect['kind'], name: string, context: AttemptInfo): Promise<void>;
}

export function createStage(life: Life): Stage {
  const stage: Stage = {
    life,
    clock: new ManualClock(),
    ids: 0,
    isKeyed: false,
    isRepaired: false,
    effects: [],
    promises: [],
    async perform(kind, name, { run, idempotencyKey, attempt }) {
      const { life } = stage;
      await life.pass(`${kind}.before`);
      stage.effects.push({
        life: life.number,
        kind,
        name,
        runId: run.runId,
        key: idempotencyKey,
        attempt,
      });
      await life.pass(`${kind}.after`);
    },
  };
  return stage;
}
