/** What the chart asks for, carried out beside the machine. */
import type { AnyActorRef, AnyMachineSnapshot } from 'xstate';
import { initialContext } from '../../chart/context.ts';
import type { FailureSummary } from '../../chart/events.ts';
import type { PlanNode } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import {
  type AlarmSet,
  type Enqueue,
  type Postponed,
  schedule,
  surroundingsOf,
  tell,
} from './alarms.ts';
import { attempt } from './attempts.ts';
import { childId, childInput, resetContext, resultOf, stepOfChild, tellOfFailure } from './ends.ts';
import { runMap } from './maps.ts';
import {
  type Done,
  type MachineContext,
  type MachineEvent,
  own,
  type Parts,
  readerOf,
  stepOf,
} from './memory.ts';
import { begun, left, summaryOf } from './settling.ts';
import { escalationNames, expiryOf, timerNames, timerOf } from './timers.ts';
import { undo, undoList } from './undo.ts';

interface Arguments {
  readonly context: MachineContext;
  readonly event: MachineEvent;
  readonly self: AnyActorRef;
  readonly enqueue: Enqueue;
}

interface Params {
  readonly step: string;
  readonly name?: string;
  readonly fallback?: boolean;
  readonly inDoubt?: boolean;
  readonly mode?: 'drain' | 'abort';
  readonly level?: number;
}

type Action = (given: Arguments, params: Params) => void;

