/** Attempts of tasks and undos, run beside the machine; how they end comes back as an event. */

import { hash } from 'node:crypto';
import type { AnyActorRef } from 'xstate';
import { attemptsOf } from '../../chart/context.ts';
import type { TaskCall, TaskStep } from '../../plan/plan.ts';
import { callOf } from '../../plan/task-call.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { AttemptFailure } from '../../ports/executor.ts';
import { type Surroundings, surroundingsOf, tell } from './alarms.ts';
import { callTask, type HandlerCall, type HandlerOutcome } from './handlers.ts';
import {
  type MachineContext,
  type MachineEvent,
  type Memory,
  type Parts,
  readerOf,
  runInfo,
} from './memory.ts';

/** Among many runs jitter keeps them apart; in memory there is one, and it waits the whole time. */
export const noJitter = 1;

/** Never rejects: whatever the handler does is an event. */
export async function attempt(
  parts: Parts,
  { self, context }: { readonly self: AnyActorRef; readonly context: MachineContext },
  node: TaskStep,
  isFallback: boolean,
): Promise<void> {
  const around = surroundingsOf(self);
  const controller = around.begin(node.id);
  const call = callOf(node, isFallback);
  const number = attemptsOf(context, node.id) + 1;
  const input = resolveWiring(node.input, readerOf(parts, context.memory));
  const outcome = await timed(self, around, call, node.id, controller, (signal) =>
    callTask(parts.bindings.tasks.get(call.task), {
      ...infoOf(parts, context.memory, node.id, number, signal),
      input,
      checkpoints: around.checkpointsOf(node.id),
      entities: around.entities,
    }),
  );
  if (around.end(node.id, controller)) tell(self, eventOf(node, call, isFallback, number, outcome));
}

export function infoOf(
  { plan }: Pick<Parts, 'plan'>,
  memory: Memory,
  path: string,
  number: number,
  signal: AbortSignal,
): Omit<HandlerCall, 'input' | 'checkpoints' | 'entities'> {
  const key = `in-memory\n${plan.name}\n${path}\n${memory.generation}`;
  return {
    step: path,
    attempt: number,
    startedAtMs: 0,
    idempotencyKey: hash('sha256', key, 'hex').slice(0, 32),
    signal,
    run: runInfo({ plan }),
  };
}

/** The handler against the time limit of one attempt. */
export async function timed(
  self: AnyActorRef,
  around: Surroundings,
  { timeoutMs }: Pick<TaskCall, 'timeoutMs'>,
  step: string,
  controller: AbortController,
  run: (signal: AbortSignal) => Promise<HandlerOutcome>,
): Promise<HandlerOutcome> {
  if (timeoutMs === undefined) return run(controller.signal);
  const limit = Promise.withResolvers<HandlerOutcome>();
  const cancel = around.after(self, timeoutMs, () => {
    const message = `Attempt of step "${step}" took longer than ${timeoutMs} ms`;
    controller.abort(new Error(message));
    const failure = { name: 'AttemptTimeout', message, retryable: true, unclear: true };
    limit.resolve({ ok: false, failure });
  });
  const outcome = await Promise.race([run(controller.signal), limit.promise]);
  cancel();
  return outcome;
}

function eventOf(
  node: TaskStep,
  call: TaskCall,
  isFallback: boolean,
  attempts: number,
  outcome: HandlerOutcome,
): MachineEvent {
  const { id } = node;
  const base = { fallback: isFallback, attempts };
  if (outcome.ok) {
    const undo = call.compensate === 'none' ? 0 : 1;
    return { ...base, type: `${id}.completed`, output: outcome.output, undo };
  }
  const { failure } = outcome;
  const isDoubtful = failure.unclear && call.repeat === 'unsafe';
  return {
    ...base,
    type: isDoubtful ? `${id}.in_doubt` : `${id}.failed`,
    ...failureEvent(id, failure),
  };
}

export function failureEvent(step: string, failure: AttemptFailure): Omit<MachineEvent, 'type'> {
  const { name, message, retryable, code, cause, detail, retryAfterMs } = failure;
  return {
    failure: {
      step,
      name,
      message,
      retryable,
      ...(code === undefined ? {} : { code }),
      ...(cause === undefined ? {} : { cause }),
    },
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
