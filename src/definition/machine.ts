/**
 * A workflow as an XState machine that runs by itself, in memory: `createActor(workflow.machine, { input }).start()`. It is the chart the
 * engine runs, with handlers attached to its effects. Made for trying out, for tests and for tools that speak XState; nothing is stored, so
 * breakers, remembered results, early signals and reminders, which live in a store, have no part in it.
 */
import { type AnyActorLogic, type AnyStateMachine, enqueueActions } from 'xstate';
import type { Chart, ChartGuard, ChartState } from '../chart/chart.ts';
import { chartFacts, compile } from '../chart/compile.ts';
import { isOpen } from '../chart/guards.ts';
import { toMachine } from '../chart/machine.ts';
import { layOut } from '../plan/layout.ts';
import { indexPlan } from '../plan/settle.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import { effectsOf } from './in-memory/effects.ts';
import { firstContext, outputOf } from './in-memory/ends.ts';
import type { MachineContext, MachineEvent, Parts } from './in-memory/memory.ts';
import { deciderOf, hasForm } from './in-memory/reviews.ts';

export function machineOf(workflow: RunnableWorkflow): AnyStateMachine {
  const parts = partsOf(workflow);
  const { plan, bindings, keep } = parts;
  const ends = {
    context: ({ input }: { readonly input: unknown }) => firstContext(parts, input),
    output: ({ context }: { readonly context: MachineContext }) => outputOf(parts, context),
  };
  const actions = Object.entries(effectsOf(parts, childOf)).map(
    ([name, effect]) => [name, enqueueActions(effect as never)] as const,
  );
  const actors = [...bindings.children.values()].map(
    (child) => [child.name, lazily(child)] as const,
  );
  // XState's own types describe one machine at a time; this one is data, as in chart/machine.ts.
  return toMachine(withHooks(compile(plan, layOut(plan))), keep, ends).provide({
    actions: Object.fromEntries(actions),
    guards: { canDecide: mayDecide(parts) },
    actors: Object.fromEntries(actors),
  } as never);
}

interface GuardArguments {
  readonly context: MachineContext;
  readonly event: MachineEvent;
}

/** The rules of the review are the plan's; the event says only who decides. */
function mayDecide(parts: Parts) {
  return ({ context, event }: GuardArguments, params: unknown): boolean => {
    const decider = deciderOf(parts, context, event);
    if (decider === null || !hasForm(parts, event)) return false;
    return isOpen({ type: 'canDecide', params } as ChartGuard, context, { ...event, decider });
  };
}

const knownParts = new WeakMap<object, Parts>();

function partsOf({ plan, bindings }: RunnableWorkflow): Parts {
  const known = knownParts.get(bindings);
  if (known !== undefined) return known;
  const parts = { plan, bindings, index: indexPlan(plan), keep: chartFacts(plan) };
  knownParts.set(bindings, parts);
  return parts;
}

function childOf({ bindings, index }: Parts, step: string): Parts {
  const node = index.nodes.get(step);
  const child = node?.kind === 'child' ? bindings.children.get(node.workflow) : undefined;
  if (child === undefined) throw new RangeError(`Step "${step}" calls no workflow`);
  return partsOf(child);
}

/** A workflow may call itself: the machine of a child is made when it is first needed. */
function lazily(child: RunnableWorkflow): AnyActorLogic {
  let made: AnyStateMachine | null = null;
  const machine = () => (made ??= machineOf(child));
  return {
    transition: (...given) => machine().transition(...given),
    getInitialSnapshot: (...given) => machine().getInitialSnapshot(...given),
    getPersistedSnapshot: (...given) => machine().getPersistedSnapshot(...given),
    restoreSnapshot: (...given) => machine().restoreSnapshot(...given),
    start: (snapshot) => machine().start(snapshot as never),
  };
}

/** The bare chart waits to be started, and asks for what has to be done; here it begins by itself, and tells when a step is left. */
function withHooks(chart: Chart): Chart {
  const { pending, ...states } = chart.states;
  return {
    ...chart,
    states: {
      ...Object.fromEntries(Object.entries(states).map(([name, state]) => [name, hooked(state)])),
      pending: { ...pending, entry: [{ type: 'arrive' }] },
    },
    on: {
      'xstate.done.actor.*': [{ actions: [{ type: 'endChild' }] }],
      'timer.postponed': [{ actions: [{ type: 'postpone' }] }],
      'alarm.set': [{ actions: [{ type: 'setAlarm' }] }],
      'alarm.rung': [{ actions: [{ type: 'ring' }] }],
      'alarm.cancelled': [{ actions: [{ type: 'cancelAlarm' }] }],
    },
  };
}

function hooked(state: ChartState): ChartState {
  const step = state.meta?.['step'];
  const states = Object.entries(state.states ?? {});
  return {
    ...state,
    ...(typeof step === 'string' && {
      exit: [{ type: 'leave', params: { step } }, ...(state.exit ?? [])],
    }),
    ...(states.length > 0 && {
      states: Object.fromEntries(states.map(([name, below]) => [name, hooked(below)])),
    }),
  };
}
