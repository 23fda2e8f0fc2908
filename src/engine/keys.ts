/** Deterministic names: the same thing has the same id after a crash, a retry, or on another machine. */
import type { TaskBinding } from '../ports/bindings.ts';
import { sha256 } from './canonical.ts';

/** A fallback does something else than the task it stands in for: keys and checkpoints of its own. */
export function fallbackPath(step: string): string {
  return `${step}/fallback`;
}

/** `path` is the step, `step/fallback`, or `step/index/node` inside a map. Stable over attempts and restarts; new after a rollback. */
export function idempotencyKey(runId: string, path: string, generation: number): string {
  return sha256(`${runId}\n${path}\n${generation}`).slice(0, 32);
}

/** @param seq - history length of the parent at the start, so that a child started anew is another run */
export function childRunId(parentRunId: string, path: string, seq: number): string {
  return `c${sha256(`child\n${parentRunId}\n${path}\n${seq}`).slice(0, 31)}`;
}

export function undoKey(runId: string, path: string, generation: number): string {
  return sha256(`undo\n${runId}\n${path}\n${generation}`).slice(0, 32);
}

/** What the task itself says identifies its effect; `null` if it says nothing, or the input is not one of its own. */
export function businessKey(task: TaskBinding, input: unknown): string | null {
  if (task.key === null) return null;
  const parsed = task.input.parse(input);
  return parsed.ok ? task.key(parsed.value) : null;
}
