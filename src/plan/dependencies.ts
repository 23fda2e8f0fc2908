import type { Approval, Condition, PlanNode, Wiring } from './plan.ts';

/** Ids of nodes a wiring reads; sources such as `$input` are not nodes. */
export function readsOf(wiring: Wiring, into: Set<string> = new Set()): Set<string> {
  const pending: Wiring[] = [wiring];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    switch (next.kind) {
      case 'ref':
        if (!next.of.startsWith('$')) into.add(next.of);
        break;
      case 'object':
        for (const [, value] of next.entries) pending.push(value);
        break;
      case 'array':
        pending.push(...next.items);
        break;
      case 'literal':
      case 'absent':
        break;
      default:
        next satisfies never;
    }
  }
  return into;
}

/** Ids of nodes a condition reads: predicates, choices, and steps asked for having run. */
export function factsOf(condition: Condition, into: Set<string> = new Set()): Set<string> {
  if ('fact' in condition) into.add(condition.fact);
  else if ('choice' in condition) into.add(condition.choice);
  else if ('ran' in condition) into.add(condition.ran);
  else if ('not' in condition) factsOf(condition.not, into);
  else for (const part of 'all' in condition ? condition.all : condition.any) factsOf(part, into);
  return into;
}

export function factsOfApproval(approval: Approval, into: Set<string> = new Set()): Set<string> {
  return approval.by === 'guard' ? factsOf(approval.condition, into) : into;
}

/** Ids of all nodes that must have settled before this one can start or be computed, without duplicates. */
export function dependenciesOf(node: PlanNode): ReadonlySet<string> {
  const ids = new Set<string>(node.after);
  for (const gate of node.gates) factsOf(gate.condition, ids);
  for (const wiring of wiringsOf(node)) readsOf(wiring, ids);
  if (node.kind === 'review') factsOfApproval(node.approve, ids);
  if (node.kind === 'choice' && 'conditions' in node.by) {
    for (const [, condition] of node.by.conditions) factsOf(condition, ids);
  }
  if (node.kind === 'merge') {
    ids.add(node.choice);
    for (const member of node.members) ids.add(member);
  }
  if (node.kind === 'map') {
    const own = new Set(node.body.map((part) => part.id));
    for (const part of node.body) {
      for (const id of dependenciesOf(part)) if (!own.has(id)) ids.add(id);
    }
    for (const id of readsOf(node.yields)) if (!own.has(id)) ids.add(id);
  }
  return ids;
}

/** The wirings a node evaluates in the run's own scope. */
export function wiringsOf(node: PlanNode): readonly Wiring[] {
  switch (node.kind) {
    case 'task':
    case 'child':
      return [node.input];
    case 'review':
      return [node.show, node.assignTo, ...node.notBy].filter((wiring) => wiring !== undefined);
    case 'wait':
      return node.where.map(([, value]) => value);
    case 'sleep':
      return [node.for];
    case 'map':
      return [node.items];
    case 'emit':
      return [node.payload];
    case 'predicate':
      return [node.of];
    case 'derive':
      return [node.from];
    case 'choice':
      return 'field' in node.by ? [node.by.field] : [];
    case 'merge':
      return node.cases.map(([, value]) => value);
    case 'update':
      return [node.value];
    case 'fail':
    case 'milestone':
      return [];
    default:
      return node satisfies never;
  }
}
