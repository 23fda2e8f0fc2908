import type { Builder, ContextTypes } from './builder-api.ts';
import { contextReferences } from './context.ts';
import type { Draft } from './draft.ts';
import { addChoose, addIfRan, addWhen, sequence } from './steps/branches.ts';
import { addChild } from './steps/child-step.ts';
import { addDerive, addPredicate, combine, negate } from './steps/conditions.ts';
import { addMilestone, addUpdate } from './steps/effects.ts';
import { createFinish } from './steps/finish.ts';
import { addMap } from './steps/map-step.ts';
import { addReview } from './steps/review-step.ts';
import { addTask } from './steps/task-step.ts';
import { addEmit, addFail, addSleep, addWait } from './steps/waiting-steps.ts';

/**
 * The `w` of a definition. Its types promise more than it takes on trust: arguments are `unknown` here and checked, because definitions may
 * come from plain JavaScript.
 */
export function createBuilder<I, X extends ContextTypes>(
  draft: Draft,
  contextKeys: readonly string[],
): Builder<I, X> {
  const builder = {
    input: draft.refTo('$input'),
    run: draft.refTo('$run'),
    context: contextReferences(draft, contextKeys),
    task: (id: string, task: unknown, options: unknown) => addTask(draft, id, task, options),
    child: (id: string, workflow: unknown, options: unknown) =>
      addChild(draft, id, workflow, options),
    review: (id: string, options: unknown) => addReview(draft, id, options),
    waitFor: (id: string, event: unknown, options: unknown) => addWait(draft, id, event, options),
    sleep: (id: string, options: unknown) => addSleep(draft, id, options),
    emit: (id: string, event: unknown, options: unknown) => addEmit(draft, id, event, options),
    fail: (id: string, message: unknown, options: unknown) => addFail(draft, id, message, options),
    derive: (id: string, from: unknown, compute: unknown, options: unknown) =>
      addDerive(draft, id, from, compute, options),
    is: (of: unknown, label: unknown, test: unknown, options: unknown) =>
      addPredicate(draft, of, label, test, options),
    not: (guard: unknown, options: unknown) => negate(draft, guard, options),
    all: (...guards: unknown[]) => combine(draft, 'all', guards),
    any: (...guards: unknown[]) => combine(draft, 'any', guards),
    sequence: (declare: unknown) => sequence(draft, declare),
    when: (id: string, guard: unknown, then: unknown, otherwise: unknown) =>
      addWhen(draft, id, guard, then, otherwise),
    ifRan: (id: string, step: unknown, then: unknown) => addIfRan(draft, id, step, then),
    choose: (id: string, of: unknown, field: unknown, cases: unknown, otherwise: unknown) =>
      addChoose(draft, id, of, field, cases, otherwise),
    map: (id: string, items: unknown, options: unknown, each: unknown) =>
      addMap(draft, id, items, options, each),
    milestone: (name: unknown, options: unknown) => addMilestone(draft, name, options),
    update: (key: unknown, value: unknown, options: unknown) =>
      addUpdate(draft, contextKeys, key, value, options),
    finish: (output: unknown, review: unknown) => createFinish(draft, output, review),
  };
  return Object.freeze(builder) as never;
}
