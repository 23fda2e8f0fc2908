import { z } from 'zod';
import type { Condition, DeriveNode, PredicateNode } from '../../plan/plan.ts';
import { definitionInvalid, type Place } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { isDeferred, parseOptions, text } from '../options.ts';
import { createGuard, type GuardParts } from '../reference.ts';
import type { Guard, Ref } from '../types.ts';
import { toWiring } from '../wiring.ts';
import { nodeBase, orderedOptions, refuseInBody, stepOptions } from './common.ts';

type Compute = (value: unknown) => unknown;

const guardOptions = z.strictObject({ otherwise: text.optional() });

/** Labels are shown to people and name the predicate in stored plans. */
export function addPredicate(
  draft: Draft,
  of: unknown,
  label: unknown,
  test: unknown,
  givenOptions: unknown,
): Guard {
  draft.checkOpen();
  if (typeof label !== 'string' || label.trim() === '' || label.length > 200) {
    throw definitionInvalid(
      draft.place(),
      'the label of a guard must be a text of 1 to 200 characters: it names the condition to people',
    );
  }
  const id = `?${label}`;
  const place = draft.place(id);
  refuseInBody(
    draft,
    place,
    'a condition',
    'decide before the map with w.when, or inside a task of the body',
  );
  const given = parseOptions(place, guardOptions, givenOptions ?? {});
  const compute = checkCompute(place, test, 'a predicate');
  const wiring = toWiring(draft, place, of, 'of');
  const known = draft.ids.get(id);
  if (known !== undefined && !(draft.isInSight(known) && isSame(draft, id, compute, wiring))) {
    throw definitionInvalid(
      place,
      `two different conditions are labelled "${label}"; give each a label of its own, or declare it once before the branches that use it`,
    );
  }
  if (known === undefined) {
    draft.add<PredicateNode>(
      { id, after: [], gates: [], kind: 'predicate', label, of: wiring },
      { isOrdered: false },
    );
    draft.predicates.set(id, compute);
  }
  return createGuard({
    condition: { fact: id },
    label,
    otherwise: given.otherwise,
    scope: draft.scope,
  });
}

/** The same condition may be asked for twice. */
function isSame(draft: Draft, id: string, compute: Compute, wiring: PredicateNode['of']): boolean {
  const known = draft.nodes.get(id);
  return (
    known?.kind === 'predicate' &&
    draft.predicates.get(id) === compute &&
    JSON.stringify(known.of) === JSON.stringify(wiring)
  );
}

export function negate(draft: Draft, guard: unknown, givenOptions: unknown): Guard {
  const place = draft.place();
  const parts = draft.guard(place, guard, 'the argument of w.not');
  const given = parseOptions(place, guardOptions, givenOptions ?? {});
  return createGuard({
    condition: { not: parts.condition },
    label: negatedLabel(parts),
    otherwise: given.otherwise,
    scope: draft.scope,
  });
}

export function combine(draft: Draft, how: 'all' | 'any', guards: readonly unknown[]): Guard {
  const place = draft.place();
  if (guards.length === 0) throw definitionInvalid(place, `w.${how} needs at least one guard`);
  const parts = guards.map((guard) => draft.guard(place, guard, `each argument of w.${how}`));
  if (parts.length === 1) return createGuard({ ...parts[0]!, scope: draft.scope });
  const conditions = parts.map((part) => part.condition);
  const condition: Condition = how === 'all' ? { all: conditions } : { any: conditions };
  return createGuard({
    condition,
    label: parts.map(bracketed).join(how === 'all' ? ' and ' : ' or '),
    otherwise: undefined,
    scope: draft.scope,
  });
}

export function negatedLabel(parts: GuardParts): string {
  return `not ${bracketed(parts)}`;
}

function bracketed({ condition, label }: GuardParts): string {
  return 'all' in condition || 'any' in condition ? `(${label})` : label;
}

const deriveOptions = z.strictObject(orderedOptions);

export function addDerive(
  draft: Draft,
  id: string,
  from: unknown,
  compute: unknown,
  givenOptions: unknown,
): Ref<unknown> {
  const { place, given } = stepOptions(draft, id, deriveOptions, givenOptions);
  const mapper = checkCompute(place, compute, 'a derive');
  const ref = draft.add<DeriveNode>(
    {
      ...nodeBase(draft, place, id, given),
      kind: 'derive',
      from: toWiring(draft, place, from, 'from'),
    },
    { isOrdered: false },
  );
  draft.mappers.set(id, mapper);
  return ref;
}

function checkCompute(place: Place, compute: unknown, what: string): Compute {
  if (typeof compute !== 'function')
    throw definitionInvalid(place, `${what} needs a function that computes it`);
  if (isDeferred(compute)) {
    throw definitionInvalid(
      place,
      `${what} is computed inside a transition, so its function must be synchronous; what takes time belongs into a task`,
    );
  }
  return compute as Compute;
}
