import type { Approval, Condition } from '../plan/plan.ts';
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

/** Names of the facts that {@link holdsIn} reads for a condition. */
export function factNamesOf(condition: Condition, into: Set<string> = new Set()): Set<string> {
  if ('fact' in condition) into.add(condition.fact);
  else if ('choice' in condition) into.add(condition.choice);
  else if ('ran' in condition) into.add(`ran:${condition.ran}`);
  else if ('not' in condition) factNamesOf(condition.not, into);
  else
    for (const part of 'all' in condition ? condition.all : condition.any) factNamesOf(part, into);
  return into;
}

export function factNamesOfApproval(
  approval: Approval,
  into: Set<string> = new Set(),
): Set<string> {
  return approval.by === 'guard' ? factNamesOf(approval.condition, into) : into;
}
