/** Which results still stand when the input of a run or the results of some steps are others: by what reads what, never by running anything. */
import { factsOf, factsOfApproval, wiringsOf } from './dependencies.ts';
import { isStep, type Plan, type PlanNode, type Wiring } from './plan.ts';

export interface Change {
  /** Steps whose results are at hand. */
  readonly settled: ReadonlySet<string>;
  /** Steps that have another result now. */
  readonly replaced: ReadonlySet<string>;
  /** Whether the part at `path` of the input (`$input`) or of a replaced result is another one now. */
  differs(of: string, path: readonly (string | number)[]): boolean;
}

/**
 * The steps that have to run again, with the reason, and the nodes in between whose values may be others. A step does so if something it reads
 * may be another value, a condition on its way may hold differently, or a step it was declared to come after runs again.
 */
export interface Invalidation {
  readonly steps: ReadonlyMap<string, string>;
  readonly nodes: ReadonlySet<string>;
}

export function invalidate(plan: Plan, change: Change): Invalidation {
  const steps = new Map<string, string>();
  const nodes = new Set<string>();
  const contextKeys = new Set<string>();
  // In order of declaration, which is one of dependency.
  for (const node of plan.nodes) {
    if (change.replaced.has(node.id)) continue;
    const why = reasonOf(node, change, nodes, steps, contextKeys);
    if (isStep(node)) {
      if (why === null && change.settled.has(node.id)) continue;
      steps.set(node.id, why ?? 'it had no result yet');
      nodes.add(node.id);
    } else if (why !== null) {
      nodes.add(node.id);
      if (node.kind === 'update') contextKeys.add(node.key);
    }
  }
  return { steps, nodes };
}

function reasonOf(
  node: PlanNode,
  change: Change,
  changed: ReadonlySet<string>,
  again: ReadonlyMap<string, string>,
  contextKeys: ReadonlySet<string>,
): string | null {
  for (const wiring of allWiringsOf(node)) {
    for (const { of, path } of refsOf(wiring)) {
      if (of === '$context' ? readsContext(path, contextKeys) : changed.has(of))
        return `it reads ${of === '$context' ? 'the run context' : `"${of}"`}`;
      if ((of === '$input' || change.replaced.has(of)) && change.differs(of, path))
        return of === '$input' ? 'it reads what changed in the input' : `it reads "${of}"`;
    }
  }
  for (const id of conditionsOf(node)) {
    if (changed.has(id)) return `it depends on "${id}"`;
  }
  const before = node.after.find((id) => again.has(id));
  return before === undefined ? null : `it comes after "${before}"`;
}

function readsContext(path: readonly (string | number)[], keys: ReadonlySet<string>): boolean {
  const [key] = path;
  return key === undefined ? keys.size > 0 : keys.has(String(key));
}

function allWiringsOf(node: PlanNode): readonly Wiring[] {
  if (node.kind !== 'map') return wiringsOf(node);
  return [...wiringsOf(node), ...node.body.flatMap(wiringsOf), node.yields];
}

/** Nodes whose answer decides whether or how the node runs. */
function conditionsOf(node: PlanNode): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const gate of node.gates) factsOf(gate.condition, ids);
  if (node.kind === 'review') factsOfApproval(node.approve, ids);
  if (node.kind === 'merge') ids.add(node.choice);
  if (node.kind === 'choice' && 'conditions' in node.by)
    for (const [, condition] of node.by.conditions) factsOf(condition, ids);
  return ids;
}

type Ref = Extract<Wiring, { kind: 'ref' }>;

function refsOf(wiring: Wiring): readonly Ref[] {
  const found: Ref[] = [];
  const pending: Wiring[] = [wiring];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'ref') found.push(next);
    else if (next.kind === 'array') pending.push(...next.items);
    else if (next.kind === 'object') for (const [, value] of next.entries) pending.push(value);
  }
  return found;
}
