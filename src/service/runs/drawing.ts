/** A run drawn: the same picture as `signalbox diagram` makes, and its rows for those who do not see it. */
import { drawSvg } from '../../diagram/draw.ts';
import { graphOf } from '../../diagram/graph-of.ts';
import { overlayOfPath, pathOfNames } from '../../diagram/highlight.ts';
import { combine, noOverlay, type Overlay } from '../../diagram/overlay.ts';
import { overlayOfRun, type RunTrace } from '../../diagram/run-overlay.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { Plan } from '../../plan/plan.ts';
import type { ServiceParts } from '../parts.ts';
import { allEntries } from './history.ts';
import { planOfRun, storedRun } from './plan-of-run.ts';

interface Moment {
  /** Entry of the history after which the run is seen. Default: now. */
  readonly at?: number;
}

interface Drawing extends Moment {
  readonly view: 'steps' | 'states';
  readonly theme: 'auto' | 'light' | 'dark';
  readonly highlight?: string;
}

export async function drawRun(
  parts: ServiceParts,
  runId: string,
  { view, theme, highlight, ...moment }: Drawing,
): Promise<string> {
  const { plan, overlay } = await overlaid(parts, runId, moment);
  const pointed =
    highlight === undefined
      ? noOverlay
      : overlayOfPath(
          plan,
          pathOfNames(
            plan,
            highlight.split(',').map((name) => name.trim()),
          ),
        );
  return drawSvg(plan, { view, theme, overlay: combine(overlay, pointed) });
}

export async function nodesOfRun(
  parts: ServiceParts,
  runId: string,
  { view, ...moment }: Pick<Drawing, 'view'> & Moment,
) {
  const { plan, overlay } = await overlaid(parts, runId, moment);
  return graphOf(plan, view).nodes.map(({ id, kind, title, parent }) => ({
    node: id,
    kind,
    title,
    parent,
    state: overlay.nodes.get(id)?.state ?? null,
  }));
}

async function overlaid(
  parts: ServiceParts,
  runId: string,
  moment: Moment,
): Promise<{ readonly plan: Plan; readonly overlay: Overlay }> {
  const plan = await planOfRun(parts, runId);
  return { plan, overlay: overlayOfRun(plan, await traceOf(parts, runId, moment)) };
}

/** What a drawing reads of a run. */
export async function traceOf(
  parts: ServiceParts,
  runId: string,
  { at }: Moment = {},
): Promise<RunTrace> {
  const past = at === undefined ? null : await parts.orchestrator.at(runId, at);
  const view = past ?? (await parts.orchestrator.get(runId));
  const entries = await allEntries(parts, runId, at ?? view.entries);
  const moment = at === undefined ? '' : ` after entry ${at}`;
  return {
    status: view.status,
    state: past === null ? await stateOf(parts, runId) : past.state,
    waitingOn: view.waitingOn,
    failedStep: view.outcome?.failure?.step ?? null,
    history: entries.filter(({ generation }) => generation === view.generation),
    title: `run ${runId}${moment}: ${view.status}${view.paused || view.heldBy.length > 0 ? ', paused' : ''}`,
  };
}

/** Of the chart; without the definition, which may be gone. */
async function stateOf(parts: ServiceParts, runId: string): Promise<Json> {
  const { snapshot } = (await storedRun(parts, runId)).state.body;
  const isObject = typeof snapshot === 'object' && snapshot !== null && !Array.isArray(snapshot);
  return isObject ? ((snapshot as JsonObject)['value'] ?? null) : null;
}
