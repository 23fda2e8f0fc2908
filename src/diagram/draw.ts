import type { Plan } from '../plan/plan.ts';
import { changeGraph } from './change-graph.ts';
import { graphOf, type TextOptions } from './graph-of.ts';
import { place } from './layout.ts';
import { noOverlay, withCounts } from './overlay.ts';
import type { Theme } from './palette.ts';
import { renderSvg } from './svg.ts';

/** Colours and texts of a drawing. */
export interface DrawOptions extends TextOptions {
  /** Default `auto`: light or dark as the reader's system asks. */
  readonly theme?: Theme;
}

/**
 * A plan as an SVG document, the same bytes for the same plan. Nodes carry `data-node` (the step or the path of the state), `data-kind` and,
 * in a run, `data-state`; edges `data-from` and `data-to`. It runs in Node and in browsers.
 */
export async function drawSvg(
  plan: Plan,
  { view = 'steps', theme = 'auto', overlay = noOverlay }: DrawOptions = {},
): Promise<string> {
  return renderSvg(await place(withCounts(graphOf(plan, view), overlay)), theme, overlay);
}

export interface DrawChangeOptions extends Pick<DrawOptions, 'view' | 'theme'> {
  /** By step of the old version: how many of its runs stand there. */
  readonly runsAt?: ReadonlyMap<string, number>;
}

/**
 * Two versions of a workflow on one drawing: what is new, what is gone, what is otherwise. Nodes and edges carry `data-change` (`added`, `removed`,
 * `changed`) besides what every drawing has.
 */
export async function drawChange(
  before: Plan,
  after: Plan,
  { view = 'steps', theme = 'auto', runsAt = new Map() }: DrawChangeOptions = {},
): Promise<string> {
  const { graph, overlay } = changeGraph(before, after, view, runsAt);
  return renderSvg(await place(graph), theme, overlay);
}
