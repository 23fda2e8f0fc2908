import type { Evaluate } from '../../plan/settle.ts';
import type { Subject } from './world.ts';

/** The functions of the definition, which need data that a simulation does not have: what is not known of them is left to chance. */
export function chanceOf(subject: Subject, random: () => number): Evaluate {
  const { index, model } = subject;
  return {
    predicate(id, value) {
      const node = index.nodes.get(id);
      const rate = node?.kind === 'predicate' ? model.conditions?.[node.label] : undefined;
      if (rate !== undefined) return random() < rate;
      return subject.condition(id, value) ?? random() < 0.5;
    },
    derive: () => undefined,
    choice(id) {
      const node = index.nodes.get(id);
      if (node?.kind !== 'choice' || !('field' in node.by)) return undefined;
      const { cases, otherwise } = node.by;
      const names = otherwise === undefined ? cases : [...cases, otherwise];
      const rates = model.choices?.[id];
      const weights = names.map((name) => (rates === undefined ? 1 : (rates[name] ?? 0)));
      return drawOne(names, weights, random());
    },
  };
}

/** @param draw - in [0, 1) */
function drawOne(
  names: readonly string[],
  weights: readonly number[],
  draw: number,
): string | undefined {
  let left = draw * weights.reduce((sum, weight) => sum + weight, 0);
  return names.find((_, position) => (left -= weights[position] ?? 0) < 0) ?? names.at(-1);
}
