import { z } from 'zod';
import type { ChildStep, Paths } from '../../plan/plan.ts';
import { definitionInvalid } from '../../plan/problem.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { Draft } from '../draft.ts';
import { anything } from '../options.ts';
import type { Ref } from '../types.ts';
import { toWiring } from '../wiring.ts';
import { isWorkflow, workflowParts } from '../workflow-registry.ts';
import { gatedOptions, nodeBase, refuseInBody, stepOptions } from './common.ts';

const options = z.strictObject({
  ...gatedOptions,
  input: anything.optional(),
  tolerate: z.literal('any', { error: 'must be "any"' }).optional(),
});

export function addChild(
  draft: Draft,
  id: string,
  workflow: unknown,
  givenOptions: unknown,
): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, options, givenOptions);
  refuseInBody(
    draft,
    place,
    'a child',
    'hand the whole list to one child that halves it and calls itself ("A child for each item of a list" in docs/concepts.md)',
  );
  if (!isWorkflow(workflow)) {
    throw definitionInvalid(
      place,
      'the second argument must be a workflow made by defineWorkflow; one that is defined further down, or calls itself, is named by forwardWorkflow',
    );
  }
  const known = draft.children.get(workflow.name);
  if (known !== undefined && known.version !== workflow.version) {
    throw definitionInvalid(
      place,
      `child "${workflow.name}" is called in version ${workflow.version} and in version ${known.version}; a workflow calls one version of each child`,
    );
  }
  draft.children.set(workflow.name, known ?? workflow);
  return draft.add<ChildStep>({
    ...nodeBase(draft, place, id, given),
    kind: 'child',
    workflow: workflow.name,
    version: workflow.version,
    input: toWiring(draft, place, given.input, 'input'),
    ...(given.tolerate !== undefined && { tolerate: given.tolerate }),
    sensitive: sensitiveOutputOf(workflow),
  });
}

/** A workflow that is only promised may return anything. */
function sensitiveOutputOf(workflow: RunnableWorkflow): Paths {
  return workflowParts(workflow) === null ? [[]] : workflow.plan.sensitiveOutput;
}
