import type { Plan } from '../plan/plan.ts';
import type { Graph, GraphNode, View } from './graph.ts';
import type { Overlay } from './overlay.ts';
import { stateGraph } from './state-graph.ts';
import { stepGraph } from './step-graph.ts';

/** What is drawn, and what is laid over it. */
export interface TextOptions {
  /** Default `steps`. */
  readonly view?: View;
  /** Where a run stands, counts, a path; what it says of parts that the view does not show is ignored. */
  readonly overlay?: Overlay;
}

/** The parts of a drawing and what connects them: what an overlay refers to. */
export function graphOf(plan: Plan, view: View = 'steps'): Graph {
  return view === 'steps' ? stepGraph(plan) : stateGraph(plan);
}

/** In order; `null`: those that stand in no other. */
export function childrenOf({ nodes }: Graph): ReadonlyMap<string | null, readonly GraphNode[]> {
  const children = new Map<string | null, GraphNode[]>();
  for (const node of nodes) {
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }
  return children;
}
