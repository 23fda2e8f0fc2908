import type { AttemptInfo } from '../../../src/ports/bindings.ts';
import type { Life } from '../../../src/testing/crash/life.ts';
import {
  type Stage as CrashStage,
  createStage as createCrashStage,
  type Effect,
} from '../../../src/testing/crash/stage.ts';

/** A call that was answered with success: what it did has to outlive every crash. */
export type Promised =
  | { readonly kind: 'start'; readonly runId: string }
  | { readonly kind: 'entry'; readonly runId: string; readonly event: string }
  | { readonly kind: 'signal'; readonly runId: string; readonly id: string }
  | { readonly kind: 'message'; readonly id: string };

/** The world, and the memory of those who called the process. */
export interface Stage extends CrashStage {
  /** Starts without a key get one: two processes may each be asked to start the same run. */
  isKeyed: boolean;
  /** Somebody has mended what a handler needs. */
  isRepaired: boolean;
  readonly promises: Promised[];
  /** Done by a handler, between two places at which the process may die. */
  perform(kind: Effect['kind'], name: string, context: AttemptInfo): Promise<void>;
}

export function createStage(life: Life): Stage {
  const stage: Stage = Object.assign(createCrashStage(life), {
    isKeyed: false,
    isRepaired: false,
    promises: [],
    perform(kind: Effect['kind'], name: string, context: AttemptInfo): Promise<void> {
      const { run, idempotencyKey: key, attempt } = context;
      const isFallback = name.endsWith('-fallback');
      const effect = { kind, name, runId: run.runId, key, attempt, isFallback };
      return stage.around(effect, async () => {});
    },
  });
  return stage;
}
