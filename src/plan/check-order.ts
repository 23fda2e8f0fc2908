/** Something can always go on, and what replaces a shared value is put in order. */

import { excludeEachOther } from './conditions.ts';
import { dependenciesOf, readsOf } from './dependencies.ts';
import type { NodeTable } from './node-table.ts';
import type { PlanNode, PlanWithoutHash, UpdateNode } from './plan.ts';
import { definitionInvalid } from './problem.ts';

export function checkOrder(plan: PlanWithoutHash, table: NodeTable): void {
  checkCycle(plan, plan.nodes);
  for (const node of plan.nodes) if (node.kind === 'map') checkCycle(plan, node.body);
  checkUpdates(plan, table);
}

/** Depth first, without recursion: a chain of 10,000 steps must not overflow the stack. */
function checkCycle(plan: PlanWithoutHash, nodes: readonly PlanNode[]): void {
  const own = new Map(nodes.map((node) => [node.id, node]));
  const done = new Set<string>();
  const open = new Set<string>();
  const path: { readonly id: string; readonly waitsFor: string[] }[] = [];
  const enter = (node: PlanNode) => {
    open.add(node.id);
    path.push({ id: node.id, waitsFor: [...dependenciesOf(node)] });
  };
  for (const start of nodes) {
    if (!done.has(start.id)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.waitsFor.pop();
      if (next === undefined) {
        path.pop();
        open.delete(top.id);
        done.add(top.id);
      } else if (open.has(next)) {
        // The path leads from each node to what it waits for; people read it in the order of execution.
        const ids = path.map((each) => each.id);
        const cycle = [next, ...ids.slice(ids.indexOf(next)).toReversed()];
        throw definitionInvalid(
          { workflow: plan.name, step: next },
          `steps wait for each other: ${cycle.join(' → ')}; remove one of these dependencies`,
          { details: { cycle } },
        );
      } else if (!done.has(next)) {
        const node = own.get(next);
        if (node !== undefined) enter(node);
      }
    }
  }
}

/** Of two unordered writers that replace a value nobody could say who wins. */
function checkUpdates(plan: PlanWithoutHash, { nodes }: NodeTable): void {
  const replacing = plan.nodes.filter(
    (node): node is UpdateNode =>
      node.kind === 'update' && plan.context[node.key]?.reduce === 'replace',
  );
  for (const [key, updates] of Map.groupBy(replacing, (node) => node.key)) {
    const behind = updates.map((update) => ancestorsOf(update, nodes));
    for (const [index, update] of updates.entries()) {
      for (const [other, before] of updates.slice(0, index).entries()) {
        if (excludeEachOther(before.gates, update.gates)) continue;
        if (isBefore(before, behind[index]!) || isBefore(update, behind[other]!)) continue;
        throw definitionInvalid(
          { workflow: plan.name, step: update.id },
          `"${key}" is replaced by two updates that nothing puts in order (${updateText(before)} and ${updateText(update)}); order their steps with "after" or w.sequence, or reduce "${key}" in another way`,
        );
      }
    }
  }
}

function ancestorsOf(node: PlanNode, nodes: ReadonlyMap<string, PlanNode>): ReadonlySet<string> {
  const found = new Set<string>();
  const pending: PlanNode[] = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const id of dependenciesOf(next)) {
      const dependency = nodes.get(id);
      if (dependency === undefined || found.has(id)) continue;
      found.add(id);
      pending.push(dependency);
    }
  }
  return found;
}

/** An update takes effect when the last of its sources settles, so it is before whatever waits for all of them. */
function isBefore(update: UpdateNode, ancestors: ReadonlySet<string>): boolean {
  return ancestors.has(update.id) || [...dependenciesOf(update)].every((id) => ancestors.has(id));
}

function updateText(update: UpdateNode): string {
  const reads = [...readsOf(update.value)].map((id) => `"${id}"`);
  return reads.length === 0 ? `"${update.id}"` : `"${update.id}" from ${reads.join(', ')}`;
}
