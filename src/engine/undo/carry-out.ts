/** Undoing one entry of the list: a task by its own handler, a map item by item. */

import { SignalboxError } from '../../errors.ts';
import type { Json } from '../../plan/json.ts';
import type { MapStep, TaskCall, TaskStep } from '../../plan/plan.ts';
import { callOf } from '../../plan/task-call.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { EntityAccess } from '../../ports/bindings.ts';
import type { AttemptOutcome } from '../../ports/executor.ts';
import { undoKey } from '../keys.ts';
import { readerOf, runInfo } from '../live-run.ts';
import { type ItemRow, itemReader, readItems } from '../maps/items.ts';
import { persist } from '../persist.ts';
import type { WorkDeps } from '../work-deps.ts';
import { onceOnly, type UndoEntry } from './list.ts';

/** One try at one entry. */
export interface UndoAttempt {
  readonly entry: UndoEntry;
  /** From 1. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly entities: EntityAccess;
}

/** What is undone in a try: the task of the step, or of one item. */
interface Undone {
  readonly path: string;
  readonly node: TaskStep;
  readonly call: TaskCall;
  readonly read: (of: string) => unknown;
  readonly stored: Json | undefined;
}

export function createUndoer(deps: WorkDeps): (undo: UndoAttempt) => Promise<AttemptOutcome> {
  async function undoTask(
    { entry: { run, by }, attempt, signal, entities }: UndoAttempt,
    { path, node, call, read, stored }: Undone,
  ): Promise<AttemptOutcome> {
    const runId = run.header.id;
    if (call.compensate === 'irreversible')
      return failed('Irreversible', `Step "${path}" cannot be undone: it is declared irreversible`);
    const task = run.definition.bindings.tasks.get(call.task);
    if (task?.undo == null)
      return failed('NotUndoable', `Task "${call.task}" has no handler that undoes it`);
    const output =
      node.tolerate === undefined
        ? stored
        : ((stored as { value?: Json } | undefined)?.value ?? null);
    deps.scopes.enter(task, runId, by);
    return deps.executor.undo({
      task,
      timeoutMs: call.undo?.timeoutMs,
      signal,
      context: {
        input: resolveWiring(node.input, read),
        output: task.output.restore(output ?? null),
        attempt,
        startedAtMs: deps.clock.nowMs(),
        idempotencyKey: undoKey(runId, path, run.state.generation),
        log: deps.log.child({ runId, step: path, attempt, undo: true }),
        run: runInfo(run),
        entities,
      },
    });
  }

  /** Items that completed, newest first, their tasks in reverse order. */
  async function undoItems(undo: UndoAttempt, node: MapStep): Promise<AttemptOutcome> {
    const { run } = undo.entry;
    const rows: ItemRow[] = [];
    for await (const row of readItems(deps.store, run, node.id)) rows.push(row);
    const ordered = rows
      .filter(({ state }) => Object.keys(state.results).length > 0)
      .sort((a, b) => (b.state.order ?? 0) - (a.state.order ?? 0));
    // One that may pass decides whether the map is tried again; what has failed for good is reported in the end.
    let passing: AttemptOutcome | null = null;
    let failure: AttemptOutcome | null = null;
    for (const row of ordered) {
      for await (const { outcome, canPass } of undoItem(undo, node, row)) {
        if (canPass) passing ??= outcome;
        else failure ??= outcome;
      }
    }
    return passing ?? failure ?? { ok: true, output: null, durationMs: 0 };
  }

  /** Each task that is undone is marked, so that neither a crash nor a retry repeats one. Yields what fails. */
  async function* undoItem(
    undo: UndoAttempt,
    node: MapStep,
    row: ItemRow,
  ): AsyncGenerator<{ readonly outcome: AttemptOutcome; readonly canPass: boolean }> {
    const { entry, attempt } = undo;
    const { state } = row;
    const undone = new Set(state.undone ?? []);
    const toUndo = node.body.filter(
      (part) =>
        part.kind === 'task' &&
        part.call.compensate !== 'none' &&
        !undone.has(part.id) &&
        Object.hasOwn(state.results, part.id),
    );
    for (const part of toUndo.reverse()) {
      if (part.kind !== 'task') continue;
      const path = `${entry.path}/${row.index}/${part.id}`;
      const { maxAttempts } = part.call.undo?.retry ?? onceOnly;
      if (attempt > maxAttempts) {
        const message = `"${path}" was not undone in ${maxAttempts} attempts`;
        yield { outcome: failed('NotUndone', message), canPass: false };
        continue;
      }
      const outcome = await undoTask(undo, {
        path,
        node: part,
        call: part.call,
        read: itemReader(entry.run, node, state),
        stored: state.results[part.id],
      });
      if (outcome.ok) {
        undone.add(part.id);
        await mark(entry, row, [...undone]);
      } else yield { outcome, canPass: outcome.failure.retryable && attempt < maxAttempts };
    }
  }

  async function mark({ run }: UndoEntry, row: ItemRow, undone: readonly string[]): Promise<void> {
    const fence = { runId: run.header.id, epoch: run.state.epoch };
    const marked = { ...row, state: { ...row.state, undone } };
    if (!(await persist(deps, () => deps.store.saveItems([marked], fence))))
      throw new SignalboxError(
        'LEASE_LOST',
        `Run "${fence.runId}" is another process's now; it goes on with the undo of its map`,
        { details: { runId: fence.runId } },
      );
  }

  return async (undo) => {
    const { run, path, completed } = undo.entry;
    const node = run.definition.index.nodes.get(completed.step);
    if (node?.kind === 'map') return undoItems(undo, node);
    if (node?.kind !== 'task')
      return failed('NotUndoable', `Step "${path}" has nothing that undoes it`);
    const call = callOf(node, completed.fallback);
    return undoTask(undo, { path, node, call, read: readerOf(run), stored: completed.output });
  };
}

function failed(name: string, message: string): AttemptOutcome {
  return { ok: false, failure: { name, message, retryable: false, unclear: false }, durationMs: 0 };
}
