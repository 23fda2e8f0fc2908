/** The chart's own transitions by name, and which of them an event takes. */
import type { AnyMachineSnapshot } from 'xstate';
import { advance, type CompiledChart } from './advance.ts';
import type { Chart, ChartGuard, ChartState } from './chart.ts';
import type { Advance, ChartEvent } from './events.ts';

/** One arrow of a chart. */
export interface NamedTransition {
  /** `processing.working.pay.running pay.failed[1]`: state, event, and its place among those of the event, 0 left out. */
  readonly id: string;
  /** Path of the state it leaves, joined by dots. */
  readonly state: string;
  /** `always` and `done` for those without an event. */
  readonly event: string;
  readonly index: number;
  readonly target: string | null;
  readonly guard: ChartGuard | null;
}

const nameOf = (state: string, event: string, index: number) =>
  `${state} ${event}${index === 0 ? '' : `[${index}]`}`;

/** All transitions of the chart, in its order. */
export function transitionsOf(chart: Chart): readonly NamedTransition[] {
  const found: NamedTransition[] = [];
  const visit = (state: ChartState, path: readonly string[]): void => {
    const name = path.join('.');
    const lists = [
      ...Object.entries(state.on ?? {}),
      ['always', state.always ?? []] as const,
      ['done', state.onDone ?? []] as const,
    ];
    for (const [event, transitions] of lists) {
      for (const [index, { target, guard }] of transitions.entries()) {
        const id = nameOf(name, event, index);
        found.push({
          id,
          state: name,
          event,
          index,
          target: target ?? null,
          guard: guard ?? null,
        });
      }
    }
    for (const [child, inner] of Object.entries(state.states ?? {})) visit(inner, [...path, child]);
  };
  visit(chart, []);
  return found;
}

/** What an event does, with the names of the transitions it takes, eventless ones included. */
export interface TracedAdvance extends Advance {
  readonly taken: readonly string[];
}

/** The part of XState's transitions that names them. */
interface Taken {
  readonly eventType: string;
  readonly source: {
    readonly path: readonly string[];
    readonly transitions: ReadonlyMap<string, readonly unknown[]>;
    readonly always?: readonly unknown[];
  };
}

/** {@link advance} that also tells the way. The chart must be compiled for it alone. */
export function traced(
  compiled: CompiledChart,
): (snapshot: AnyMachineSnapshot, event: ChartEvent) => TracedAdvance | null {
  const ways = new WeakMap<Advance, readonly string[]>();
  let current: string[] = [];
  compiled.scope.system.inspect((inspected) => {
    if (inspected.type !== '@xstate.microstep') return;
    for (const transition of inspected._transitions) current.push(nameOfTaken(transition as Taken));
  });
  return (snapshot, event) => {
    current = [];
    const advanced = advance(compiled, snapshot, event);
    if (advanced === null) return null;
    const taken = ways.get(advanced) ?? current;
    ways.set(advanced, taken);
    return { ...advanced, taken };
  };
}

function nameOfTaken(transition: Taken): string {
  const { source, eventType } = transition;
  const state = source.path.join('.');
  const always = source.always?.indexOf(transition) ?? -1;
  if (always >= 0) return nameOf(state, 'always', always);
  const event = eventType.startsWith('xstate.done.state.') ? 'done' : eventType;
  return nameOf(state, event, source.transitions.get(eventType)?.indexOf(transition) ?? 0);
}
