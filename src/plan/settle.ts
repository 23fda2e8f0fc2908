/**
 * What follows at once when nodes settle: predicates, derived values, choices, joins, context updates, milestones, and steps that are skipped
 * because a gate does not hold. Pure: the functions of the author come in as `evaluate`, and their answers leave as facts and values that the
 * event records.
 */
import { dependenciesOf } from './dependencies.ts';
import {
  type ChoiceNode,
  type Condition,
  type Gate,
  isStep,
  type Plan,
  type PlanNode,
  type PureNode,
} from './plan.ts';
import { resolveWiring } from './wiring.ts';

export type Settled =
  | { readonly status: 'complete'; readonly value: unknown }
  | { readonly status: 'skipped'; readonly reason: string };

/** Settled nodes by id. */
export interface Progress {
  get(id: string): Settled | undefined;
}

/** The author's functions. May throw: the run then fails at that node. */
export interface Evaluate {
  predicate(id: string, value: unknown): boolean;
  /** The stored form is what JSON keeps; `value` is what consumers see. */
  derive(id: string, value: unknown): unknown;
  /** The case taken, if it is known already; `undefined`: as the plan decides. */
  choice?(id: string): string | undefined;
}

export type Facts = { readonly [id: string]: boolean | string };

export interface Settlement {
  /** Newly settled nodes in order, the seeds first. */
  readonly settled: readonly (readonly [id: string, settled: Settled])[];
  readonly facts: Facts;
  /** Values of derives computed now, for the record. */
  readonly derived: readonly (readonly [id: string, value: unknown])[];
  readonly skipped: readonly { readonly step: string; readonly reason: string }[];
  readonly updates: readonly { readonly key: string; readonly value: unknown }[];
  readonly milestones: readonly string[];
  readonly fault: { readonly node: string; readonly error: unknown } | null;
}

export interface PlanIndex {
  readonly plan: Plan;
  readonly nodes: ReadonlyMap<string, PlanNode>;
  readonly dependencies: ReadonlyMap<string, ReadonlySet<string>>;
  /** Nodes that read a node, in order of declaration; only those that can settle by themselves (pure nodes and gated steps). */
  readonly dependents: ReadonlyMap<string, readonly string[]>;
  /** Nodes some condition asks for having run; a fact `ran:id` tells. */
  readonly askedForRun: ReadonlySet<string>;
  /** Nodes with no dependency at all, that can settle by themselves. */
  readonly roots: readonly string[];
}

export function indexPlan(plan: Plan): PlanIndex {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const dependencies = new Map<string, ReadonlySet<string>>();
  const dependents = new Map<string, string[]>();
  const roots: string[] = [];
  for (const node of plan.nodes) {
    const own = dependenciesOf(node);
    dependencies.set(node.id, own);
    if (isStep(node) && node.gates.length === 0) continue;
    if (own.size === 0) roots.push(node.id);
    for (const id of own) {
      const known = dependents.get(id);
      if (known === undefined) dependents.set(id, [node.id]);
      else known.push(node.id);
    }
  }
  return { plan, nodes, dependencies, dependents, roots, askedForRun: askedForRun(plan) };
}

function askedForRun(plan: Plan): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (condition: Condition): void => {
    if ('ran' in condition) found.add(condition.ran);
    else if ('not' in condition) visit(condition.not);
    else if ('all' in condition) condition.all.forEach(visit);
    else if ('any' in condition) condition.any.forEach(visit);
  };
  for (const node of plan.nodes) {
    for (const gate of node.gates) visit(gate.condition);
    if (node.kind === 'review' && node.approve.by === 'guard') visit(node.approve.condition);
  }
  if (plan.finish.approve.by === 'guard') visit(plan.finish.approve.condition);
  return found;
}

export function holds(condition: Condition, progress: Progress): boolean {
  if ('fact' in condition) return valueOf(progress.get(condition.fact)) === true;
  if ('choice' in condition) return valueOf(progress.get(condition.choice)) === condition.is;
  if ('ran' in condition) return progress.get(condition.ran)?.status === 'complete';
  if ('not' in condition) return !holds(condition.not, progress);
  if ('all' in condition) return condition.all.every((part) => holds(part, progress));
  return condition.any.some((part) => holds(part, progress));
}

function valueOf(settled: Settled | undefined): unknown {
  return settled?.status === 'complete' ? settled.value : undefined;
}

const nothing: Settlement = {
  settled: [],
  facts: {},
  derived: [],
  skipped: [],
  updates: [],
  milestones: [],
  fault: null,
};

