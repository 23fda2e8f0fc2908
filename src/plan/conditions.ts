import type { Condition, Gate, PlanNode } from './plan.ts';

/** Certain to hold where all these gates do. Sound, not complete: what cannot be seen from the form is not implied. */
export function isImplied(condition: Condition, gates: readonly Gate[]): boolean {
  const key = JSON.stringify(condition);
  return gates.some((gate) => partsOf(gate.condition).some((part) => JSON.stringify(part) === key));
}

/** No run takes both: other branches of one choice, or a condition and its negation. */
export function excludeEachOther(a: readonly Gate[], b: readonly Gate[]): boolean {
  const others = b.flatMap((gate) => partsOf(gate.condition));
  return a
    .flatMap((gate) => partsOf(gate.condition))
    .some((own) => others.some((other) => contradict(own, other)));
}

function contradict(a: Condition, b: Condition): boolean {
  if ('choice' in a && 'choice' in b) return a.choice === b.choice && a.is !== b.is;
  const isNegation = (one: Condition, other: Condition) =>
    'not' in one && JSON.stringify(one.not) === JSON.stringify(other);
  return isNegation(a, b) || isNegation(b, a);
}

/** Itself, and what it is the conjunction of. */
function partsOf(condition: Condition): readonly Condition[] {
  return 'all' in condition ? [condition, ...condition.all.flatMap(partsOf)] : [condition];
}

/**
 * The condition that a step has run, of a merge that the branch taken has yielded something.
 *
 * @returns `null` of a node for which the question makes no sense: it always has a value
 */
export function ranCondition(
  node: PlanNode,
  find: (id: string) => PlanNode | undefined,
): Condition | null {
  switch (node.kind) {
    case 'predicate':
    case 'derive':
    case 'choice':
    case 'update':
    case 'milestone':
      return null;
    case 'merge': {
      const any = node.cases.flatMap(([name, value]): Condition[] => {
        if (value.kind !== 'ref') return [];
        const taken: Condition = { choice: node.choice, is: name };
        const source = value.path.length > 0 ? undefined : find(value.of);
        const inner = source === undefined ? null : ranCondition(source, find);
        return [inner === null ? taken : { all: [taken, inner] }];
      });
      return any.length === 1 ? any[0]! : { any };
    }
    default:
      return { ran: node.id };
  }
}
