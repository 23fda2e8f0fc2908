/** Calling the author's handlers, as the inline executor of the engine does. Whatever they do is an outcome; nothing they throw gets past here. */

import { failureOf } from '../../failure.ts';
import { issuesText } from '../../plan/issues.ts';
import type { Json } from '../../plan/json.ts';
import { copyJson, copyStructure } from '../../plan/json-value.ts';
import type { AttemptInfo, Issue, TaskBinding } from '../../ports/bindings.ts';
import type { AttemptFailure } from '../../ports/executor.ts';
import type { Logger } from '../../ports/logger.ts';
import { createResourcePool } from '../../resources.ts';

export type HandlerOutcome =
  | { readonly ok: true; readonly output: Json }
  | { readonly ok: false; readonly failure: AttemptFailure };

export interface HandlerCall extends Omit<AttemptInfo, 'log'> {
  readonly step: string;
  readonly input: unknown;
  /** Results of `checkpoint` by name, kept over the attempts of a step. */
  readonly checkpoints: Map<string, unknown>;
}

/** @param task - `undefined`: not registered */
export async function callTask(
  task: TaskBinding | undefined,
  { step, input, checkpoints, ...info }: HandlerCall,
): Promise<HandlerOutcome> {
  if (task === undefined) return failed('DefinitionMissing', `The task of step "${step}" is gone`);
  const parsed = task.input.parse(isolated(input));
  if (!parsed.ok)
    return invalid('InputInvalid', `Input of task "${task.name}" in step "${step}"`, parsed.issues);
  const declared: { failure: HandlerOutcome | null } = { failure: null };
  try {
    const answer = await withResources(task, info, (resources) =>
      task.run({
        ...info,
        log: silence,
        resources,
        input: parsed.value,
        fail(code, detail) {
          declared.failure = declaredFailure(task, code, detail);
          throw new Error(code);
        },
        async checkpoint(name, compute) {
          if (!checkpoints.has(name)) checkpoints.set(name, await compute());
          return checkpoints.get(name);
        },
        heartbeat: () => {},
      }),
    );
    if (declared.failure !== null) return declared.failure;
    const output = task.output.parse(answer);
    if (output.ok) return { ok: true, output: output.stored };
    return invalid(
      'OutputInvalid',
      `Output of task "${task.name}" in step "${step}"`,
      output.issues,
    );
  } catch (error) {
    return declared.failure ?? { ok: false, failure: failureOf(error) };
  }
}

/** Nobody says in memory when a run has ended: each attempt has its own, and closes them. */
async function withResources<T>(
  task: TaskBinding,
  info: Pick<AttemptInfo, 'run' | 'signal'>,
  handle: (resources: { readonly [key: string]: unknown }) => Promise<T>,
): Promise<T> {
  if (task.resources === undefined) return handle({});
  const pool = createResourcePool();
  try {
    const { values } = await pool.acquire(task, { ...info, log: silence });
    return await handle(values);
  } finally {
    await pool.close();
  }
}

/** @param output - stored form of what the task yielded */
export async function callUndo(
  task: TaskBinding | undefined,
  { step, input, checkpoints: _, ...info }: HandlerCall,
  output: Json,
): Promise<HandlerOutcome> {
  const undo = task?.undo;
  if (task === undefined || undo == null)
    return failed('NotUndoable', `Step "${step}" has nothing that undoes it`);
  const parsed = task.input.parse(isolated(input));
  if (!parsed.ok) return invalid('InputInvalid', `Input of task "${task.name}"`, parsed.issues);
  try {
    await withResources(task, info, (resources) =>
      undo({
        ...info,
        log: silence,
        resources,
        input: parsed.value,
        output: task.output.restore(output),
      }),
    );
    return { ok: true, output: null };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

export function failed(name: string, message: string): HandlerOutcome {
  return { ok: false, failure: { name, message, retryable: false, unclear: false } };
}

function invalid(name: string, what: string, issues: readonly Issue[]): HandlerOutcome {
  return failed(name, `${what} is invalid: ${issuesText(issues.slice(0, 5))}`);
}

function declaredFailure(task: TaskBinding, code: string, detail: unknown): HandlerOutcome {
  const parsed = task.failures.get(code)?.parse(detail);
  if (parsed?.ok !== true)
    return failed(
      'FailureInvalid',
      `Task "${task.name}" called fail("${code}") with what it has not declared`,
    );
  const failure: AttemptFailure = {
    name: 'DeclaredFailure',
    message: `Task "${task.name}" failed with "${code}"`,
    retryable: false,
    unclear: false,
    code,
    detail: parsed.stored,
  };
  return { ok: false, failure };
}

/** A copy: what one task does to its input, no other sees. */
function isolated(input: unknown): unknown {
  const copied = copyStructure(input);
  return copied.ok ? copied.value : input;
}

/** Values that JSON cannot carry end as `null`. */
export function toJson(value: unknown): Json {
  const copied = copyJson(value ?? null);
  return copied.ok ? copied.value : null;
}

const silence: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silence };
