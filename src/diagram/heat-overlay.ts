import type { Plan } from '../plan/plan.ts';
import { edgeKey } from './graph.ts';
import type { Mark, Overlay } from './overlay.ts';
import { stateGraph } from './state-graph.ts';

/** How often one transition of the chart was taken: the `index`-th that the state lists for the event, from 0. */
export interface TransitionHeat {
  readonly state: string;
  readonly event: string;
  readonly index: number;
  readonly count: number;
}

/** Counts on the arrows of the state view; an arrow that stands for several transitions has their sum. */
export function heatOverlay(plan: Plan, heats: readonly TransitionHeat[], title: string): Overlay {
  const keyOf = (state: string, event: string, position: number) => `${state} ${event} ${position}`;
  const counts = new Map(
    heats.map((heat) => [keyOf(heat.state, heat.event, heat.index), heat.count]),
  );
  const edges = new Map<string, Mark>();
  for (const edge of stateGraph(plan).edges) {
    if (edge.isHidden || edge.transitions.length === 0) continue;
    const known = edge.transitions.map(({ state, event, position }) =>
      counts.get(keyOf(state, event, position)),
    );
    const before = edges.get(edgeKey(edge))?.count ?? 0;
    edges.set(edgeKey(edge), {
      count: known.reduce<number>((sum, count) => sum + (count ?? 0), before),
    });
  }
  return { title, nodes: new Map(), edges };
}
