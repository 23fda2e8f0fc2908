import { ranCondition } from '../../plan/conditions.ts';
import { kindOf } from '../../plan/json-value.ts';
import type { ChoiceNode, Condition, Gate, MergeNode, Wiring } from '../../plan/plan.ts';
import { definitionInvalid, type Place } from '../../plan/problem.ts';
import type { Draft } from '../draft.ts';
import { isDeferred } from '../options.ts';
import { type RefParts, refParts, refText } from '../reference.ts';
import type { Ref } from '../types.ts';
import { refuseInBody } from './common.ts';
import { negatedLabel } from './conditions.ts';

interface Case {
  readonly name: string;
  /** Named to people, and the reason recorded where the branch is not taken. */
  readonly label: string;
  readonly otherwise?: string | undefined;
  /** `null`: nothing happens in this case. */
  readonly declare: (() => unknown) | null;
}

/** A choice, its branches and the merge that joins them. */
function addChoice(
  draft: Draft,
  place: Place,
  id: string,
  by: ChoiceNode['by'],
  cases: readonly Case[],
): Ref<unknown> {
  const { sequence } = draft.scope;
  draft.add<ChoiceNode>({ id, after: [], gates: [], kind: 'choice', by });
  const members: string[] = [];
  const yields = cases.map(({ name, label, otherwise, declare }): readonly [string, Wiring] => {
    if (declare === null) return [name, { kind: 'absent' }];
    const gate: Gate = {
      condition: { choice: id, is: name },
      label,
      ...(otherwise !== undefined && { otherwise }),
    };
    const { result, scope } = draft.within(
      { title: `branch "${name}" of "${id}"`, gates: [...draft.scope.gates, gate] },
      () => {
        const returned = declare();
        return branchValue(draft, place, returned, `branch "${name}"`);
      },
    );
    members.push(...scope.members);
    return [name, result];
  });
  if (sequence !== null) sequence.last = null;
  return draft.add<MergeNode>({
    id: `${id}.merged`,
    after: [],
    gates: [],
    kind: 'merge',
    choice: id,
    cases: yields,
    members,
  });
}

/** Branches and bodies return a reference, or nothing. */
export function branchValue(draft: Draft, place: Place, returned: unknown, what: string): Wiring {
  if (returned === undefined) return { kind: 'absent' };
  const parts = refParts(returned);
  if (parts === null) {
    const wayOut =
      returned instanceof Promise
        ? 'it must be synchronous'
        : 'return a reference (w.derive makes one of several), or nothing';
    throw definitionInvalid(place, `${what} returns ${kindOf(returned)}; ${wayOut}`);
  }
  draft.checkVisible(place, parts);
  return { kind: 'ref', of: parts.of, path: parts.path };
}

export function addWhen(
  draft: Draft,
  id: string,
  guard: unknown,
  then: unknown,
  otherwise: unknown,
): Ref<unknown> {
  const place = beginChoice(draft, id);
  const parts = draft.guard(place, guard, 'the second argument');
  const { condition, label, otherwise: reason } = parts;
  const declareThen = branchOf(place, then, 'the third argument');
  const declareOtherwise =
    otherwise === undefined ? null : branchOf(place, otherwise, 'the fourth argument');
  return addChoice(
    draft,
    place,
    id,
    { conditions: [['then', condition, label]], otherwise: 'otherwise' },
    [
      { name: 'then', label, otherwise: reason, declare: declareThen },
      { name: 'otherwise', label: negatedLabel(parts), declare: declareOtherwise },
    ],
  );
}

export function addIfRan(draft: Draft, id: string, step: unknown, then: unknown): Ref<unknown> {
  const place = beginChoice(draft, id);
  const parts = draft.ref(place, step, 'the second argument');
  const declare = branchOf(place, then, 'the third argument');
  const name = parts.of.replace(/\.merged$/, '');
  const label = `${name} ran`;
  const condition = conditionOfRun(draft, place, parts);
  const otherwise = `Step "${name}" did not run.`;
  return addChoice(
    draft,
    place,
    id,
    { conditions: [['ran', condition, label]], otherwise: 'skipped' },
    [
      { name: 'ran', label, otherwise, declare: () => declare(step) },
      { name: 'skipped', label: `not ${label}`, declare: null },
    ],
  );
}

