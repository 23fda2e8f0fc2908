import { z } from 'zod';
import { definitionInvalid, type Place } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { anything, label, parseOptions, text } from '../options.ts';
import { type TaskParts, taskParts } from '../task.ts';

export const orderedOptions = {
  after: z.array(anything, { error: 'must be a list of steps' }).optional(),
  description: text.optional(),
  owner: text.optional(),
};
export const gatedOptions = { ...orderedOptions, when: anything.optional() };
export const protectsOption = z.array(label, { error: 'must be a list of texts' }).optional();

interface GivenBase {
  readonly after?: readonly unknown[] | undefined;
  readonly when?: unknown;
  readonly description?: string | undefined;
  readonly owner?: string | undefined;
}

/** What all nodes have, from the options all steps share. */
export function nodeBase(draft: Draft, place: Place, id: string, given: GivenBase) {
  return {
    id,
    after: draft.after(place, given.after),
    gates: draft.gate(place, given.when),
    ...(given.description !== undefined && { description: given.description }),
    ...(given.owner !== undefined && { owner: given.owner }),
  };
}

/** The options of a step, at its door. */
export function stepOptions<S extends z.ZodObject>(
  draft: Draft,
  id: string,
  schema: S,
  options: unknown,
): { place: Place; given: z.output<S> } {
  draft.claimId(id);
  const place = draft.place(id);
  return { place, given: parseOptions(place, schema, options ?? {}) };
}

/** @throws SignalboxError DEFINITION_INVALID if it is not a task */
export function taskOf(draft: Draft, place: Place, task: unknown, what: string): TaskParts {
  const parts = taskParts(task);
  if (parts === null) throw definitionInvalid(place, `${what} must be a task made by defineTask`);
  draft.useTask(place, parts);
  return parts;
}

/** The body of a map is run per item outside the chart, so it can neither wait nor branch. */
export function refuseInBody(
  draft: Draft,
  place: Place,
  what: string,
  wayOut = 'put it into a workflow of its own and call it as a child with w.child',
): void {
  if (!draft.scope.isBody) return;
  throw definitionInvalid(
    place,
    `${what} cannot stand in the body of a map, which holds tasks and derives only; ${wayOut}`,
    { details: { body: draft.scope.title } },
  );
}
