/** Which answers of the author's functions make a condition hold, or not. */
import type { ChoiceNode, Condition, Gate, PlanNode } from '../../plan/plan.ts';

/** Answers by node: of a predicate yes or no, of a choice by a field the name of the case. */
export type Assignment = ReadonlyMap<string, boolean | string>;

/** Alternatives beyond this many are not tried. */
const maxAlternatives = 24;

export interface AssignmentSearch {
  /** Alternatives, each of which makes the condition as wanted whatever else is answered; none if it cannot be. */
  solve(condition: Condition, wanted: boolean): readonly Assignment[];
  /** Alternatives under which all gates of the node hold, or (`wanted: false`) one does not. */
  gates(gates: readonly Gate[], wanted: boolean): readonly Assignment[];
}

const free: readonly Assignment[] = [new Map()];

export function createAssignmentSearch(nodes: ReadonlyMap<string, PlanNode>): AssignmentSearch {
  function solve(condition: Condition, wanted: boolean): readonly Assignment[] {
    if ('fact' in condition) {
      const node = nodes.get(condition.fact);
      const answered: Assignment = new Map([[condition.fact, wanted]]);
      return wanted ? both([answered], gates(node?.gates ?? [], true)) : [answered];
    }
    if ('choice' in condition) return solveChoice(condition.choice, condition.is, wanted);
    if ('ran' in condition) return gates(nodes.get(condition.ran)?.gates ?? [], wanted);
    if ('not' in condition) return solve(condition.not, !wanted);
    const [parts, isEvery] =
      'all' in condition ? [condition.all, wanted] : [condition.any, !wanted];
    const solved = parts.map((part) => solve(part, wanted));
    return isEvery ? solved.reduce(both, free) : bounded(solved.flat());
  }

  function gates(own: readonly Gate[], wanted: boolean): readonly Assignment[] {
    return solve({ all: own.map(({ condition }) => condition) }, wanted);
  }

  function solveChoice(id: string, name: string, wanted: boolean): readonly Assignment[] {
    const node = nodes.get(id);
    if (node?.kind !== 'choice') return [];
    if (!wanted) {
      const others = casesOf(node).filter((other) => other !== name);
      return bounded(others.flatMap((other) => solveChoice(id, other, true)));
    }
    const reached = gates(node.gates, true);
    if ('field' in node.by) return both([new Map([[id, name]])], reached);
    const before: Condition[] = [];
    for (const [own, condition] of node.by.conditions) {
      if (own === name) return both(solve({ all: [...before, condition] }, true), reached);
      before.push({ not: condition });
    }
    return both(solve({ all: before }, true), reached);
  }

  return { solve, gates };
}

export function casesOf(node: ChoiceNode): readonly string[] {
  const { by } = node;
  const named = 'field' in by ? by.cases : by.conditions.map(([name]) => name);
  return by.otherwise === undefined ? named : [...new Set([...named, by.otherwise])];
}

/** Every pair that does not contradict itself. */
function both(a: readonly Assignment[], b: readonly Assignment[]): readonly Assignment[] {
  return bounded(a.flatMap((one) => b.flatMap((other) => merge(one, other) ?? [])));
}

/** `null` if the two contradict each other. */
export function merge(a: Assignment, b: Assignment): Assignment | null {
  for (const [id, answer] of b) if (a.has(id) && a.get(id) !== answer) return null;
  return new Map([...a, ...b]);
}

function bounded(all: readonly Assignment[]): readonly Assignment[] {
  return all.slice(0, maxAlternatives);
}
