/** Where a run stands in a chart, by the steps under way rather than by the stages around them. */
import type { Json, JsonObject } from '../../plan/json.ts';
import type { Chart, ChartState } from '../chart.ts';

/** The closing review stands among the steps under this name, as everywhere. */
export const closing = 'completion';

/** Each step under way with the state it is in (`running`, `waiting_review`); steps that wait for others are not under way. */
export function stepsUnderWay(chart: Chart, value: Json): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (state: ChartState, at: Json): void => {
    for (const [name, rest] of childrenOf(at)) {
      const child = state.states?.[name];
      if (child === undefined) continue;
      const step = child.meta?.['step'];
      if (typeof step === 'string' && typeof rest === 'string') {
        if (rest !== 'blocked') found.set(step, rest);
      } else if (child.id === 'waiting_review' && typeof rest === 'string')
        found.set(closing, rest);
      else if (rest !== null) visit(child, rest);
    }
  };
  visit(chart, value);
  return found;
}

/** The same place with these steps in other states of theirs. */
export function withStates(chart: Chart, value: Json, states: ReadonlyMap<string, string>): Json {
  const visit = (state: ChartState, at: Json): Json => {
    if (at === null || typeof at !== 'object') return at;
    const entries = childrenOf(at).map(([name, rest]): [string, Json] => {
      const child = state.states?.[name];
      if (child === undefined || rest === null) return [name, rest];
      const own = child.meta?.['step'];
      const step = child.id === 'waiting_review' ? closing : own;
      const wanted = typeof step === 'string' ? states.get(step) : undefined;
      return [name, wanted ?? visit(child, rest)];
    });
    return Object.fromEntries(entries);
  };
  return visit(chart, value);
}

/** Whether a step of the chart has a state of that name. */
export function hasState(chart: Chart, step: string, name: string): boolean {
  const holder =
    step === closing
      ? chart.states['waiting_review']
      : findState(chart, (state) => state.meta?.['step'] === step);
  return holder?.states !== undefined && Object.hasOwn(holder.states, name);
}

function findState(
  state: ChartState,
  isIt: (state: ChartState) => boolean,
): ChartState | undefined {
  if (isIt(state)) return state;
  for (const child of Object.values(state.states ?? {})) {
    const found = findState(child, isIt);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(value: Json): readonly (readonly [name: string, rest: Json])[] {
  if (typeof value === 'string') return [[value, null]];
  return Object.entries((value ?? {}) as JsonObject);
}
