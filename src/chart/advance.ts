/** The pure transition: a snapshot and an event give the next snapshot and the effects asked for. */
import {
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
} from 'xstate';
import type { JsonObject } from '../plan/json.ts';
import { layOut } from '../plan/layout.ts';
import type { Plan, RunStatus } from '../plan/plan.ts';
import type { Chart, ChartState } from './chart.ts';
import { chartFacts, compile } from './compile.ts';
import { type ChartContext, initialContext } from './context.ts';
import type { Advance, ChartEvent, Effect } from './events.ts';
import { isOpen } from './guards.ts';
import { createKnownTransitions, type KnownTransitions } from './known-transitions.ts';
import { effectNames, toMachine } from './machine.ts';

export interface CompiledChart {
  readonly plan: Plan;
  readonly chart: Chart;
  readonly machine: AnyStateMachine;
  /** Snapshot of a run that has just been created, in `pending`. */
  readonly initial: AnyMachineSnapshot;
  readonly scope: InertScope;
  readonly known: KnownTransitions;
}

/** What `machine.transition` asks of its surroundings, with nothing behind it but a list of the effects asked for. */
export interface InertScope {
  readonly collected: CollectedAction[];
  readonly self: AnyActorRef;
  readonly system: AnyActorRef['system'];
  readonly id: string;
  readonly sessionId: string;
  logger(): void;
  defer(): void;
  stopChild(): void;
  emit(): void;
  actionExecutor(action: CollectedAction): void;
}

const effectTypes: ReadonlySet<string> = new Set(effectNames);

/** What follows from a plan alone, for as long as somebody has the plan: engines that come and go share it. */
const machines = new WeakMap<Plan, Machine>();

type Machine = Pick<CompiledChart, 'chart' | 'machine' | 'initial'>;

export function compileChart(plan: Plan): CompiledChart {
  const made = machines.get(plan) ?? machineOf(plan, compile(plan, layOut(plan)));
  machines.set(plan, made);
  return compiled(plan, made);
}

/** @param chart - of the plan, or one that is to be compared with it */
export function compiledFrom(plan: Plan, chart: Chart): CompiledChart {
  return compiled(plan, machineOf(plan, chart));
}

function machineOf(plan: Plan, chart: Chart): Machine {
  const machine = toMachine(chart, chartFacts(plan));
  const initial = machine.resolveState({ value: 'pending', context: initialContext });
  return { chart, machine, initial };
}

function compiled(plan: Plan, made: Machine): CompiledChart {
  const known = createKnownTransitions(made.initial);
  return { plan, ...made, scope: inertScope(made.machine), known };
}

export interface CollectedAction {
  readonly type: string;
  readonly params: unknown;
}

/**
 * A scope without an actor system behind it. `machine.transition` needs one; the exported `transition()` would build an actor and its
 * initial snapshot on every call, which costs more than the transition itself.
 */
function inertScope(machine: AnyStateMachine): InertScope {
  const self = createActor(machine);
  const collected: CollectedAction[] = [];
  return {
    collected,
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: () => {},
    defer: () => {},
    stopChild: () => {},
    emit: () => {},
    actionExecutor: (action) => {
      if (effectTypes.has(action.type)) collected.push(action);
    },
  };
}

/** @returns `null` if no transition accepts the event: nothing changes */
export function advance(
  compiled: CompiledChart,
  snapshot: AnyMachineSnapshot,
  event: ChartEvent,
): Advance | null {
  const { machine, scope, known } = compiled;
  const answer = known.find(snapshot, event);
  if (answer !== null) return answer;
  scope.collected.length = 0;
  const next = machine.transition(snapshot, event, scope as never) as AnyMachineSnapshot;
  // A transition may ask for something and leave the run where it is.
  if (next === snapshot && scope.collected.length === 0) return null;
  const effects = scope.collected.map((action) => toEffect(action, next, event));
  scope.collected.length = 0;
  const advanced = {
    snapshot: inOrder(next),
    from: statusOf(snapshot),
    to: statusOf(next),
    effects,
  };
  known.keep(snapshot, event, advanced);
  return advanced;
}

/**
 * Active states in the order of the chart. XState leaves them in the order in which they were entered and, of eventless transitions that
 * exclude each other, takes that of the first: without this a run could go another way after a restart.
 */
