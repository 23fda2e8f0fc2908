/** No run goes round for ever: every cycle of the chart has a count that ends it, or a person who starts each round. */
import { counterexample } from '../counterexample.ts';
import type { Deriver } from '../derivation.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import type { Edge } from '../state-graph.ts';
import type { Subject } from '../subject.ts';

export function loopsBounded(subject: Subject, deriver: Deriver): RuleReport {
  const { graph, plan, steps } = subject;
  const reachable = deriver.derive();
  const isOpen = (edge: Edge) =>
    edge.target !== null &&
    reachable.canBeTaken(edge) &&
    !isCounted(edge) &&
    !isPersons(edge) &&
    !isDeferral(edge);
  const findings: Finding[] = cyclesOf(subject, isOpen).map((cycle) => {
    const states = cycle.map((edge) => `"${graph.node(edge.source).path}"`);
    const first = cycle[0];
    const lead = first === undefined ? [] : reachable.pathToState(first.source);
    return finding(
      'violation',
      first === undefined ? null : (graph.node(first.source).step ?? graph.node(first.source).path),
      `Nothing ends the loop ${[...states, states[0]].join(' → ')}`,
      counterexample(subject, [...lead, ...cycle]),
    );
  });
  for (const step of steps) {
    if (step.kind === 'child' && step.workflow === plan.name)
      findings.push(
        finding(
          'assumption',
          step.id,
          `"${step.id}" runs this workflow again: its input ends that`,
        ),
      );
    if (step.kind !== 'task' || plan.timeoutMs !== undefined || step.withinMs !== undefined)
      continue;
    const waits = [step.call, step.fallback].flatMap((call) =>
      call?.breaker?.whenOpen === 'wait' ? [call.breaker.name] : [],
    );
    for (const breaker of new Set(waits))
      findings.push(
        finding(
          'assumption',
          step.id,
          `Breaker "${breaker}" closes again: "${step.id}" waits for it as long as it is open`,
        ),
      );
  }
  if (graph.edges.some((edge) => edge.event === 'run.retried'))
    findings.push(
      finding('note', null, 'A failed run starts again as often as a person retries it'),
    );
  return ruleReport(
    'loops-bounded',
    'Every loop is bounded: by attempts, by the length of the undo list, or by a person who starts each round.',
    findings,
  );
}

/** Goes round only so often, because each round is counted. */
function isCounted({ guard, transition }: Edge): boolean {
  const counts = (name: string) => (transition.actions ?? []).some(({ type }) => type === name);
  switch (guard?.type) {
    case 'retryable':
      return Number.isSafeInteger(guard.params.maxAttempts) && counts('countAttempt');
    case 'undoRetryable':
      return counts('countUndoAttempt');
    default:
      // Each undo that ends leaves one less to do.
      return counts('countUndone');
  }
}

function isPersons({ event, guard }: Edge): boolean {
  if (event === 'run.retried') return guard?.type === 'mayRetry';
  return event?.endsWith('.did_not_happen') === true && guard?.type === 'canDecide';
}

/** The service named by a breaker, or another run that remembers the result, ends the wait. */
function isDeferral({ event }: Edge): boolean {
  return event?.endsWith('.deferral_over') === true;
}

/** One cycle of every strongly connected part of what is left (Tarjan, without recursion). */
function cyclesOf(
  { graph }: Subject,
  isOpen: (edge: Edge) => boolean,
): readonly (readonly Edge[])[] {
  const { nodes } = graph;
  const successors = nodes.map(({ index }) => (graph.from[index] ?? []).filter(isOpen));
  // A transition from around a state is one of the state: the search goes from states to what they are in, too.
  const next = (at: number): readonly number[] => {
    const own = (successors[at] ?? []).flatMap((edge) => edge.entered);
    return at === 0 ? own : [...own, nodes[at]?.parent ?? 0];
  };
  const component = components(nodes.length, next);
  const seen = new Set<number>();
  const cycles: (readonly Edge[])[] = [];
  for (const { index } of nodes) {
    const edge = (successors[index] ?? []).find((each) => closes(each, component));
    const id = component[index] ?? -1;
    if (edge === undefined || seen.has(id)) continue;
    seen.add(id);
    cycles.push(
      roundFrom(
        edge,
        component,
        (at) => successors[at] ?? [],
        nodes.map(({ parent }) => parent),
      ),
    );
  }
  return cycles;
}

const closes = (edge: Edge, component: Int32Array) =>
  edge.entered.some((entered) => component[entered] === component[edge.source]);

/** The shortest way back to where the transition starts. */
function roundFrom(
  first: Edge,
  component: Int32Array,
  successors: (at: number) => readonly Edge[],
  parents: readonly number[],
): readonly Edge[] {
  const cameBy = new Map<number, { readonly before: number | null; readonly edge: Edge | null }>();
  const queue: number[] = [];
  const enter = (at: number, before: number | null, edge: Edge | null) => {
    if (cameBy.has(at) || component[at] !== component[first.source]) return;
    cameBy.set(at, { before, edge });
    queue.push(at);
  };
  for (const entered of first.entered) enter(entered, null, first);
  for (const at of queue) {
    if (at === first.source) break;
    for (const edge of successors(at)) for (const entered of edge.entered) enter(entered, at, edge);
    enter(parents[at] ?? 0, at, null);
  }
  const round: Edge[] = [];
  for (
    let at: number | null = first.source, step = cameBy.get(first.source);
    at !== null && step !== undefined;
    at = step.before, step = at === null ? undefined : cameBy.get(at)
  )
    if (step.edge !== null) round.unshift(step.edge);
  return round;
}

function components(size: number, next: (at: number) => readonly number[]): Int32Array {
  const component = new Int32Array(size).fill(-1);
  const order = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const open: number[] = [];
  let counter = 0;
  let found = 0;
  for (let start = 0; start < size; start += 1) {
    if (order[start] !== -1) continue;
    const path: { readonly at: number; readonly to: readonly number[]; position: number }[] = [];
    const enter = (at: number) => {
      order[at] = counter;
      low[at] = counter;
      counter += 1;
      open.push(at);
      path.push({ at, to: next(at), position: 0 });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = top.to[top.position];
      if (to !== undefined) {
        top.position += 1;
        if (order[to] === -1) enter(to);
        else if (component[to] === -1) low[top.at] = Math.min(low[top.at] ?? 0, order[to] ?? 0);
        continue;
      }
      path.pop();
      const above = path.at(-1);
      if (above !== undefined) low[above.at] = Math.min(low[above.at] ?? 0, low[top.at] ?? 0);
      if (low[top.at] !== order[top.at]) continue;
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        component[at] = found;
        if (at === top.at) break;
      }
      found += 1;
    }
  }
  return component;
}