/** @throws SignalboxError DEFINITION_INVALID if it is no step, so that the question makes no sense */
function conditionOfRun(draft: Draft, place: Place, parts: RefParts): Condition {
  const node = draft.nodes.get(parts.of);
  const condition =
    node === undefined || parts.path.length > 0
      ? null
      : ranCondition(node, (id) => draft.nodes.get(id));
  if (condition !== null) return condition;
  const what =
    node?.kind === 'derive' && parts.path.length === 0
      ? 'a derive, which always runs'
      : 'not a step';
  throw definitionInvalid(
    place,
    `w.ifRan asks whether a step ran, and "${refText(parts)}" is ${what}; pass the step itself, or decide on the value with w.is and w.when`,
  );
}

export function addChoose(
  draft: Draft,
  id: string,
  of: unknown,
  field: unknown,
  cases: unknown,
  otherwise: unknown,
): Ref<unknown> {
  const place = beginChoice(draft, id);
  const { of: source, path } = draft.ref(place, of, 'the second argument');
  if (typeof field !== 'string' && typeof field !== 'number') {
    throw definitionInvalid(place, 'the third argument must be the name of a field');
  }
  if (
    typeof cases !== 'object' ||
    cases === null ||
    refParts(cases) !== null ||
    Object.keys(cases).length === 0
  ) {
    throw definitionInvalid(
      place,
      'the fourth argument must be an object with a branch for each value of the field',
    );
  }
  const names = Object.keys(cases);
  const branches = Object.entries(cases).map(([name, declare]): Case => {
    const branch = branchOf(place, declare, `branch "${name}"`);
    return { name, label: `${field} is ${name}`, declare: () => branch(of) };
  });
  const fallback =
    otherwise === undefined ? null : branchOf(place, otherwise, 'the fifth argument');
  let fallbackName = 'otherwise';
  while (names.includes(fallbackName)) fallbackName += '_';
  return addChoice(
    draft,
    place,
    id,
    {
      field: { kind: 'ref', of: source, path: [...path, field] },
      cases: names,
      ...(fallback !== null && { otherwise: fallbackName }),
    },
    fallback === null
      ? branches
      : [
          ...branches,
          {
            name: fallbackName,
            label: `${field} is none of ${names.join(', ')}`,
            declare: fallback,
          },
        ],
  );
}

export function sequence<R>(draft: Draft, declare: unknown): R {
  draft.checkOpen();
  const branch = branchOf(draft.place(), declare, 'the argument of w.sequence');
  const { scope } = draft;
  const outer = scope.sequence;
  scope.sequence = { last: outer?.last ?? null };
  try {
    const result = branch();
    if (result instanceof Promise) {
      throw definitionInvalid(
        draft.place(),
        'the argument of w.sequence returns a promise; a definition is synchronous',
      );
    }
    return result as R;
  } finally {
    const { last } = scope.sequence;
    scope.sequence = outer === null ? null : { last: last ?? outer.last };
  }
}

function beginChoice(draft: Draft, id: string): Place {
  draft.claimId(id);
  const place = draft.place(id);
  refuseInBody(draft, place, 'a branch');
  return place;
}

function branchOf(place: Place, given: unknown, what: string): (value?: unknown) => unknown {
  if (typeof given !== 'function' || refParts(given) !== null) {
    throw definitionInvalid(place, `${what} must be a function that declares the branch`);
  }
  if (isDeferred(given)) {
    throw definitionInvalid(
      place,
      `${what} is asynchronous; a definition is synchronous, and what takes time belongs into a task`,
    );
  }
  return given as (value?: unknown) => unknown;
}
