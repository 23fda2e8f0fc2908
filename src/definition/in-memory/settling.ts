/** What an event means for the step it is about, and what follows from that at once. */

import type { FailureSummary } from '../../chart/events.ts';
import { evaluateMapper, evaluatePredicate, updateContext } from '../../evaluation.ts';
import { failureOf } from '../../failure.ts';
import { issuesText } from '../../plan/issues.ts';
import type { Json, JsonObject } from '../../plan/json.ts';
import type { PlanNode, ReviewStep, TaskStep, Tolerance, WaitStep } from '../../plan/plan.ts';
import { type Settled, settle } from '../../plan/settle.ts';
import type { Contract } from '../../ports/bindings.ts';
import {
  type MachineContext,
  type MachineEvent,
  type Memory,
  type Outcome,
  own,
  type Parts,
  progressOf,
  rememberProgress,
  settledAs,
  sourceOf,
  verbOf,
} from './memory.ts';

/** What the start settles: everything that depends on the input alone. */
export function begun(parts: Parts, context: MachineContext): MachineContext {
  return settled(parts, context, [], true);
}

/** The step is left by this event: settled, if it is one that settles. */
export function left(
  parts: Parts,
  context: MachineContext,
  step: string,
  event: MachineEvent,
): MachineContext {
  const node = parts.index.nodes.get(step);
  // Left because something else stopped the run, or skipped when its gate was decided.
  if (node === undefined || !event.type.startsWith(`${step}.`)) return context;
  let output: Json | undefined;
  try {
    output = event.isRecalled === true ? (event.output ?? null) : outputOf(parts, node, event);
  } catch (error) {
    return withFault(context, step, error);
  }
  if (output === undefined) return context;
  const outcome: Outcome = { status: 'complete', output, fallback: event.fallback === true };
  const events = {
    ...context.memory.events,
    [step]: { ...event, output, isRecalled: true },
  };
  const seeds = [[step, settledAs(parts, step, outcome)]] as const;
  return settled(parts, { ...context, memory: { ...context.memory, events } }, seeds, false, {
    [step]: outcome,
  });
}

function settled(
  parts: Parts,
  context: MachineContext,
  seeds: readonly (readonly [string, Settled])[],
  atStart: boolean,
  outcomes: Memory['steps'] = {},
): MachineContext {
  const { index, bindings, plan, keep } = parts;
  const { memory } = context;
  const before = progressOf(parts, memory);
  const isRecalled = Object.keys(memory.recalled).length > 0;
  const settlement = settle(
    index,
    before,
    seeds,
    sourceOf(parts, memory),
    {
      predicate(id, value) {
        const fact = own(memory.facts, id);
        return isRecalled && typeof fact === 'boolean'
          ? fact
          : evaluatePredicate(bindings, id, value);
      },
      derive: (id, value) =>
        isRecalled && Object.hasOwn(memory.derived, id)
          ? memory.derived[id]
          : evaluateMapper(bindings, id, value),
    },
    atStart,
  );
  const skipped = settlement.skipped.map(
    ({ step, reason }) => [step, { status: 'skipped', reason }] as const,
  );
  const derived = settlement.derived.filter(([, value]) => value !== undefined);
  const next: Memory = {
    ...memory,
    isStarted: true,
    steps: { ...memory.steps, ...outcomes, ...Object.fromEntries(skipped) },
    facts: { ...memory.facts, ...settlement.facts },
    derived: { ...memory.derived, ...(Object.fromEntries(derived) as JsonObject) },
    milestones: [...memory.milestones, ...settlement.milestones],
  };
  const kept = Object.entries(settlement.facts).filter(([fact]) => keep.has(fact));
  const facts = { ...context.facts, ...Object.fromEntries(kept) };
  const updated = updateContext(plan, bindings, memory.data, settlement.updates);
  const fault = settlement.fault ?? updated.fault;
  const data = updated.data ?? memory.data;
  const moved = { ...context, facts, memory: { ...next, data } };
  rememberProgress(moved.memory, new Map([...before, ...settlement.settled]));
  return fault === null ? moved : withFault(moved, fault.node, fault.error);
}

function withFault(context: MachineContext, node: string, error: unknown): MachineContext {
  return { ...context, memory: { ...context.memory, fault: summaryOf(node, error) } };
}

export function summaryOf(step: string, error: unknown): FailureSummary {
  const { name, message } = failureOf(error);
  return { step, name, message, retryable: false };
}

