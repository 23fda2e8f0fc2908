/** Whether what is recorded of a run is what the new version will read. */
import { dependenciesOf, readsOf, wiringsOf } from '../../plan/dependencies.ts';
import type { Json, JsonObject, JsonSchema } from '../../plan/json.ts';
import type { Plan, PlanNode, TaskCall, TaskStep, WaitStep } from '../../plan/plan.ts';
import { canonicalText } from '../../plan/renaming.ts';
import type { PlanIndex, Settled } from '../../plan/settle.ts';
import { valueFits } from '../../plan/value-fits.ts';

/** Steps whose values somebody still reads: steps to come, the output, and what undoes the steps in `undoable`. */
export function neededSteps(
  index: PlanIndex,
  progress: ReadonlyMap<string, Settled>,
  undoable: Iterable<string>,
): ReadonlySet<string> {
  const { plan } = index;
  const needed = new Set<string>(readsOf(plan.output));
  if (plan.finish.assignTo !== undefined) readsOf(plan.finish.assignTo, needed);
  for (const node of plan.nodes)
    if (!progress.has(node.id)) for (const id of dependenciesOf(node)) needed.add(id);
  for (const id of undoable) {
    needed.add(id);
    const node = index.nodes.get(id);
    for (const wiring of node === undefined ? [] : wiringsOf(node)) readsOf(wiring, needed);
  }
  // A set is walked to its end, what is added on the way included.
  for (const id of needed) {
    const node = index.nodes.get(id);
    if (node?.kind === 'merge') for (const [, value] of node.cases) readsOf(value, needed);
  }
  return needed;
}

/** Events of the old plan and of the new one. */
export interface EventsOfBoth {
  readonly before: Plan['events'];
  readonly after: Plan['events'];
}

/** Why a recorded result is not one of the new version's step; `null` if it is, as far as can be known. */
export function misfitOf(
  before: PlanNode | null,
  after: PlanNode,
  stored: Json,
  isFallback: boolean,
  events: EventsOfBoth,
): string | null {
  if (before !== null && before.kind !== after.kind) return `it was a ${before.kind}`;
  switch (after.kind) {
    case 'task':
      return taskMisfit(before?.kind === 'task' ? before : null, after, stored, isFallback);
    case 'review': {
      const form = (stored as JsonObject)['form'];
      const old = before?.kind === 'review' ? before.form : null;
      return form === undefined ? null : schemaMisfit(old, after.form, form);
    }
    case 'wait':
      return waitMisfit(before?.kind === 'wait' ? before : null, after, stored, events);
    case 'child': {
      const isSame =
        before?.kind !== 'child' ||
        (before.workflow === after.workflow &&
          before.version === after.version &&
          before.tolerate === after.tolerate);
      return isSame ? null : 'it was another workflow, or another version of it';
    }
    case 'map': {
      const yielded = ({ body, yields, onItemFailure }: typeof after) =>
        canonicalText([body, yields, onItemFailure]);
      const isSame = before?.kind !== 'map' || yielded(before) === yielded(after);
      return isSame ? null : 'what it yields for an item has changed';
    }
    default:
      return null;
  }
}

function taskMisfit(
  before: TaskStep | null,
  after: TaskStep,
  stored: Json,
  isFallback: boolean,
): string | null {
  if (before !== null && (before.tolerate === undefined) !== (after.tolerate === undefined))
    return 'only one of the versions tolerates its failures';
  const schema = callOf(after, isFallback)?.outputSchema;
  if (schema === undefined) return 'its fallback is gone, and had done it';
  const old = before === null ? null : callOf(before, isFallback)?.outputSchema;
  if (after.tolerate === undefined || stored === null) return schemaMisfit(old, schema, stored);
  const { status, value = null } = stored as JsonObject;
  return status === 'complete' ? schemaMisfit(old, schema, value) : null;
}

function waitMisfit(
  before: WaitStep | null,
  after: WaitStep,
  stored: Json,
  events: EventsOfBoth,
): string | null {
  if (before !== null && (before.event !== after.event || before.onTimeout !== after.onTimeout))
    return 'it waited for another event, or in another way';
  const value = after.onTimeout === 'fail' ? stored : (stored as JsonObject)['value'];
  const schema = events.after[after.event]?.payload;
  if (value === undefined || schema === undefined) return null;
  const old = before === null ? null : events.before[after.event]?.payload;
  return schemaMisfit(old, schema, value);
}

function callOf(step: TaskStep, isFallback: boolean): TaskCall | undefined {
  return isFallback ? step.fallback : step.call;
}

/** Values that were accepted by the same schema are not looked at again. */
export function schemaMisfit(
  before: JsonSchema | null | undefined,
  after: JsonSchema,
  value: Json,
): string | null {
  if (before != null && canonicalText(before) === canonicalText(after)) return null;
  const fit = valueFits(value, after);
  return fit.fits === true ? null : fit.why;
}