function inOrder(snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
  snapshot._nodes.sort((a, b) => a.order - b.order);
  return snapshot;
}

function toEffect(action: CollectedAction, next: AnyMachineSnapshot, event: ChartEvent): Effect {
  const params = action.params ?? {};
  const context = contextOf(next);
  if (action.type === 'stop') {
    // Who cancels says how; the policy of the workflow is for failures, and for those who do not say.
    const asked = event.mode ?? context.cancel?.mode;
    return {
      type: 'stop',
      running: context.running,
      mode: 'drain',
      ...params,
      ...(asked === undefined ? {} : { mode: asked }),
    };
  }
  if (action.type === 'undo') return { type: 'undo', position: context.undo?.position ?? 0 };
  return { type: action.type, ...params } as Effect;
}

export function contextOf(snapshot: AnyMachineSnapshot): ChartContext {
  return snapshot.context as ChartContext;
}

export function statusOf(snapshot: AnyMachineSnapshot): RunStatus {
  const { value } = snapshot;
  return (typeof value === 'string' ? value : Object.keys(value)[0]) as RunStatus;
}

/** The run stops and lets what is under way end. */
export function isDraining({ value }: AnyMachineSnapshot): boolean {
  return typeof value === 'object' && value['processing'] === 'draining';
}

/** The part of a snapshot that is stored. */
export function toStored(snapshot: AnyMachineSnapshot): JsonObject {
  return { value: snapshot.value, context: snapshot.context };
}

/** @throws Error if the stored state does not exist in the chart */
export function fromStored(compiled: CompiledChart, stored: JsonObject): AnyMachineSnapshot {
  const { value, context } = stored;
  assertKnown(compiled.chart, value, []);
  return inOrder(
    compiled.machine.resolveState({
      value: value as never,
      context: { ...initialContext, ...(context as object) },
    }),
  );
}

/** XState would end the process on an unknown state; this names it. */
function assertKnown(state: ChartState, value: unknown, path: readonly string[]): void {
  const children =
    typeof value === 'string' ? [[value, undefined] as const] : Object.entries(value ?? {});
  for (const [name, rest] of children) {
    const child =
      state.states !== undefined && Object.hasOwn(state.states, name)
        ? state.states[name]
        : undefined;
    if (child === undefined)
      throw new Error(
        `State "${[...path, name].join('.')}" does not exist in this version of the workflow`,
      );
    if (rest !== undefined) assertKnown(child, rest, [...path, name]);
  }
}

/** An event some active state listens to, and whether its guards would let it through now. */
export interface PossibleEvent {
  readonly event: string;
  readonly open: boolean;
  /** Guards that keep it shut, as far as they do not depend on the event itself. */
  readonly blockedBy: readonly string[];
  /** Guards that judge the event itself: `canDecide` who decides. Absent: none does. */
  readonly judgedBy?: readonly string[];
}

const eventGuards: ReadonlySet<string> = new Set([
  'retryable',
  'tolerated',
  'canDecide',
  'faulted',
  'undoRetryable',
]);

export function possibleEvents(snapshot: AnyMachineSnapshot): readonly PossibleEvent[] {
  const found = new Map<string, PossibleEvent>();
  for (const node of snapshot._nodes as readonly { config: ChartState }[]) {
    for (const [event, transitions] of Object.entries(node.config.on ?? {})) {
      const blocked: string[] = [];
      const judges = new Set<string>();
      let open = false;
      for (const { guard } of transitions) {
        if (guard !== undefined && eventGuards.has(guard.type)) judges.add(guard.type);
        if (
          guard === undefined ||
          eventGuards.has(guard.type) ||
          isOpen(guard, contextOf(snapshot), { type: event })
        )
          open = true;
        else
          blocked.push(
            'params' in guard && 'label' in guard.params ? guard.params.label : guard.type,
          );
      }
      const known = found.get(event);
      found.set(event, {
        event,
        open: open || known?.open === true,
        blockedBy: open ? [] : blocked,
        ...(judges.size === 0 ? {} : { judgedBy: [...judges] }),
      });
    }
  }
  return [...found.values()].sort((a, b) => (a.event < b.event ? -1 : 1));
}