export function effectsOf(
  parts: Parts,
  partsOfChild: (parts: Parts, step: string) => Parts,
): { readonly [action: string]: Action } {
  const { plan, bindings, index } = parts;
  const undoing = (context: MachineContext) =>
    undoList(parts, context.memory, partsOfChild)[context.undo?.position ?? 0];

  /** Carries the step out, unless the record of an earlier pass answers for it or the run has a fault already. */
  const begin = <K extends PlanNode['kind']>(
    kind: K,
    carryOut: (given: Arguments, node: Extract<PlanNode, { kind: K }>, params: Params) => void,
  ): Action => {
    return (given, params) => {
      const node = index.nodes.get(params.step);
      if (answered(given, params.step) || node?.kind !== kind) return;
      carryOut(given, node as Extract<PlanNode, { kind: K }>, params);
    };
  };

  return {
    // --- beginning and ending
    arrive({ context, enqueue }) {
      const { fault } = context.memory;
      const failed = fault === null ? {} : { faulted: true, failure: fault };
      enqueue(({ self }) => tell(self, { type: 'run.started', ...failed }));
    },
    begin({ context, enqueue }) {
      if (context.memory.fault === null)
        change(enqueue, context, begun(parts, { ...context, ...initialContext }));
    },
    reset: ({ context, enqueue }) => change(enqueue, context, resetContext(parts, context)),
    finish({ context, enqueue, self }) {
      if (context.failure === null || context.cancel !== null) return;
      enqueue(() => tellOfFailure(parts, context, surroundingsOf(self)));
      // A failed child may be retried, so XState does not take it for done.
      const step = stepOfChild(self.id);
      if (step !== null && self._parent !== undefined)
        enqueue.sendTo(self._parent, resultOf(parts, step, context));
    },
    endChild({ event, enqueue, self }) {
      const { actorId } = event as unknown as { readonly actorId: string };
      const step = stepOfChild(actorId);
      const child = childrenOf(self)[actorId]?.getSnapshot() as AnyMachineSnapshot | undefined;
      if (step !== null && child !== undefined)
        enqueue.raise(resultOf(partsOfChild(parts, step), step, child.context as MachineContext));
    },

    // --- settling
    leave: ({ context, event, enqueue }, { step }) =>
      change(enqueue, context, left(parts, context, step, event)),
    /** Facts come from the author's predicates alone, never from an event. */
    learn: () => {},
    countUndo({ context, event, enqueue }) {
      const undoable = event.undo ?? 1;
      const { memory } = context;
      const done = undoable === 0 ? memory.done : [...memory.done, doneBy(parts, event)];
      enqueue.assign({ undoable: context.undoable + undoable, memory: { ...memory, done } });
    },

    // --- work
    attempt: begin('task', ({ enqueue, context }, node, { fallback = false }) =>
      enqueue(({ self }) => void attempt(parts, { self, context }, node, fallback)),
    ),
    map: begin('map', ({ enqueue, context }, node) =>
      enqueue(({ self }) => void runMap(parts, context.memory, self, node)),
    ),
    child: begin('child', ({ enqueue, context: { memory } }, node) =>
      enqueue.spawnChild(node.workflow, {
        id: childId(node.id, memory),
        input: childInput(parts, memory, node),
      }),
    ),
    emit: begin('emit', ({ enqueue, context }, node) => {
      const payload = resolveWiring(node.payload, readerOf(parts, context.memory));
      const parsed = bindings.events.get(node.event)?.parse(payload);
      if (parsed?.ok === true) {
        enqueue.emit({ type: node.event, payload: parsed.stored });
        return enqueue.raise({ type: `${node.id}.completed` });
      }
      const why = parsed?.issues.map((issue) => issue.message).join('; ') ?? 'it is not registered';
      const message = `Event "${node.event}" of step "${node.id}" cannot be sent: ${why}`;
      enqueue.raise(faulted(summaryOf(node.id, new TypeError(message))));
    }),
    undo: ({ enqueue, context }) =>
      enqueue(({ self }) => void undo(self, undoing(context), (context.undo?.attempts ?? 0) + 1)),

    // --- waiting
    await: begin('wait', ({ enqueue }, node) => expire(enqueue, node.id)),
    review({ context, event, enqueue, self }, { step, inDoubt = false }) {
      if (inDoubt || answered({ context, event, enqueue, self }, step)) return;
      const { memory } = context;
      const { votes, objections, escalations } = memory;
      if ([votes, objections, escalations].some((each) => each?.[step] !== undefined))
        enqueue.assign({
          memory: {
            ...memory,
            votes: { ...votes, [step]: [] },
            objections: { ...objections, [step]: [] },
            escalations: { ...escalations, [step]: [] },
          },
        });
      expire(enqueue, step);
    },
    vote({ context: { memory }, event, enqueue }, { step }) {
      const { actor = 'anonymous', groups = [] } = event.decider ?? {};
      const voters = [...(memory.votes?.[step] ?? []), { actor, groups }];
      enqueue.assign({ memory: { ...memory, votes: { ...memory.votes, [step]: voters } } });
    },
    object({ context: { memory }, event, enqueue }, { step }) {
      const { actor = 'anonymous' } = event.decider ?? {};
      const votes = (memory.votes?.[step] ?? []).filter((voter) => voter.actor !== actor);
      const objections = [...(memory.objections?.[step] ?? []), actor];
      enqueue.assign({
        memory: {
          ...memory,
          votes: { ...memory.votes, [step]: votes },
          objections: { ...memory.objections, [step]: objections },
        },
      });
    },
    escalate({ context: { memory }, enqueue }, { step, level = 1 }) {
      const levels = [...(memory.escalations?.[step] ?? []), level];
      const escalations = { ...memory.escalations, [step]: levels };
      enqueue.assign({ memory: { ...memory, escalations } });
    },
    decide: ({ enqueue }, { step }) =>
      enqueue.raise({ type: `${step}.decided_by_policy`, outcome: 'approved' }),
    timer(given, { step, name = '' }) {
      const { context, event, enqueue } = given;
      if (name === 'fired' && answered(given, step)) return;
      try {
        const timer = timerOf(parts, context, event, { step, name }, () => undoing(context));
        schedule(enqueue, timer.event, `${step}.${name}`, timer.delayMs);
      } catch (error) {
        enqueue.raise(faulted(summaryOf(step, error)));
      }
    },
    withdraw({ enqueue }, { step, name }) {
      const names =
        name === undefined
          ? [...timerNames, ...escalationNames(parts, step)]
          : [name === 'review' ? 'expired' : name];
      for (const each of names) enqueue.cancel(`${step}.${each}`);
    },

    // --- stopping
    abandon: ({ enqueue }, { step }) => enqueue(({ self }) => surroundingsOf(self).abandon(step)),
    stop({ context, enqueue }, { mode: ordered }) {
      const { running, memory, cancel } = context;
      const mode = cancel?.mode ?? ordered ?? 'drain';
      enqueue(({ self }) => {
        for (const step of running) stopStep(self, step, mode);
      });
      for (const step of running) {
        if (index.nodes.get(step)?.kind === 'child')
          enqueue.sendTo(childId(step, memory), { type: 'run.cancelled', mode });
      }
      if (mode === 'abort' && running.length > 0)
        schedule(enqueue, { type: 'stop.grace_over' }, 'stop.grace_over', plan.abortGraceMs);
    },

    // --- waiting on behalf of handlers
    postpone({ event, enqueue }) {
      const { event: later, id, leftMs } = event as unknown as Postponed;
      schedule(enqueue, later, id, leftMs);
    },
    setAlarm({ event, enqueue }) {
      const { id, delayMs } = event as unknown as AlarmSet;
      const rung = { type: 'alarm.rung', id };
      schedule(enqueue, rung, id, delayMs);
    },
    ring: ({ event, enqueue }) => enqueue(({ self }) => surroundingsOf(self).ring(idOf(event))),
    cancelAlarm: ({ event, enqueue }) => enqueue.cancel(idOf(event)),
  };

  function expire(enqueue: Enqueue, step: string): void {
    const timer = expiryOf(parts, step);
    if (timer !== null) schedule(enqueue, timer.event, timer.event.type, timer.delayMs);
  }
}

