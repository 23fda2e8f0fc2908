/** What a path has done that must be undone, and how patiently. */

import type { MapStep, PlanNode, RetryPolicy, TaskCall } from '../../plan/plan.ts';
import { callOf } from '../../plan/task-call.ts';

/** One entry of the undo list. */
export interface UndoWork {
  /** The step, or `child/step` for what a child did. */
  readonly path: string;
  readonly policy: RetryPolicy;
  /** It fails by itself: it is declared irreversible. */
  readonly isImpossible: boolean;
}

export const once: RetryPolicy = {
  maxAttempts: 1,
  backoff: { kind: 'fixed', initialMs: 0, factor: 1, maxMs: 0, jitter: 'none' },
};

/**
 * @param inChild - what a completed child of the workflow leaves to undo, in order of completion
 */
export function undoWorkOf(
  node: PlanNode | undefined,
  isFallback: boolean,
  inChild: (step: string) => readonly UndoWork[],
): readonly UndoWork[] {
  if (node?.kind === 'task') return ofCall(node.id, callOf(node, isFallback));
  if (node?.kind === 'child')
    return inChild(node.id).map((work) => ({ ...work, path: `${node.id}/${work.path}` }));
  if (node?.kind === 'map') return ofMap(node);
  return [];
}

function ofCall(path: string, call: TaskCall): readonly UndoWork[] {
  if (call.compensate === 'none') return [];
  const isImpossible = call.compensate === 'irreversible';
  return [{ path, policy: isImpossible ? once : (call.undo?.retry ?? once), isImpossible }];
}

/** A map is undone as one, as often as the most patient of its tasks. */
function ofMap(node: MapStep): readonly UndoWork[] {
  const calls = node.body.flatMap((part) =>
    part.kind === 'task' && part.call.compensate !== 'none' ? [part.call] : [],
  );
  if (calls.length === 0) return [];
  const policies = calls.map((call) => call.undo?.retry ?? once);
  return [
    {
      path: node.id,
      policy: policies.reduce((longest, one) =>
        one.maxAttempts > longest.maxAttempts ? one : longest,
      ),
      isImpossible: calls.every((call) => call.compensate === 'irreversible'),
    },
  ];
}
