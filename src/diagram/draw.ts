import type { Plan } from '../plan/plan.ts';
import { graphOf } from './graph.ts';
import { place } from './layout.ts';
import type { Theme } from './palette.ts';
import { renderSvg } from './svg.ts';

/**
 * The step graph of a plan as an SVG document, the same for the same plan. Nodes carry `data-node` (the step) and `data-kind`, edges
 * `data-from` and `data-to`, for whoever wants to colour a run in.
 *
 * @param theme - default `auto`: light or dark as the reader's system asks
 */
export async function drawSvg(plan: Plan, theme: Theme = 'auto'): Promise<string> {
  return renderSvg(await place(graphOf(plan)), theme);
}
