/** Two charts, state by state and transition by transition. Stages and regions have no names of their own: steps stand for them. */

import { compileChart } from '../../chart/advance.ts';
import type { Chart, ChartState, ChartTransition } from '../../chart/chart.ts';
import type { Plan } from '../../plan/plan.ts';
import { canonicalText } from '../../plan/renaming.ts';

export interface TransitionChange {
  readonly from: string;
  readonly event: string;
  /** Where it leads, in the order in which its guards are asked; empty: nowhere. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface ChartDiff {
  readonly states: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly transitions: {
    readonly added: readonly TransitionChange[];
    readonly removed: readonly TransitionChange[];
    readonly changed: readonly TransitionChange[];
  };
}

export function diffCharts(before: Plan, after: Plan): ChartDiff {
  const old = flatten(compileChart(before).chart);
  const now = flatten(compileChart(after).chart);
  const changes = [...new Set([...old.transitions.keys(), ...now.transitions.keys()])].flatMap(
    (key): readonly TransitionChange[] => {
      const [from = '', event = ''] = key.split('\n');
      const was = old.transitions.get(key) ?? [];
      const is = now.transitions.get(key) ?? [];
      const isSame = canonicalText(was) === canonicalText(is);
      return isSame ? [] : [{ from, event, before: was, after: is }];
    },
  );
  return {
    states: {
      added: [...now.states].filter((state) => !old.states.has(state)),
      removed: [...old.states].filter((state) => !now.states.has(state)),
    },
    transitions: {
      added: changes.filter((change) => change.before.length === 0),
      removed: changes.filter((change) => change.after.length === 0),
      changed: changes.filter((change) => change.before.length > 0 && change.after.length > 0),
    },
  };
}

interface Flat {
  readonly states: ReadonlySet<string>;
  /** By state and event. */
  readonly transitions: ReadonlyMap<string, readonly string[]>;
}

function flatten(chart: Chart): Flat {
  const places = placesOf(chart);
  const states = new Set<string>();
  const transitions = new Map<string, readonly string[]>();
  const visit = (state: ChartState, path: readonly string[]): void => {
    const name = path.join('.');
    if (name !== '') states.add(name);
    const targets = (list: readonly ChartTransition[]) =>
      list.map((transition) => transitionText(transition, path, places));
    for (const [event, list] of Object.entries(state.on ?? {}))
      transitions.set(`${name}\n${event}`, targets(list));
    if (state.always !== undefined) transitions.set(`${name}\n(at once)`, targets(state.always));
    for (const [key, child] of Object.entries(state.states ?? {})) {
      if (child.id?.startsWith('done:') === true) continue;
      visit(child, isUnnamed(child, key) ? path : [...path, key]);
    }
  };
  visit(chart, []);
  return { states, transitions };
}

/** A stage of parallel branches, and each of its branches: numbered, so that a step more renumbers them. */
function isUnnamed(state: ChartState, key: string): boolean {
  return state.id?.startsWith('stage:') === true || /^region:\d+$/.test(key);
}

function transitionText(
  { target, guard, actions }: ChartTransition,
  path: readonly string[],
  places: ReadonlyMap<string, string>,
): string {
  const to =
    target === undefined
      ? 'stays'
      : target.startsWith('#')
        ? placeOf(target.slice(1), places)
        : [...path.slice(0, -1), target].join('.');
  const { type, ...rest } = guard ?? { type: null };
  const condition =
    type === null ? '' : ` if ${type}${'params' in rest ? ` ${canonicalText(rest.params)}` : ''}`;
  const doing = (actions ?? []).filter(({ type: action }) => action !== 'forget');
  return `${to}${condition}${doing.length === 0 ? '' : `, does ${canonicalText(doing)}`}`;
}

function placeOf(id: string, places: ReadonlyMap<string, string>): string {
  // The substate of a step stands behind the id of its step.
  const known = places.get(id);
  if (known !== undefined) return known;
  const dot = id.lastIndexOf('.');
  const parent = dot < 0 ? undefined : places.get(id.slice(0, dot));
  return parent === undefined ? id : `${parent}.${id.slice(dot + 1)}`;
}

/** Ids of the chart in words: a stage is the steps it begins with, the end of a branch what follows the stage. */
function placesOf(chart: Chart): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  const stages = new Map<string, ChartState>();
  const visit = (state: ChartState, path: readonly string[]): void => {
    for (const [key, child] of Object.entries(state.states ?? {})) {
      const name = isUnnamed(child, key) ? path : [...path, key];
      if (child.id?.startsWith('stage:') === true) stages.set(child.id, child);
      else if (child.id !== undefined && !child.id.startsWith('done:'))
        places.set(child.id, name.join('.'));
      visit(child, name);
    }
  };
  visit(chart, []);
  for (const [id, stage] of stages) {
    const firsts = Object.values(stage.states ?? {}).map(({ initial = '' }) => initial);
    places.set(id, `processing.working.{${firsts.join(' + ')}}`);
  }
  for (const [id, stage] of stages) {
    const [next] = stage.onDone ?? [];
    const after = placeOf((next?.target ?? '').replace(/^#/, ''), places);
    for (const region of Object.values(stage.states ?? {})) {
      const end = region.states?.['done']?.id;
      if (end !== undefined) places.set(end, `the end of its branch, then ${after}`);
    }
    if (stage.onDone !== undefined) places.set(`${id}:done`, after);
  }
  return places;
}
