import { z } from 'zod';
import type { DeriveNode, MapStep, PlanNode, TaskStep } from '../../plan/plan.ts';
import { definitionInvalid } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { count, isDeferred, oneOf } from '../options.ts';
import type { Ref } from '../types.ts';
import { branchValue } from './branches.ts';
import { gatedOptions, nodeBase, refuseInBody, stepOptions } from './common.ts';

const defaultConcurrency = 10;

const options = z.strictObject({
  ...gatedOptions,
  concurrency: count(1, 100_000).optional(),
  batch: count(1, 100_000).optional(),
  onItemFailure: oneOf('fail', 'collect').optional(),
});

export function addMap(
  draft: Draft,
  id: string,
  items: unknown,
  givenOptions: unknown,
  each: unknown,
): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, options, givenOptions);
  refuseInBody(draft, place, 'a map');
  const source = draft.ref(place, items, 'the second argument');
  if (typeof each !== 'function' || isDeferred(each)) {
    throw definitionInvalid(
      place,
      'the fourth argument must be a synchronous function that declares the body',
    );
  }
  const base = nodeBase(draft, place, id, given);
  const nodes: PlanNode[] = [];
  const { result } = draft.within(
    { title: `the body of map "${id}"`, gates: [], nodes, isBody: true },
    () => {
      const returned: unknown = each(draft.refTo('$item'), draft.refTo('$index'));
      return branchValue(draft, place, returned, 'the body');
    },
  );
  return draft.add<MapStep>({
    ...base,
    kind: 'map',
    items: { kind: 'ref', of: source.of, path: source.path },
    concurrency: given.concurrency ?? defaultConcurrency,
    ...(given.batch !== undefined && { batch: given.batch }),
    onItemFailure: given.onItemFailure ?? 'fail',
    body: nodes as (TaskStep | DeriveNode)[],
    yields: result,
  });
}
