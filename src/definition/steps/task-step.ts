import { z } from 'zod';
import type { TaskStep } from '../../plan/plan.ts';
import { definitionInvalid, didYouMean, type Place } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { anything, duration, label } from '../options.ts';
import { priorityOption } from '../policy.ts';
import type { Ref } from '../types.ts';
import { toWiring } from '../wiring.ts';
import { gatedOptions, nodeBase, protectsOption, stepOptions, taskOf } from './common.ts';

const options = z.strictObject({
  ...gatedOptions,
  input: anything.optional(),
  fallback: anything.optional(),
  tolerate: z
    .union([z.literal('any'), z.array(z.string())], {
      error: () => 'must be "any" or a list of codes that the task declares',
    })
    .optional(),
  within: duration.optional(),
  queue: label.optional(),
  priority: priorityOption.optional(),
  expected: duration.optional(),
  protects: protectsOption,
});

/** An item of a map has no state of its own in the chart, so nothing that needs one. */
const notInItem: ReadonlyMap<string, string> = new Map([
  ['when', 'decide before the map, or inside the task'],
  ['fallback', 'try the other way inside the task'],
  ['tolerate', 'let the map collect failures: onItemFailure: "collect"'],
  ['within', 'limit the attempts by "timeout" and "retry" of the task'],
]);

function refuseInItem(place: Place, given: Readonly<Record<string, unknown>>): void {
  for (const [option, instead] of notInItem) {
    if (given[option] === undefined) continue;
    throw definitionInvalid(
      place,
      `option "${option}" cannot stand in the body of a map; ${instead}`,
    );
  }
}

export function addTask(
  draft: Draft,
  id: string,
  task: unknown,
  givenOptions: unknown,
): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, options, givenOptions);
  const parts = taskOf(draft, place, task, 'the second argument');
  if (draft.scope.isBody) refuseInItem(place, given);
  if (draft.scope.isBody && parts.call.rememberMs !== undefined) {
    throw definitionInvalid(
      place,
      `task "${parts.binding.name}" remembers its results, which the items of a map cannot; run it in a step, or in a child workflow`,
    );
  }
  const fallback =
    given.fallback === undefined ? null : taskOf(draft, place, given.fallback, 'option "fallback"');
  if (given.input === undefined && !parts.acceptsUndefined) {
    throw definitionInvalid(
      place,
      `option "input" is missing, and task "${parts.binding.name}" needs one`,
    );
  }
  for (const code of given.tolerate === 'any' ? [] : (given.tolerate ?? [])) {
    if (Object.hasOwn(parts.call.failures, code)) continue;
    const declared = Object.keys(parts.call.failures);
    const known =
      declared.length === 0
        ? 'declares none'
        : `declares ${declared.map((each) => `"${each}"`).join(', ')}`;
    throw definitionInvalid(
      place,
      `option "tolerate" names the failure "${code}", but task "${parts.binding.name}" ${known}${didYouMean(code, declared)}`,
    );
  }
  const description = given.description ?? parts.description;
  const owner = given.owner ?? parts.owner;
  const delivery = {
    ...(given.queue !== undefined && { queue: given.queue }),
    ...(given.priority !== undefined && { priority: given.priority }),
  };
  return draft.add<TaskStep>({
    ...nodeBase(draft, place, id, { ...given, description, owner }),
    kind: 'task',
    input: toWiring(draft, place, given.input, 'input'),
    call: { ...parts.call, ...delivery },
    ...(fallback !== null && { fallback: { ...fallback.call, ...delivery } }),
    ...(given.tolerate !== undefined && { tolerate: given.tolerate }),
    ...(given.within !== undefined && { withinMs: given.within }),
    ...(given.expected !== undefined && { expectedMs: given.expected }),
    ...(given.protects !== undefined && { protects: given.protects }),
  });
}
