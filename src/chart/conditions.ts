import type { Condition } from '../plan/plan.ts';
import type { Facts } from '../plan/settle.ts';

/** A condition over recorded facts; a fact nobody has recorded is false. */
export function holdsIn(condition: Condition, facts: Facts): boolean {
  if ('fact' in condition) return facts[condition.fact] === true;
  if ('choice' in condition) return facts[condition.choice] === condition.is;
  if ('ran' in condition) return facts[`ran:${condition.ran}`] === true;
  if ('not' in condition) return !holdsIn(condition.not, facts);
  if ('all' in condition) return condition.all.every((part) => holdsIn(part, facts));
  return condition.any.some((part) => holdsIn(part, facts));
}
