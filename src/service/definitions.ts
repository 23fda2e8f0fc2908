/** The loaded workflows, as far as the service knows more of them than the orchestrator. */
import type { LeftBehind } from '../analysis/left-behind.ts';

export interface DefinitionsState {
  /** Modules that could not be loaded; what they defined before goes on. */
  readonly problems: readonly { readonly module: string; readonly message: string }[];
  /** The latest change of the code since the service was started; `null`: none. */
  readonly change: DefinitionsChange | null;
}

export interface DefinitionsChange {
  readonly atMs: number;
  /** Workflows that are new or whose plan has changed, and what becomes of the unfinished runs of their other plans. */
  readonly workflows: readonly (LeftBehind & {
    readonly workflow: string;
    readonly version: number;
    readonly hash: string;
  })[];
}
