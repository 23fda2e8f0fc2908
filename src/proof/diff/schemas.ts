/** Every schema two versions of a workflow have in common, compared. */
import type { JsonSchema } from '../../plan/json.ts';
import { isStep, type Plan, type StepNode } from '../../plan/plan.ts';
import { compareSchemas, type SchemaChange } from '../../plan/schema-change.ts';

export interface SchemaDiff {
  readonly of: 'input' | 'context' | 'event' | 'step input' | 'step output' | 'form';
  /** Step of the new version, event, or key of the context; `null` for the run's input. */
  readonly name: string | null;
  readonly change: Exclude<SchemaChange, 'same'>;
  readonly detail: string | null;
}

/** @param names - old to new names of steps that were renamed */
export function diffSchemas(
  before: Plan,
  after: Plan,
  names: ReadonlyMap<string, string>,
): readonly SchemaDiff[] {
  const found: SchemaDiff[] = [];
  const compare = (
    of: SchemaDiff['of'],
    name: string | null,
    old: JsonSchema,
    now: JsonSchema,
  ): void => {
    const extraFields = of === 'step output' ? 'ignored' : 'refused';
    const { change, detail } = compareSchemas(old, now, { extraFields });
    if (change !== 'same') found.push({ of, name, change, detail });
  };
  compare('input', null, before.input, after.input);
  for (const [key, { schema }] of Object.entries(before.context)) {
    const now = after.context[key];
    if (now !== undefined) compare('context', key, schema, now.schema);
  }
  for (const [name, { payload }] of Object.entries(before.events)) {
    const now = after.events[name];
    if (now !== undefined) compare('event', name, payload, now.payload);
  }
  const steps = new Map(after.nodes.filter(isStep).map((step) => [step.id, step]));
  for (const step of before.nodes.filter(isStep)) {
    const now = steps.get(names.get(step.id) ?? step.id);
    if (now !== undefined) compareSteps(step, now, compare);
  }
  return found;
}

function compareSteps(
  before: StepNode,
  after: StepNode,
  compare: (of: SchemaDiff['of'], name: string, old: JsonSchema, now: JsonSchema) => void,
): void {
  if (before.kind === 'task' && after.kind === 'task') {
    compare('step input', after.id, before.call.inputSchema, after.call.inputSchema);
    compare('step output', after.id, before.call.outputSchema, after.call.outputSchema);
  }
  if (before.kind === 'review' && after.kind === 'review')
    compare('form', after.id, before.form, after.form);
}
