/** What a run, and its children, have done that can or should be undone, and how far that has come. */

import type { MapStep, RetryPolicy } from '../../plan/plan.ts';
import { callOf } from '../../plan/task-call.ts';
import type { Completed, LiveRun } from '../live-run.ts';
import type { RunTable } from '../run-table.ts';

/** One thing to undo. */
export interface UndoEntry {
  /** The step, or `child/step` for what a child did. */
  readonly path: string;
  /** The run that did it: the failing one, or a child of it. */
  readonly run: LiveRun;
  /** The run that undoes it. */
  readonly by: string;
  readonly completed: Completed;
  /** Children it was done in, from the outermost to the one that did it. */
  readonly children: readonly LiveRun[];
}

/** What has become, or would become, of one entry of the undo list. */
export interface UndoStep {
  /** The step, or `child/step` for what a child did. */
  readonly step: string;
  /** The run that did it, and the entry of its history. */
  readonly runId: string;
  readonly seq: number;
  /** `irreversible`, `without_undo`: nothing can undo it. `resolved`: by hand. */
  readonly state: 'open' | 'undone' | 'failed' | 'resolved' | 'irreversible' | 'without_undo';
  /** Why it failed, or what was said when it was resolved. */
  readonly reason: string | null;
}

/** Newest completion first; in the place of a child stands what it did. */
export function undoListOf(runs: RunTable, run: LiveRun): Promise<readonly UndoEntry[]> {
  return entriesOf(runs, run, { prefix: '', children: [], by: run.header.id });
}

async function entriesOf(
  runs: RunTable,
  run: LiveRun,
  { prefix, children, by }: Pick<UndoEntry, 'children' | 'by'> & { readonly prefix: string },
): Promise<readonly UndoEntry[]> {
  const entries: UndoEntry[] = [];
  for (const completed of [...run.completed].reverse()) {
    if (completed.child !== null) {
      const child = await runs.loadNewest(completed.child);
      const inner = { prefix: `${prefix}${completed.step}/`, children: [...children, child], by };
      entries.push(...(await entriesOf(runs, child, inner)));
    } else entries.push({ path: `${prefix}${completed.step}`, run, by, completed, children });
  }
  return entries;
}

/** @param entries - the undo list of the run */
export function progressOf(run: LiveRun, entries: readonly UndoEntry[]): readonly UndoStep[] {
  return entries.map((entry) => {
    const { path, run: doer, completed } = entry;
    const failed = run.notUndone.find(({ step }) => step === path);
    const resolved = run.resolved.find(({ step }) => step === path);
    const state = run.undone.includes(path)
      ? 'undone'
      : resolved !== undefined
        ? 'resolved'
        : (obstacleOf(entry) ?? (failed === undefined ? 'open' : 'failed'));
    const reason = resolved?.reason ?? failed?.reason ?? null;
    return { step: path, runId: doer.header.id, seq: completed.seq, state, reason };
  });
}

/** `null` if something can undo it. */
export function obstacleOf({ run, completed }: UndoEntry): 'irreversible' | 'without_undo' | null {
  const node = run.definition.index.nodes.get(completed.step);
  if (node?.kind === 'map') return null;
  if (node?.kind !== 'task') return 'without_undo';
  const { compensate, task } = callOf(node, completed.fallback);
  if (compensate === 'irreversible') return 'irreversible';
  return run.definition.bindings.tasks.get(task)?.undo == null ? 'without_undo' : null;
}

export const onceOnly: RetryPolicy = {
  maxAttempts: 1,
  backoff: { kind: 'fixed', initialMs: 0, factor: 1, maxMs: 0, jitter: 'none' },
};

/** How often the undo is tried, and when again. */
export function policyOf(entry: UndoEntry): RetryPolicy {
  const node = entry.run.definition.index.nodes.get(entry.completed.step);
  if (node?.kind === 'map') return longestOf(node);
  if (node?.kind !== 'task') return onceOnly;
  return callOf(node, entry.completed.fallback).undo?.retry ?? onceOnly;
}

/** A map is undone as often as the most patient of its tasks. */
function longestOf(node: MapStep): RetryPolicy {
  return node.body
    .map((part) => (part.kind === 'task' ? (part.call.undo?.retry ?? onceOnly) : onceOnly))
    .reduce((longest, one) => (one.maxAttempts > longest.maxAttempts ? one : longest), onceOnly);
}