/**
 * @param seeds - nodes that settle now; none at the start of a run, when everything that depends on the input alone is computed
 * @param source - values of `$input`, `$run` and `$context`
 */
export function settle(
  index: PlanIndex,
  progress: Progress,
  seeds: readonly (readonly [id: string, settled: Settled])[],
  source: (of: string) => unknown,
  evaluate: Evaluate,
  atStart = false,
): Settlement {
  if (!atStart && seeds.every(([id]) => !index.dependents.has(id) && !index.askedForRun.has(id)))
    return seeds.length === 0 ? nothing : { ...nothing, settled: seeds };
  const fresh = new Map<string, Settled>(seeds);
  const view: Progress = { get: (id) => fresh.get(id) ?? progress.get(id) };
  const read = (of: string) => (of.startsWith('$') ? source(of) : valueOf(view.get(of)));
  const facts: Record<string, boolean | string> = {};
  const derived: [string, unknown][] = [];
  const skipped: { step: string; reason: string }[] = [];
  const updates: { key: string; value: unknown }[] = [];
  const milestones: string[] = [];
  const queue: string[] = atStart ? [...index.roots] : [];
  for (const [id] of seeds) queue.push(...(index.dependents.get(id) ?? []));
  for (const [id, settled] of seeds)
    if (index.askedForRun.has(id)) facts[`ran:${id}`] = settled.status === 'complete';
  const done = () => ({ settled: [...fresh], facts, derived, skipped, updates, milestones });

  const shut = (node: PlanNode, { label, otherwise }: Gate): void => {
    const reason = otherwise ?? `Condition "${label}" does not hold.`;
    fresh.set(node.id, { status: 'skipped', reason });
    if (index.askedForRun.has(node.id)) facts[`ran:${node.id}`] = false;
    if (isStep(node)) skipped.push({ step: node.id, reason });
    else if (node.kind === 'predicate') facts[node.id] = false;
  };
  const complete = (node: PureNode): void => {
    const { id } = node;
    const value = compute(node, view, read, evaluate);
    fresh.set(id, { status: 'complete', value });
    if (node.kind === 'predicate') facts[id] = value === true;
    else if (node.kind === 'choice') facts[id] = String(value);
    else if (node.kind === 'derive') derived.push([id, value]);
    else if (node.kind === 'update') updates.push({ key: node.key, value });
    else if (node.kind === 'milestone') milestones.push(node.name);
  };

  for (let at = 0; at < queue.length; at += 1) {
    const id = queue[at] ?? '';
    const node = index.nodes.get(id);
    if (node === undefined || view.get(id) !== undefined || !isReady(index, id, view)) continue;
    const closed = node.gates.find((gate) => !holds(gate.condition, view));
    if (closed !== undefined) shut(node, closed);
    else if (isStep(node)) continue;
    else {
      try {
        complete(node);
      } catch (error) {
        return { ...done(), fault: { node: id, error } };
      }
    }
    queue.push(...(index.dependents.get(id) ?? []));
  }
  return { ...done(), fault: null };
}

function isReady(index: PlanIndex, id: string, progress: Progress): boolean {
  for (const dependency of index.dependencies.get(id) ?? [])
    if (progress.get(dependency) === undefined) return false;
  return true;
}

function compute(
  node: PureNode,
  view: Progress,
  read: (of: string) => unknown,
  evaluate: Evaluate,
): unknown {
  switch (node.kind) {
    case 'predicate':
      return evaluate.predicate(node.id, resolveWiring(node.of, read));
    case 'derive':
      return evaluate.derive(node.id, resolveWiring(node.from, read));
    case 'choice':
      return evaluate.choice?.(node.id) ?? choose(node, view, read);
    case 'merge': {
      const taken = valueOf(view.get(node.choice));
      const found = node.cases.find(([name]) => name === taken);
      return found === undefined ? undefined : resolveWiring(found[1], read);
    }
    case 'update':
      return resolveWiring(node.value, read);
    case 'milestone':
      return true;
    default:
      return node satisfies never;
  }
}

function choose(node: ChoiceNode, view: Progress, read: (of: string) => unknown): string {
  if ('conditions' in node.by)
    return (
      node.by.conditions.find(([, condition]) => holds(condition, view))?.[0] ?? node.by.otherwise
    );
  const value = resolveWiring(node.by.field, read);
  const name = String(value);
  if (node.by.cases.includes(name)) return name;
  if (node.by.otherwise !== undefined) return node.by.otherwise;
  throw new Error(
    `No branch of choice "${node.id}" for the value ${JSON.stringify(value) ?? 'undefined'}`,
  );
}
