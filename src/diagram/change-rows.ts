/** The drawing of two versions as rows, for those who do not see it: the same boxes and arrows, in the same words. */
import type { Plan } from '../plan/plan.ts';
import { changeGraph } from './change-graph.ts';
import { edgeKey, type View } from './graph.ts';
import { type Change, markOfEdge } from './overlay.ts';

export interface ChangeRow {
  readonly part: 'box' | 'arrow';
  /** Among the rows. */
  readonly id: string;
  /** Of a box: as the drawing names it. Of an arrow: the box it leads away from. */
  readonly node: string;
  /** Of an arrow `price → release`. */
  readonly name: string;
  /** Of a box the kind of step or state, of an arrow what is written on it. */
  readonly about: string;
  /** `null`: as before. */
  readonly change: Change | null;
  /** What is otherwise, in words. */
  readonly note: string | null;
}

/** @param runsAt - by step of the old version: how many of its runs stand there */
export function changeRows(
  before: Plan,
  after: Plan,
  view: View,
  runsAt: ReadonlyMap<string, number> = new Map(),
): readonly ChangeRow[] {
  const { graph, overlay } = changeGraph(before, after, view, runsAt);
  const named = new Map(graph.nodes.map(({ id, title }) => [id, title]));
  // Boxes without a name of their own go by the last part of their path.
  const nameOf = (id: string) => named.get(id) || (id.split('.').at(-1) ?? id);
  const boxes = graph.nodes
    .filter(({ kind }) => kind !== 'region' && kind !== 'end')
    .map(({ id, kind, caption }): ChangeRow => {
      const { change = null, note = null } = overlay.nodes.get(id) ?? {};
      const about = caption.startsWith(kind)
        ? caption
        : [kind, caption].filter((part) => part !== '').join(' · ');
      return { part: 'box', id, node: id, name: nameOf(id), about, change, note };
    });
  const arrows = graph.edges
    .filter(({ isHidden }) => !isHidden)
    .map((edge): ChangeRow => {
      const { change = null, note = null } = markOfEdge(overlay, edge);
      const name = `${nameOf(edge.from)} → ${nameOf(edge.to)}`;
      const about = edge.label.replaceAll('\n', ', ');
      return { part: 'arrow', id: edgeKey(edge), node: edge.from, name, about, change, note };
    });
  return [...boxes, ...arrows];
}
