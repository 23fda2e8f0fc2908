/**
 * Stages and chains: how a graph of steps becomes few states. A step that everything before precedes and everything after follows is a *cut*
 * and stands alone; what lies between two cuts runs in parallel, covered by as few chains as possible. So a linear workflow has no parallel
 * state at all, and a fork of three has three regions, however long its branches are.
 */

import { SignalboxError } from '../errors.ts';
import { chainCover } from './chain-cover.ts';
import { dependenciesOf } from './dependencies.ts';
import { isStep, type PlanWithoutHash } from './plan.ts';

/** Regions a stage may have; `map` is the way to more. */
export const maxWidth = 128;

export type Stage =
  | { readonly kind: 'step'; readonly step: string }
  /** Each chain in order of execution; all members of a stage precede all members of the next one. */
  | { readonly kind: 'parallel'; readonly chains: readonly (readonly string[])[] };

export interface Layout {
  readonly stages: readonly Stage[];
  /** Steps a step waits for, through pure nodes; ids in order of declaration. */
  readonly precedence: ReadonlyMap<string, readonly string[]>;
}

/**
 * @throws SignalboxError `DEFINITION_INVALID` if a stage is wider than {@link maxWidth}, or the graph has a cycle
 */
export function layOut(plan: PlanWithoutHash): Layout {
  const precedence = stepPrecedence(plan);
  const order = topologicalOrder(precedence);
  const stages: Stage[] = [];
  let segment: string[] = [];
  const cuts = cutsOf(order, precedence);
  const closeSegment = () => {
    if (segment.length > 0) stages.push(...segmentStages(plan, segment, precedence));
    segment = [];
  };
  for (const step of order) {
    if (cuts.has(step)) {
      closeSegment();
      stages.push({ kind: 'step', step });
    } else segment.push(step);
  }
  closeSegment();
  return { stages, precedence };
}

/** For each step the steps it waits for directly, pure nodes in between resolved. */
function stepPrecedence(plan: PlanWithoutHash): ReadonlyMap<string, readonly string[]> {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const position = new Map(plan.nodes.map((node, index) => [node.id, index]));
  const behind = new Map<string, ReadonlySet<string>>();
  const stepsBehind = (start: string): ReadonlySet<string> => {
    // Depth first without recursion: a chain of 10,000 derives must not overflow the stack.
    const stack = [start];
    const open = new Set<string>();
    while (stack.length > 0) {
      const id = stack[stack.length - 1] ?? start;
      const node = nodes.get(id);
      if (behind.has(id) || node === undefined) {
        stack.pop();
        continue;
      }
      if (isStep(node)) {
        behind.set(id, new Set([id]));
        stack.pop();
        continue;
      }
      const dependencies = [...dependenciesOf(node)];
      const missing = dependencies.filter(
        (dependency) => nodes.has(dependency) && !behind.has(dependency),
      );
      if (missing.length > 0 && !open.has(id)) {
        open.add(id);
        stack.push(...missing);
        continue;
      }
      const found = new Set<string>();
      for (const dependency of dependencies) {
        for (const step of behind.get(dependency) ?? []) found.add(step);
      }
      behind.set(id, found);
      stack.pop();
    }
    return behind.get(start) ?? new Set();
  };
  const precedence = new Map<string, readonly string[]>();
  for (const node of plan.nodes) {
    if (!isStep(node)) continue;
    const steps = new Set<string>();
    for (const dependency of dependenciesOf(node)) {
      for (const step of stepsBehind(dependency)) steps.add(step);
    }
    precedence.set(
      node.id,
      [...steps].sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0)),
    );
  }
  return precedence;
}

function followersOf(
  precedence: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, string[]> {
  const followers = new Map<string, string[]>();
  for (const [step, before] of precedence) {
    for (const other of before) {
      const known = followers.get(other);
      if (known === undefined) followers.set(other, [step]);
      else known.push(step);
    }
  }
  return followers;
}

/** Kahn's algorithm; among steps that are free at the same time the one declared first comes first. */
function topologicalOrder(precedence: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const followers = followersOf(precedence);
  const missing = new Map<string, number>();
  for (const [step, before] of precedence) {
    missing.set(step, before.length);
  }
  const order: string[] = [];
  let free = [...precedence.keys()].filter((step) => missing.get(step) === 0);
  while (free.length > 0) {
    const next: string[] = [];
    for (const step of free) {
      order.push(step);
      for (const follower of followers.get(step) ?? []) {
        const left = (missing.get(follower) ?? 0) - 1;
        missing.set(follower, left);
        if (left === 0) next.push(follower);
      }
    }
    free = next;
  }
  if (order.length < precedence.size) {
    const stuck = [...precedence.keys()].filter((step) => (missing.get(step) ?? 0) > 0);
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `Steps wait for each other: ${stuck
        .slice(0, 10)
        .map((step) => `"${step}"`)
        .join(', ')}`,
    );
  }
  return order;
}

/**
 * A step is comparable to all others if it is the only sink of what stands before it, itself included, and the only source of what stands
 * after it. Both are counted in one pass each.
 */
function cutsOf(
  order: readonly string[],
  precedence: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const onlySink = new Set<string>();
  const followed = new Set<string>();
  let sinks = 0;
  for (const step of order) {
    for (const before of precedence.get(step) ?? []) {
      if (!followed.has(before)) {
        followed.add(before);
        sinks -= 1;
      }
    }
    sinks += 1;
    if (sinks === 1) onlySink.add(step);
  }
  const cuts = new Set<string>();
  const followers = followersOf(precedence);
  let sources = 0;
  const preceded = new Set<string>();
  for (const step of [...order].reverse()) {
    for (const after of followers.get(step) ?? []) {
      if (!preceded.has(after)) {
        preceded.add(after);
        sources -= 1;
      }
    }
    sources += 1;
    if (sources === 1 && onlySink.has(step)) cuts.add(step);
  }
  return cuts;
}

/** The stages of one segment between cuts: split where nothing overlaps, then covered by chains. */
function segmentStages(
  plan: PlanWithoutHash,
  segment: readonly string[],
  precedence: ReadonlyMap<string, readonly string[]>,
): Stage[] {
  const chains = chainCover(segment, precedence);
  if (chains.length > maxWidth) {
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `Workflow "${plan.name}" runs ${chains.length} steps side by side from "${segment[0]}" on; at most ${maxWidth} are supported`,
      {
        details: { workflow: plan.name, width: chains.length, maxWidth },
        hint: 'Use w.map for wide fan-out: its items live outside the chart',
      },
    );
  }
  return [{ kind: 'parallel', chains }];
}
