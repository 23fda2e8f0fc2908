/** Which steps of a plan became which of another. */
import { isStep, type Plan, type PlanNode, type StepNode } from './plan.ts';
import { canonicalText, substanceOf } from './renaming.ts';

export interface StepChange {
  readonly step: string;
  /** Names of the parts that differ: `input`, `call.retry`, `gates`. */
  readonly parts: readonly string[];
}

export interface StepChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly StepChange[];
  /** Suggested: one that is gone and one that is new, alike in everything but their names. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

/** Steps are the same if they have the same id; `renamed` ones stand among the added and removed as well. */
export function stepChanges(before: Plan, after: Plan): StepChanges {
  const old = stepsOf(before);
  const now = stepsOf(after);
  const removed = [...old.values()].filter(({ id }) => !now.has(id));
  const added = [...now.values()].filter(({ id }) => !old.has(id));
  const changed = [...old.values()].flatMap((step) => {
    const other = now.get(step.id);
    const parts = other === undefined ? [] : differingParts(step, other);
    return parts.length === 0 ? [] : [{ step: step.id, parts }];
  });
  return {
    added: added.map(({ id }) => id),
    removed: removed.map(({ id }) => id),
    changed,
    renamed: suggestedRenames(removed, added),
  };
}

function stepsOf(plan: Plan): ReadonlyMap<string, StepNode> {
  return new Map(plan.nodes.filter(isStep).map((step) => [step.id, step]));
}

type Likeness = (step: StepNode, names?: ReadonlyMap<string, string>) => string | null;

/** A step that reads a renamed one is itself like its old self only once that name is known: pairs are found until no more are. */
function suggestedRenames(
  removed: readonly StepNode[],
  added: readonly StepNode[],
): readonly { readonly from: string; readonly to: string }[] {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const likenesses: readonly Likeness[] = [substanceOf, callOf];
  for (const alike of likenesses) {
    for (let before = -1; before !== names.size; ) {
      before = names.size;
      for (const step of removed) {
        if (names.has(step.id)) continue;
        const own = alike(step, names);
        const isLike = (other: StepNode) =>
          own !== null && !taken.has(other.id) && alike(other) === own;
        const candidates = added.filter(isLike);
        const rivals = removed.filter(
          (other) => !names.has(other.id) && alike(other, names) === own,
        );
        const [only] = candidates;
        if (only === undefined || candidates.length > 1 || rivals.length > 1) continue;
        names.set(step.id, only.id);
        taken.add(only.id);
      }
    }
  }
  return [...names].map(([from, to]) => ({ from, to }));
}

/** What a step does, wherever it stands; `null` if that says nothing. */
function callOf(step: StepNode): string | null {
  switch (step.kind) {
    case 'task':
      return canonicalText(['task', step.call.task]);
    case 'review':
      return canonicalText(['review', step.form, step.show, step.assignTo]);
    case 'wait':
      return canonicalText(['wait', step.event]);
    case 'child':
      return canonicalText(['child', step.workflow]);
    default:
      return null;
  }
}

function differingParts(before: PlanNode, after: PlanNode): readonly string[] {
  if (before.kind !== after.kind) return ['kind'];
  const parts: string[] = [];
  const compare = (a: object, b: object, path: readonly string[]) => {
    for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
      const [one, other]: unknown[] = [Reflect.get(a, key), Reflect.get(b, key)];
      if (canonicalText(one) === canonicalText(other)) continue;
      const isCall = ['call', 'fallback'].includes(key) && one !== undefined && other !== undefined;
      if (isCall) compare(one as object, other as object, [...path, key]);
      else parts.push([...path, key].join('.'));
    }
  };
  compare(before, after, []);
  return parts;
}
