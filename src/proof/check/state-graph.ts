/** The chart flattened: states in document order, and every transition with what it enters. Structural rules walk this and nothing else. */
import type {
  Chart,
  ChartAction,
  ChartGuard,
  ChartState,
  ChartTransition,
} from '../../chart/chart.ts';

export interface StateNode {
  /** Position in document order; descendants of a state follow it up to `last`. The root is 0. */
  readonly index: number;
  readonly last: number;
  /** Names from the root down, joined by dots: `processing.working.approval.waiting_review`. The root's is empty. */
  readonly path: string;
  readonly parent: number;
  readonly children: readonly number[];
  readonly initial: number | null;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final';
  /** The step it belongs to, its own or an ancestor's. */
  readonly step: string | null;
  readonly state: ChartState;
}

export interface Edge {
  readonly index: number;
  readonly source: number;
  /** `null`: eventless, or taken when all regions of the source are done. */
  readonly event: string | null;
  readonly via: 'event' | 'always' | 'done';
  readonly transition: ChartTransition;
  readonly guard: ChartGuard | null;
  /** `null`: nothing is left or entered. */
  readonly target: number | null;
  /** The state whose descendants are left. */
  readonly domain: number;
  /** In document order. */
  readonly entered: readonly number[];
}

export interface StateGraph {
  readonly nodes: readonly StateNode[];
  readonly edges: readonly Edge[];
  /** By index of the source. */
  readonly from: readonly (readonly Edge[])[];
  node(index: number): StateNode;
  /** @returns `null` if there is no such state */
  find(path: string): StateNode | null;
}

/** A parameter of an action that is a text; empty if it has none. */
export function paramOf({ params }: ChartAction, name: 'step' | 'name'): string {
  const value = params?.[name];
  return typeof value === 'string' ? value : '';
}

export function isWithin(node: StateNode, ancestor: StateNode): boolean {
  return node.index >= ancestor.index && node.index <= ancestor.last;
}

/** @throws RangeError if a transition leads to a state that does not exist */
export function stateGraphOf(chart: Chart): StateGraph {
  const nodes = flatten(chart);
  const node = (index: number): StateNode => {
    const found = nodes[index];
    if (found === undefined) throw new RangeError(`No state ${index} in the chart`);
    return found;
  };
  const byPath = new Map(nodes.map((each) => [each.path, each]));
  const byId = new Map(
    nodes.flatMap((each) => (each.state.id === undefined ? [] : [[each.state.id, each] as const])),
  );
  const resolve = (source: StateNode, target: string): StateNode => {
    const found = target.startsWith('#')
      ? atId(target.slice(1), byId, byPath)
      : byPath.get(joined(node(source.parent).path, target));
    if (found === undefined)
      throw new RangeError(`"${source.path}" leads to "${target}", which does not exist`);
    return found;
  };
  const edges: Edge[] = [];
  const from = nodes.map((source) => {
    const own: Edge[] = [];
    const add = (
      via: Edge['via'],
      event: string | null,
      transitions: readonly ChartTransition[] = [],
    ) => {
      for (const transition of transitions) {
        const { guard = null } = transition;
        const base = { index: edges.length, source: source.index, event, via, transition, guard };
        const edge: Edge =
          transition.target === undefined
            ? { ...base, target: null, domain: source.index, entered: [] }
            : { ...base, ...entryOf(source, resolve(source, transition.target), node) };
        edges.push(edge);
        own.push(edge);
      }
    };
    for (const [event, transitions] of Object.entries(source.state.on ?? {}))
      add('event', event, transitions);
    add('always', null, source.state.always);
    add('done', null, source.state.onDone);
    return own;
  });
  return { nodes, edges, from, node, find: (path) => byPath.get(path) ?? null };
}

const joined = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

function atId(
  target: string,
  byId: ReadonlyMap<string, StateNode>,
  byPath: ReadonlyMap<string, StateNode>,
): StateNode | undefined {
  const [id = '', ...rest] = target.split('.');
  const start = byId.get(id);
  return start === undefined || rest.length === 0
    ? start
    : byPath.get(joined(start.path, rest.join('.')));
}

function flatten(chart: Chart): readonly StateNode[] {
  const nodes: StateNode[] = [];
  const visit = (
    state: ChartState,
    path: string,
    parent: number,
    inherited: string | null,
  ): number => {
    const index = nodes.length;
    const own = state.meta?.['step'];
    const step = typeof own === 'string' ? own : inherited;
    nodes.push({
      index,
      last: index,
      path,
      parent,
      children: [],
      initial: null,
      kind: 'atomic',
      step,
      state,
    });
    const names = Object.entries(state.states ?? {});
    const children = names.map(([name, child]) => visit(child, joined(path, name), index, step));
    const initial = names.findIndex(([name]) => name === state.initial);
    nodes[index] = {
      index,
      last: nodes.length - 1,
      path,
      parent,
      children,
      initial: children[initial] ?? null,
      kind: state.type ?? (children.length > 0 ? 'compound' : 'atomic'),
      step,
      state,
    };
    return index;
  };
  visit(chart, '', 0, null);
  return nodes;
}

/** As SCXML has it: the least state around source and target is not left, everything between it and the target is entered. */
function entryOf(
  source: StateNode,
  target: StateNode,
  node: (index: number) => StateNode,
): Pick<Edge, 'target' | 'domain' | 'entered'> {
  let domain = source;
  if (!isWithin(target, source)) {
    while (!(isWithin(target, domain) && domain !== target && isWithin(source, domain)))
      domain = node(domain.parent);
  }
  const entered = new Set<number>();
  if (target !== source) addWithDescendants(target, entered, node);
  else for (const child of defaultChildren(target)) addWithDescendants(node(child), entered, node);
  for (let at = target; at !== domain && at.index !== 0; at = node(at.parent)) {
    entered.add(at.index);
    const above = node(at.parent);
    if (above.kind !== 'parallel' || above === domain) continue;
    for (const region of above.children)
      if (region !== at.index) addWithDescendants(node(region), entered, node);
  }
  return {
    target: target.index,
    domain: domain.index,
    entered: [...entered].sort((a, b) => a - b),
  };
}

/** The states that are active as soon as this one is entered by default, itself included. */
export function addWithDescendants(
  from: StateNode,
  into: Set<number>,
  node: (index: number) => StateNode,
): void {
  const pending = [from];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    into.add(next.index);
    pending.push(...defaultChildren(next).map(node));
  }
}

function defaultChildren(node: StateNode): readonly number[] {
  if (node.kind === 'parallel') return node.children;
  return node.initial === null ? [] : [node.initial];
}
