/** Undoing in memory: the undo list of a run, its children's included, newest completion first. */

import type { AnyActorRef } from 'xstate';
import { failureOf } from '../../failure.ts';
import type { Json } from '../../plan/json.ts';
import type { RetryPolicy, TaskCall, TaskStep } from '../../plan/plan.ts';
import { nextDelayMs } from '../../plan/retry-policy.ts';
import { callOf } from '../../plan/task-call.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import { type Surroundings, surroundingsOf, tell } from './alarms.ts';
import { failureEvent, infoOf, noJitter, timed } from './attempts.ts';
import { callUndo, failed, type HandlerOutcome } from './handlers.ts';
import { itemReader } from './items.ts';
import { type Done, type Memory, type Parts, readerOf } from './memory.ts';

/** One thing to undo, by the workflow that did it: the failing one, or a child of it. */
export interface UndoEntry {
  readonly parts: Parts;
  readonly memory: Memory;
  readonly done: Done;
  /** `step`, or `child/step`. */
  readonly path: string;
}

/** Newest completion first, children taken apart. */
export function undoList(
  parts: Parts,
  memory: Memory,
  partsOfChild: (parts: Parts, step: string) => Parts,
  prefix = '',
): readonly UndoEntry[] {
  return memory.done.toReversed().flatMap((done): readonly UndoEntry[] => {
    const path = `${prefix}${done.step}`;
    return done.child === undefined
      ? [{ parts, memory, done, path }]
      : undoList(partsOfChild(parts, done.step), done.child, partsOfChild, `${path}/`);
  });
}

/** Never rejects. */
export async function undo(
  self: AnyActorRef,
  entry: UndoEntry | undefined,
  number: number,
): Promise<void> {
  const around = surroundingsOf(self);
  const controller = around.begin('undo');
  const outcome = await undone(self, around, controller, entry, number).catch(
    (error: unknown): HandlerOutcome => ({ ok: false, failure: failureOf(error) }),
  );
  if (!around.end('undo', controller)) return;
  const maxAttempts = undoPolicyOf(entry)?.maxAttempts ?? 1;
  const event = outcome.ok
    ? { type: 'undo.completed' }
    : { type: 'undo.failed', maxAttempts, ...failureEvent(entry?.path ?? '', outcome.failure) };
  tell(self, event);
}

async function undone(
  self: AnyActorRef,
  around: Surroundings,
  controller: AbortController,
  entry: UndoEntry | undefined,
  number: number,
): Promise<HandlerOutcome> {
  if (entry === undefined) return failed('NotUndoable', 'There is nothing to undo');
  const { parts, memory, done, path } = entry;
  const node = parts.index.nodes.get(done.step);
  const read = readerOf(parts, memory);
  const undoTask = (
    step: TaskStep,
    call: TaskCall,
    at: string,
    input: unknown,
    output: Json,
  ): Promise<HandlerOutcome> => {
    if (call.compensate === 'irreversible')
      return Promise.resolve(failed('Irreversible', `Step "${at}" is declared irreversible`));
    return timed(self, around, { ...call.undo }, step.id, controller, (signal) =>
      callUndo(
        parts.bindings.tasks.get(call.task),
        {
          ...infoOf(parts, memory, `undo\n${at}`, number, signal),
          step: at,
          input,
          checkpoints: new Map(),
          entities: around.entities,
        },
        output,
      ),
    );
  };
  if (node?.kind === 'task') {
    const call = callOf(node, done.fallback);
    return undoTask(node, call, path, resolveWiring(node.input, read), done.output);
  }
  if (node?.kind !== 'map')
    return failed('NotUndoable', `Step "${path}" has nothing that undoes it`);
  let firstFailure: HandlerOutcome | null = null;
  for (const item of (done.items ?? []).toReversed()) {
    for (const part of node.body.toReversed()) {
      const output = item.results[part.id];
      if (part.kind !== 'task' || part.call.compensate === 'none' || output === undefined) continue;
      const input = resolveWiring(part.input, itemReader(parts, memory, node.body, item));
      const at = `${path}/${item.index}/${part.id}`;
      const outcome = await undoTask(part, part.call, at, input, output);
      if (!outcome.ok) firstFailure ??= outcome;
    }
  }
  return firstFailure ?? { ok: true, output: null };
}

function undoPolicyOf(entry: UndoEntry | undefined): RetryPolicy | undefined {
  const node = entry?.parts.index.nodes.get(entry.done.step);
  if (node?.kind !== 'task') return undefined;
  return (entry?.done.fallback === true ? node.fallback : node.call)?.undo?.retry;
}

/** Wait before the next attempt at the undo. */
export function undoDelayMs(entry: UndoEntry | undefined, made: number, retryAfterMs = 0): number {
  const policy = undoPolicyOf(entry);
  return policy === undefined ? 0 : (nextDelayMs(policy, made, noJitter, retryAfterMs) ?? 0);
}
