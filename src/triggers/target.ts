/** What a trigger starts. */

import { z } from 'zod';
import { type EventType, eventParts } from '../definition/event.ts';
import { anything, oneOf, statedName, text } from '../definition/options.ts';
import type { Workflow } from '../definition/workflow.ts';
import { isWorkflow } from '../definition/workflow-registry.ts';
import { namePattern } from '../plan/names.ts';
import { definitionInvalid } from '../plan/problem.ts';

/** Either a workflow, of which a run is started, or an event, which is published: it starts what starts on it and wakes what waits for it. */
export type TargetOptions<I> =
  | { readonly workflow: Workflow<I, unknown>; readonly event?: never }
  | { readonly event: EventType<I, unknown>; readonly workflow?: never };

export type Target =
  | { readonly kind: 'workflow'; readonly name: string }
  | { readonly kind: 'event'; readonly name: string };

export const labelsOption = z.record(z.string().min(1).max(100), z.string().max(500), {
  error: 'must be an object of texts',
});

export const targetOptions = {
  name: text,
  description: text.optional(),
  workflow: anything.optional(),
  event: anything.optional(),
  labels: labelsOption.optional(),
  priority: oneOf('high', 'default', 'low').optional(),
};

/** @throws SignalboxError `DEFINITION_INVALID` */
export function checkTriggerName(name: string): void {
  if (namePattern.test(name)) return;
  throw definitionInvalid(
    { trigger: name.slice(0, 80) },
    'its name must be a letter followed by up to 63 letters, digits, "_", "." or "-"',
  );
}

/** Where a problem of a definition is, before it is known to be one. */
export function placeOf(definition: unknown): { readonly trigger: string } {
  return { trigger: statedName(definition).slice(0, 80) };
}

/** @throws SignalboxError `DEFINITION_INVALID` unless exactly one of the two is given */
export function targetOf(
  trigger: string,
  given: { readonly workflow?: unknown; readonly event?: unknown },
): Target {
  if ((given.workflow === undefined) === (given.event === undefined)) {
    throw definitionInvalid(
      { trigger },
      'give it either a "workflow" to start or an "event" to publish',
    );
  }
  if (given.event !== undefined) {
    const parts = eventParts(given.event);
    if (parts !== null) return { kind: 'event', name: parts.name };
    throw definitionInvalid({ trigger }, 'option "event" must be an event made by defineEvent');
  }
  const { workflow } = given;
  if (isWorkflow(workflow)) return { kind: 'workflow', name: (workflow as { name: string }).name };
  throw definitionInvalid(
    { trigger },
    'option "workflow" must be a workflow made by defineWorkflow',
  );
}
