/** How a machine in memory begins, ends and begins again. */

import { initialContext } from '../../chart/context.ts';
import { issuesText } from '../../plan/issues.ts';
import type { Json } from '../../plan/json.ts';
import type { ChildStep } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { Surroundings } from './alarms.ts';
import { infoOf } from './attempts.ts';
import { callTask, toJson } from './handlers.ts';
import {
  emptyMemory,
  type MachineContext,
  type MachineEvent,
  type Memory,
  type Parts,
  readerOf,
  runInfo,
} from './memory.ts';

/** An input that does not fit makes a run that fails at its start: XState would end the process if this threw. */
export function firstContext({ plan, bindings }: Parts, input: unknown): MachineContext {
  const parsed = bindings.input.parse(input);
  if (parsed.ok) return { ...initialContext, memory: emptyMemory(plan, { input: parsed.stored }) };
  const fault = {
    step: 'run',
    name: 'InputInvalid',
    message: `Input of workflow "${plan.name}": ${issuesText(parsed.issues, 'input')}`,
    retryable: false,
  };
  return { ...initialContext, memory: emptyMemory(plan, { input: null, fault }) };
}

export function outputOf(
  parts: Parts,
  { failure, cancel, memory }: MachineContext,
): Json | undefined {
  if (failure !== null || cancel !== null) return undefined;
  const value = resolveWiring(parts.plan.output, readerOf(parts, memory));
  return value === undefined ? null : toJson(JSON.parse(JSON.stringify(value)));
}

/** After a rollback everything begins afresh; what was kept is fed in again instead of being done again. */
export function resetContext({ plan }: Parts, context: MachineContext): MachineContext {
  const { memory, undo } = context;
  const { input, fault, isStarted, generation, facts, derived, events } = memory;
  if (!isStarted) return { ...initialContext, memory: emptyMemory(plan, { input, fault }) };
  const isAfresh = undo !== null;
  return {
    ...initialContext,
    memory: isAfresh
      ? emptyMemory(plan, { input, generation: generation + 1 })
      : emptyMemory(plan, { input, generation, facts, derived, recalled: events }),
  };
}

const childPrefix = 'child:';

/** Id of the actor that runs a child workflow; new after a rollback. */
export function childId(step: string, { generation }: Memory): string {
  return `${childPrefix}${step}:${generation}`;
}

/** Step of the parent that an actor runs as; `null` if it is no child of a workflow. */
export function stepOfChild(id: string): string | null {
  return id.startsWith(childPrefix) ? (id.split(':')[1] ?? null) : null;
}

export function childInput(parts: Parts, memory: Memory, node: ChildStep): Json {
  return toJson(resolveWiring(node.input, readerOf(parts, memory)));
}

/** What a child that has ended is to its parent. */
export function resultOf(parts: Parts, step: string, context: MachineContext): MachineEvent {
  const { failure, cancel, memory, undoable } = context;
  if (failure === null && cancel === null) {
    const output = outputOf(parts, context) ?? null;
    return { type: `${step}.completed`, output, undo: undoable, child: memory };
  }
  const name = failure?.name ?? 'Cancelled';
  const message = failure?.message ?? `Workflow "${parts.plan.name}" was cancelled`;
  return {
    type: `${step}.failed`,
    failure: { step, name, message, retryable: false },
    compensation: compensationOf(context),
  };
}

function compensationOf({ undo }: MachineContext): 'nothing' | 'complete' | 'partial' {
  if (undo === null) return 'nothing';
  return undo.failed === 0 ? 'complete' : 'partial';
}

/** Calls the task that is told of failures. Its outcome changes nothing. */
export function tellOfFailure(
  parts: Parts,
  context: MachineContext,
  { entities }: Pick<Surroundings, 'entities'>,
): void {
  const { failure, memory } = context;
  const { plan, bindings, index } = parts;
  const call = plan.onFailed;
  if (call === undefined || failure === null) return;
  const completed = Object.entries(memory.steps).filter(
    ([step, { status }]) => status === 'complete' && index.nodes.get(step)?.kind === 'task',
  );
  const { name, message } = failure;
  const input = {
    run: runInfo(parts),
    input: bindings.input.restore(memory.input),
    failure: { name, message, retryable: false, attempts: 1 },
    completedSteps: completed.map(([step]) => step),
    compensation: compensationOf(context),
  };
  void callTask(bindings.tasks.get(call.task), {
    ...infoOf(parts, memory, 'onFailed', 1, new AbortController().signal),
    input,
    checkpoints: new Map(),
    entities,
  });
}
