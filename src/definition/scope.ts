import type { Gate, PlanNode } from '../plan/plan.ts';

/** A region of the definition: the whole run, one branch of a choice, or the body of a map. */
export interface Scope {
  /** What is being defined. */
  readonly draft: { readonly workflow: string };
  readonly parent: Scope | null;
  /** How it is named in messages. */
  readonly title: string;
  /** Of all branches around, the outermost first. */
  readonly gates: readonly Gate[];
  /** Where its nodes go; the body of a map has nodes of its own. */
  readonly nodes: PlanNode[];
  /** `true` inside the body of a map. */
  readonly isBody: boolean;
  /** Ids of all nodes declared in it, nested branches included. */
  readonly members: string[];
  /** Set inside `w.sequence`: the node the next one has to wait for. */
  sequence: { last: string | null } | null;
}
