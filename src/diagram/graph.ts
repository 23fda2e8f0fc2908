/** What every drawing is made from, whatever it shows: boxes, some inside others, and arrows between boxes that share a surrounding. */
import type { StepKind } from '../plan/plan.ts';

/** `steps`: what people wired, and what follows what. `states`: the statechart that runs, with its events and guards. */
export type View = 'steps' | 'states';

/** What a node stands for; its shape and colour follow. */
export type GraphNodeKind =
  | StepKind
  | 'start'
  | 'closing'
  | 'complete'
  | 'failed'
  | 'cancelled'
  | 'notice'
  | 'pending'
  | 'processing'
  | 'compensating'
  | 'stage'
  | 'region'
  | 'state'
  | 'end';

/** A box of a drawing, or one around others. */
export interface GraphNode {
  /**
   * In the step view the step; `$start`, `completion`, `$complete`, `$failed` and `$onFailed` for the rest. In the state view the path of
   * the state, joined by dots: `processing.working.approval`.
   */
  readonly id: string;
  readonly kind: GraphNodeKind;
  readonly title: string;
  /** What the title does not say, in a few words; may be empty. */
  readonly caption: string;
  /** The condition under which it runs, all of it; `null`: always. */
  readonly condition: string | null;
  readonly undo: 'undoable' | 'irreversible' | null;
  /** Id of the box it stands in; `null`: none. */
  readonly parent: string | null;
  /** Its surrounding begins with it. */
  readonly isInitial: boolean;
  /** Ways out that lead far away and are written into the box instead of being drawn: `failed → draining`. */
  readonly exits: readonly string[];
}

/** A transition of the chart: the `position`-th (from 0) that a state lists for an event; `always` and `done` stand for the eventless ones. */
export interface TransitionRef {
  readonly state: string;
  readonly event: string;
  readonly position: number;
}

/** A way from one node to another. */
export interface GraphEdge {
  /** Of the two nodes; never the same, and both in the same box. */
  readonly from: string;
  readonly to: string;
  /** Lines; may be empty. In the step view the part of the condition that is decided here. */
  readonly label: string;
  /** `failure`: the run fails, or what was done is undone. `back`: it begins again. */
  readonly kind: 'next' | 'failure' | 'back';
  /** Of the state view: the transitions it stands for. */
  readonly transitions: readonly TransitionRef[];
  /** It keeps boxes apart and is not drawn. */
  readonly isHidden: boolean;
}

/** What is drawn of a workflow, before anything has a place. */
export interface Graph {
  readonly view: View;
  readonly name: string;
  readonly version: number;
  /** Whether a failed run undoes what has been done. */
  readonly isUndoneOnFailure: boolean;
  /** Surroundings before what is in them. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Under which an overlay knows an edge. */
export function edgeKey({ from, to }: Pick<GraphEdge, 'from' | 'to'>): string {
  return `${from} -> ${to}`;
}

/** A node with the fields that most nodes leave empty. */
export function graphNode(
  node: Pick<GraphNode, 'id' | 'kind' | 'title'> & Partial<GraphNode>,
): GraphNode {
  return {
    caption: '',
    condition: null,
    undo: null,
    parent: null,
    isInitial: false,
    exits: [],
    ...node,
  };
}

export function graphEdge(edge: Pick<GraphEdge, 'from' | 'to'> & Partial<GraphEdge>): GraphEdge {
  return { label: '', kind: 'next', transitions: [], isHidden: false, ...edge };
}
