/** The states of a chart as a list, and where its transitions lead. */
import type { Chart, ChartState, ChartTransition } from '../chart/chart.ts';
import { compile } from '../chart/compile.ts';
import { layOut } from '../plan/layout.ts';
import type { Plan } from '../plan/plan.ts';

/** Names from the chart's top level down. */
export type StatePath = readonly string[];

export interface FlatState {
  readonly path: StatePath;
  readonly state: ChartState;
  /** Of itself or the nearest state around it that stands for a step. */
  readonly step: string | null;
}

export interface FlatTransition {
  readonly source: FlatState;
  /** `always` and `done` for transitions without an event. */
  readonly event: string;
  readonly position: number;
  readonly transition: ChartTransition;
  /** `null`: it stays where it is. */
  readonly target: FlatState | null;
}

export const pathId = (path: StatePath): string => path.join('.');

/** In order of the chart, surroundings first. */
export function statesOf(chart: Chart): readonly FlatState[] {
  const states: FlatState[] = [];
  const visit = (state: ChartState, path: StatePath, around: string | null): void => {
    const own = state.meta?.['step'];
    const step = typeof own === 'string' ? own : around;
    if (path.length > 0) states.push({ path, state, step });
    for (const [name, inner] of Object.entries(state.states ?? {}))
      visit(inner, [...path, name], step);
  };
  visit(chart, [], null);
  return states;
}

/**
 * Path of the box that shows each state, by the path of the state, both joined by dots. A state that is all there is inside another has no box
 * of its own.
 */
export function boxesOf(states: readonly FlatState[]): ReadonlyMap<string, string> {
  const byPath = new Map(states.map((each) => [pathId(each.path), each.state]));
  return new Map(
    states.map(({ path, state }) => {
      const around = pathId(path.slice(0, -1));
      const inside = Object.keys(byPath.get(around)?.states ?? {}).length;
      const isAlone = inside === 1 && state.states === undefined;
      return [pathId(path), isAlone ? around : pathId(path)];
    }),
  );
}

export function boxesOfStates(plan: Plan): ReadonlyMap<string, string> {
  return boxesOf(statesOf(compile(plan, layOut(plan))));
}

/** In order of the chart: eventless ones of a state first. */
export function transitionsOf(states: readonly FlatState[]): readonly FlatTransition[] {
  const byPath = new Map(states.map((each) => [pathId(each.path), each]));
  const byId = new Map(
    states.flatMap((each) => (each.state.id === undefined ? [] : [[each.state.id, each] as const])),
  );
  /** `#id`, `#id.inner`, or a state beside the source. */
  const resolve = (source: FlatState, target: string): FlatState | null => {
    if (!target.startsWith('#'))
      return byPath.get(pathId([...source.path.slice(0, -1), target])) ?? null;
    const [id = '', ...inner] = target.slice(1).split('.');
    const found = byId.get(id);
    return found === undefined ? null : (byPath.get(pathId([...found.path, ...inner])) ?? null);
  };
  return states.flatMap((source) => {
    const { always = [], onDone = [], on = {} } = source.state;
    const listed = [['always', always], ...Object.entries(on), ['done', onDone]] as const;
    return listed.flatMap(([event, transitions]) =>
      transitions.map((transition, position) => {
        const target = transition.target === undefined ? null : resolve(source, transition.target);
        return { source, event, position, transition, target };
      }),
    );
  });
}
