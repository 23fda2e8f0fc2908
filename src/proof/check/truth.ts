/** What a condition can be when a review was not approved, or a task not completed: guards are possible unless the plan says otherwise. */
import { dependenciesOf } from '../../plan/dependencies.ts';
import {
  type Condition,
  isStep,
  type PlanNode,
  type PredicateNode,
  type Wiring,
} from '../../plan/plan.ts';
import type { Subject } from './subject.ts';

/** `assumptions`: what the narrowing rests on; empty: it is certain. */
export interface Truth {
  readonly canHold: boolean;
  readonly canFail: boolean;
  readonly assumptions: readonly string[];
}

/** How a step ended that was to protect others. */
export type Ending = 'undecided' | 'skipped' | 'rejected' | 'expired' | 'tolerated';

export interface Hypothesis {
  readonly step: string;
  readonly ending: Ending;
}

const open: Truth = { canHold: true, canFail: true, assumptions: [] };
const truth = (value: boolean, assumptions: readonly string[] = []): Truth => ({
  canHold: value,
  canFail: !value,
  assumptions,
});

export function not(of: Truth): Truth {
  return { canHold: of.canFail, canFail: of.canHold, assumptions: of.assumptions };
}

/** All of them. */
export function all(parts: readonly Truth[]): Truth {
  // One part that cannot hold is enough; the one that is certain of it is preferred.
  const failing = parts
    .filter((part) => !part.canHold)
    .sort((a, b) => a.assumptions.length - b.assumptions.length)[0];
  if (failing !== undefined) return failing;
  return {
    canHold: true,
    canFail: parts.some((part) => part.canFail),
    assumptions: parts.flatMap((part) => part.assumptions),
  };
}

export const any = (parts: readonly Truth[]): Truth => not(all(parts.map(not)));

/** Evaluates conditions under one hypothesis; what it does not concern stays open. */
export function createTruths(
  { nodes, probe }: Pick<Subject, 'nodes' | 'probe'>,
  { step, ending }: Hypothesis,
): (condition: Condition) => Truth {
  const kind = nodes.get(step)?.kind;
  const known = new Map<string, Truth>();

  function of(condition: Condition): Truth {
    if ('not' in condition) return not(of(condition.not));
    if ('all' in condition) return all(condition.all.map(of));
    if ('any' in condition) return any(condition.any.map(of));
    if (ending === 'undecided') return open;
    if ('ran' in condition) return condition.ran === step ? truth(ending !== 'skipped') : open;
    const key = 'fact' in condition ? condition.fact : `${condition.choice}\n${condition.is}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const found =
      'fact' in condition ? factTruth(condition.fact) : choiceTruth(condition.choice, condition.is);
    known.set(key, found);
    return found;
  }

  function factTruth(id: string): Truth {
    const node = nodes.get(id);
    if (node?.kind !== 'predicate' || !readsStep(nodes, node, step)) return open;
    const asked = probed(node);
    const own: Truth =
      asked ?? truth(false, [`condition "${node.label}" holds only if ${wanted()}`]);
    return node.gates.length === 0 ? own : { ...own, canFail: true };
  }

  /** What the predicate itself says, if what it is given is known. */
  function probed(node: PredicateNode): Truth | null {
    const path = pathInto(node.of, step);
    if (path === null || probe === null) return null;
    const values = valuesAt(path);
    if (values === null) return null;
    let isTrue = false;
    for (const value of values.of) {
      try {
        isTrue ||= probe(node.id, value);
      } catch {
        // A predicate that throws fails the run: nothing is reached by it.
      }
    }
    if (isTrue) return { canHold: true, canFail: !values.areAll, assumptions: [] };
    if (values.areAll) return truth(false);
    return truth(false, [`condition "${node.label}" holds only if ${wanted()}`]);
  }

  /** Values the hypothesis allows there; `null`: nobody knows. */
  function valuesAt(
    path: readonly (string | number)[],
  ): { readonly of: readonly unknown[]; readonly areAll: boolean } | null {
    if (ending === 'skipped') return { of: [undefined], areAll: true };
    if (kind !== 'review') return null;
    if (path.length === 0) return { of: [{ outcome: ending, actor: 'somebody' }], areAll: false };
    return path.length === 1 && path[0] === 'outcome' ? { of: [ending], areAll: true } : null;
  }

  function choiceTruth(id: string, is: string): Truth {
    const choice = nodes.get(id);
    if (choice?.kind !== 'choice') return open;
    let own: Truth;
    if ('conditions' in choice.by) {
      const { conditions, otherwise } = choice.by;
      const at = conditions.findIndex(([name]) => name === is);
      const before = (at === -1 ? conditions : conditions.slice(0, at)).map(([, condition]) =>
        not(of(condition)),
      );
      const taken = conditions[at];
      if (taken === undefined && otherwise !== is) return truth(false);
      own = all(taken === undefined ? before : [...before, of(taken[1])]);
      if (taken !== undefined && otherwise === is) own = { ...own, canHold: true };
    } else {
      const path = pathInto(choice.by.field, step);
      const values = path === null ? null : valuesAt(path);
      const { cases, otherwise } = choice.by;
      if (values !== null && values.areAll) {
        const names = values.of.map((value) =>
          cases.includes(String(value)) ? String(value) : otherwise,
        );
        own = truth(names.includes(is));
      } else if (kind === 'task' && ending === 'tolerated' && path?.[0] === 'status') {
        own = is === 'complete' ? truth(false) : open;
      } else own = open;
    }
    return choice.gates.length === 0 ? own : { ...own, canFail: true };
  }

  function wanted(): string {
    return kind === 'review' ? `"${step}" was approved` : `"${step}" has completed`;
  }

  return of;
}

/** The path into the step's value that the wiring is, or `null`. */
function pathInto(wiring: Wiring, step: string): readonly (string | number)[] | null {
  return wiring.kind === 'ref' && wiring.of === step ? wiring.path : null;
}

/** Whether a pure node reads the step's value, through other pure nodes too. */
function readsStep(nodes: ReadonlyMap<string, PlanNode>, node: PlanNode, step: string): boolean {
  const seen = new Set<string>();
  const pending = [...dependenciesOf(node)];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === step) return true;
    const found = nodes.get(next);
    if (seen.has(next) || found === undefined || isStep(found)) continue;
    seen.add(next);
    pending.push(...dependenciesOf(found));
  }
  return false;
}