/** What the step yields, in its stored form; `undefined` if the event does not settle it. */
function outputOf(parts: Parts, node: PlanNode, event: MachineEvent): Json | undefined {
  const verb = verbOf(event.type);
  switch (node.kind) {
    case 'task':
      return outputOfTask(parts, node, verb, event);
    case 'child':
      if (verb === 'completed') return wrapped(node.tolerate, event.output ?? null);
      return isTolerated(node.tolerate, event.failure)
        ? { ...failedValue(event), compensation: event.compensation ?? 'nothing' }
        : undefined;
    case 'map':
      return verb === 'completed' ? (event.output ?? null) : undefined;
    case 'review':
      return outputOfReview(parts, node, verb, event);
    case 'wait':
      return outputOfWait(parts, node, verb, event);
    case 'sleep':
      return verb === 'fired' ? null : undefined;
    case 'emit':
      return verb === 'completed' ? null : undefined;
    default:
      return undefined;
  }
}

function outputOfTask(
  { bindings }: Parts,
  node: TaskStep,
  verb: string,
  event: MachineEvent,
): Json | undefined {
  if (verb === 'completed') return wrapped(node.tolerate, event.output ?? null);
  if (verb === 'happened') {
    const contract = bindings.tasks.get(node.call.task)?.output;
    return wrapped(node.tolerate, stored(`Output of step "${node.id}"`, contract, event.output));
  }
  if (!isTolerated(node.tolerate, event.failure)) return undefined;
  const code = event.failure?.code;
  return code !== undefined && node.tolerate !== 'any'
    ? { status: code, detail: event.detail ?? null }
    : failedValue(event);
}

function wrapped(tolerate: Tolerance | undefined, output: Json): Json {
  return tolerate === undefined ? output : { status: 'complete', value: output };
}

function isTolerated(
  tolerate: Tolerance | undefined,
  failure: FailureSummary | undefined,
): boolean {
  if (tolerate === undefined || failure === undefined) return false;
  return tolerate === 'any' || (failure.code !== undefined && tolerate.includes(failure.code));
}

function failedValue({ failure, attempts = 1 }: MachineEvent): JsonObject {
  const { name = 'Error', message = '', retryable = false } = failure ?? {};
  return { status: 'failed', failure: { name, message, retryable, attempts } };
}

function outputOfReview(
  { bindings }: Parts,
  node: ReviewStep,
  verb: string,
  event: MachineEvent,
): Json | undefined {
  if (verb === 'decided_by_policy') {
    const label = node.approve.by === 'guard' ? node.approve.label : 'automatic';
    return { outcome: 'approved', actor: `policy:${label}`, form: {} };
  }
  if (verb === 'expired') {
    if (node.onExpired === 'approve')
      return { outcome: 'approved', actor: `policy:${node.expiryPolicy ?? ''}`, form: {} };
    if (node.onExpired === 'continue') return { outcome: 'expired', actor: 'policy:expired' };
    const isData = node.onExpired === 'reject' && node.onRejected === 'continue';
    return isData ? { outcome: 'rejected', actor: 'policy:expired' } : undefined;
  }
  const { outcome = 'rejected', decider, comment, form } = event;
  if (outcome === 'rejected' && node.onRejected === 'fail') return undefined;
  const contract = bindings.forms.get(node.id);
  const isFilled = outcome === 'approved' || form !== undefined;
  return {
    outcome,
    actor: decider?.actor ?? 'anonymous',
    ...(comment === undefined ? {} : { comment }),
    ...(isFilled
      ? { form: stored(`Form of review "${node.id}"`, contract, form === undefined ? {} : form) }
      : {}),
  };
}

function outputOfWait(
  { bindings }: Parts,
  node: WaitStep,
  verb: string,
  event: MachineEvent,
): Json | undefined {
  const isWrapped = node.onTimeout === 'continue';
  if (verb === 'timed_out') return isWrapped ? { status: 'timed_out' } : undefined;
  const contract = bindings.events.get(node.event);
  const value = stored(`Payload of event "${node.event}"`, contract, event.payload);
  return isWrapped ? { status: 'received', value } : value;
}

/** @throws TypeError naming what does not fit its schema, and where */
function stored(what: string, contract: Contract | undefined, value: unknown): Json {
  if (contract === undefined) return null;
  const parsed = contract.parse(value);
  if (parsed.ok) return parsed.stored;
  throw new TypeError(`${what} is invalid: ${issuesText(parsed.issues)}`);
}