/** What the transition makes of the context; a function of the author that failed stops the run at once. */
function change(enqueue: Enqueue, before: MachineContext, after: MachineContext): void {
  if (after === before) return;
  enqueue.assign(after);
  const { fault } = after.memory;
  if (fault !== null && fault !== before.memory.fault) enqueue.raise(faulted(fault));
}

function faulted(failure: FailureSummary): MachineEvent {
  return { type: 'run.faulted', failure };
}

/** `true` if the step needs no work: it is known how it ended, or the run is about to stop. */
function answered({ context, enqueue }: Arguments, step: string): boolean {
  const { recalled, fault } = context.memory;
  const known = own(recalled, step);
  if (known !== undefined) {
    const { failure, ...rest } = known;
    enqueue.raise(
      failure === undefined ? rest : { ...rest, failure: { ...failure, retryable: false } },
    );
    return true;
  }
  if (fault === null) return false;
  const message = `Step "${step}" was not begun, because the run has failed`;
  const failure = { step, name: 'NotBegun', message, retryable: false };
  enqueue.raise({ type: `${step}.failed`, failure, undo: 0 });
  return true;
}

function doneBy({ bindings, index }: Parts, event: MachineEvent): Done {
  const step = stepOf(event.type);
  const node = index.nodes.get(step);
  const isHappened = event.type === `${step}.happened` && node?.kind === 'task';
  const parsed = isHappened
    ? bindings.tasks.get(node.call.task)?.output.parse(event.output)
    : undefined;
  const given = event.isRecalled === true && node?.kind === 'task' && node.tolerate !== undefined;
  const output = given ? unwrapped(event) : (event.output ?? null);
  return {
    step,
    output: parsed?.ok === true ? parsed.stored : output,
    fallback: event.fallback === true,
    ...(event.child === undefined ? {} : { child: event.child }),
    ...(event.items === undefined ? {} : { items: event.items }),
  };
}

/** The recorded output of a tolerant step is what it yields. */
function unwrapped({ output }: MachineEvent): Done['output'] {
  const { value = null } = (output ?? {}) as { readonly value?: Done['output'] };
  return value;
}

function stopStep(self: AnyActorRef, step: string, mode: 'drain' | 'abort'): void {
  const around = surroundingsOf(self);
  around.halt(step);
  if (mode === 'abort') around.abort(step, new Error(`Step "${step}" was stopped`));
}

function childrenOf(self: AnyActorRef): { readonly [id: string]: AnyActorRef | undefined } {
  return (self.getSnapshot() as AnyMachineSnapshot).children;
}

function idOf(event: MachineEvent): string {
  return String(Reflect.get(event, 'id'));
}
