import type { ExportedRun, Store } from '../../ports/store.ts';
import type { ObserveOptions } from './observe.ts';
import type { Stage } from './stage.ts';

/** What may differ from the undisturbed execution, and what must not. */
export interface SceneRules extends ObserveOptions {
  /** Effects, by name, that must be had exactly once, crash or no crash. */
  readonly neverTwice?: readonly string[];
  /** Its workflows are `fast`: a power loss may cost what was acknowledged last. */
  readonly mayForget?: boolean;
  /** Runs start afresh after a rollback, so that their effects get new keys. */
  readonly isRunAfresh?: boolean;
}

/** Something that is lived through once undisturbed, and again with a crash at each place. */
export interface Scene<S extends Stage = Stage> extends SceneRules {
  readonly name: string;
  /** How long its processes hold a run on a shared store; without it they wait for the lease of a dead one themselves. */
  readonly leaseMs?: number;
  /** Opens an orchestrator on the store and brings every run to its end, from wherever an earlier life left it. */
  play(stage: S, store: Store): Promise<void>;
  /** Told of the runs when a life begins and when the last one ends. @throws Broken if something promised was not kept */
  check?(stage: S, runs: readonly ExportedRun[], store: Store): Promise<void>;
}
