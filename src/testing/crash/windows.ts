/** The kinds of places a store and a workflow must have, derived without looking at an execution: one that is never reached is a hole in the test. */
import { isStep, type Plan, type PlanNode, type TaskCall } from '../../plan/plan.ts';
import type { CrashMode, CrashStore } from './crash-report.ts';

const operations: { readonly [S in CrashStore]: readonly string[] } = {
  memory: ['commit'],
  sqlite: ['begin', 'write', 'statement', 'commit'],
  lowdb: ['create', 'write', 'sync', 'rename', 'syncDirectory'],
};

/** @param plans - of the workflow and its children */
export function expectedWindows(
  store: CrashStore,
  mode: CrashMode,
  plans: readonly Plan[],
): readonly string[] {
  const calls = plans.flatMap((plan) => plan.nodes.flatMap(callsOf));
  const names = [
    // who stands still is seen from the store's own methods
    ...(mode === 'standstill' ? operations.memory : operations[store]),
    ...(calls.length > 0 ? ['run'] : []),
    ...(calls.some(({ compensate }) => compensate === 'handler') ? ['undo'] : []),
    ...(store === 'memory' || mode === 'standstill' ? partsOf(plans) : []),
  ];
  return names.flatMap((name) => [`${name}.before`, `${name}.after`]);
}

function callsOf(node: PlanNode): readonly TaskCall[] {
  if (node.kind === 'map') return node.body.flatMap(callsOf);
  if (node.kind !== 'task') return [];
  return [node.call, ...(node.fallback === undefined ? [] : [node.fallback])];
}

/** Writes of their own that some kinds of steps make. */
function partsOf(plans: readonly Plan[]): readonly string[] {
  const steps = plans.flatMap(({ nodes }) => nodes.filter(isStep));
  return steps.some(({ kind }) => kind === 'map') ? ['savePlan', 'saveItems'] : ['savePlan'];
}
