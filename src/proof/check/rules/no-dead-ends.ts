/** Every state that is not an end has a way on of its own, and from every state an end can be reached. Being cancelled does not count. */
import { counterexample } from '../counterexample.ts';
import type { Derivation, Deriver } from '../derivation.ts';
import { gapOf } from '../exhaustive.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import { type Edge, isWithin, type StateNode } from '../state-graph.ts';
import type { Subject } from '../subject.ts';

/** What ends any run from outside, whatever it does. */
const rescues: ReadonlySet<string | null> = new Set([
  'run.cancelled',
  'run.timed_out',
  'run.faulted',
  'stop.grace_over',
]);
const ends: ReadonlySet<string> = new Set(['complete', 'failed', 'cancelled']);

export function noDeadEnds(subject: Subject, deriver: Deriver): RuleReport {
  const { graph } = subject;
  const reachable = deriver.derive();
  const findings: Finding[] = [];
  const report = (node: StateNode, message: string) =>
    findings.push(
      finding(
        'violation',
        node.step ?? node.path,
        message,
        counterexample(subject, reachable.pathToState(node.index)),
      ),
    );
  const leading = statesLeadingToAnEnd(subject);
  for (const node of graph.nodes) {
    if (node.kind !== 'atomic' || ends.has(node.path) || !reachable.canBeActive(node.index))
      continue;
    if (exits(subject, node).length === 0)
      report(node, `Nothing leaves "${node.path}" but a cancellation`);
    else if (!leading.has(node.index))
      report(node, `From "${node.path}" no end of the run can be reached`);
    const eventless = (graph.from[node.index] ?? []).filter(({ via }) => via === 'always');
    const gap = eventless.length === 0 ? null : gapOf(eventless);
    if (gap !== null) report(node, `"${node.path}" can be stuck: its transitions lack ${gap}`);
  }
  findings.push(...unheard(subject, reachable), ...unended(subject, reachable));
  return ruleReport(
    'no-dead-ends',
    'Every state that is no end is left by an event, a timer or a person, and an end stays within reach.',
    findings,
  );
}

/** Ways out of the state itself, or of the step it belongs to. */
function exits({ graph }: Subject, node: StateNode): readonly Edge[] {
  const found: Edge[] = [];
  let at = node;
  while (true) {
    for (const edge of graph.from[at.index] ?? [])
      if (edge.target !== null && !rescues.has(edge.event)) found.push(edge);
    if (at.index === 0 || at.state.meta?.['step'] !== undefined) return found;
    const above = graph.node(at.parent);
    // A region is done when its last state is; that of the stage is the way on.
    if (above.kind === 'parallel' && at.kind !== 'final') return found;
    at = above;
  }
}

/** Backwards from the ends: a state leads where its transitions lead, and where those of the states around it do. */
function statesLeadingToAnEnd({ graph }: Subject): ReadonlySet<number> {
  const leading = new Set<number>();
  const sources = new Map<number, number[]>();
  for (const edge of graph.edges) {
    if (edge.target === null || rescues.has(edge.event)) continue;
    for (const entered of edge.entered) {
      const known = sources.get(entered);
      if (known === undefined) sources.set(entered, [edge.source]);
      else known.push(edge.source);
    }
  }
  const pending = graph.nodes.filter(({ path }) => ends.has(path)).map(({ index }) => index);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (leading.has(next)) continue;
    leading.add(next);
    pending.push(...(sources.get(next) ?? []));
    const { kind, children } = graph.node(next);
    // Whoever is inside may take the transitions of what is around it.
    if (kind === 'compound') pending.push(...children);
    if (kind === 'parallel')
      for (const region of children)
        pending.push(
          ...graph.node(region).children.filter((child) => graph.node(child).kind === 'final'),
        );
  }
  return leading;
}

/** A step that others wait for must tell them, however it is left. */
function unheard(subject: Subject, reachable: Derivation): readonly Finding[] {
  const { graph, beginnings } = subject;
  const awaited = new Map<string, string>();
  for (const { guard, source } of graph.edges) {
    if (guard?.type !== 'ready') continue;
    for (const step of guard.params.settled) awaited.set(step, graph.node(source).step ?? '');
  }
  return [...awaited].flatMap(([step, waiting]) => {
    const beginning = beginnings.get(step);
    if (beginning === undefined) return [];
    const region = regionOf(subject, graph.node(beginning.node));
    const silent: Edge[] = [];
    for (let at = beginning.node; at <= graph.node(beginning.node).last; at += 1)
      for (const edge of graph.from[at] ?? []) {
        if (edge.target === null || !reachable.canBeTaken(edge)) continue;
        const target = graph.node(edge.target);
        if (isWithin(target, graph.node(beginning.node)) || !isWithin(target, region)) continue;
        const tells = (edge.transition.actions ?? []).some(
          ({ type, params }) => type === 'settle' && params?.['step'] === step,
        );
        if (!tells) silent.push(edge);
      }
    return silent.map((edge) =>
      finding(
        'violation',
        waiting,
        `"${waiting}" waits for "${step}" for ever after "${edge.event ?? 'it was left'}": nobody tells it`,
        counterexample(subject, reachable.pathToEdge(edge)),
      ),
    );
  });
}

function regionOf({ graph }: Subject, node: StateNode): StateNode {
  let at = node;
  while (at.index !== 0 && graph.node(at.parent).kind !== 'parallel') at = graph.node(at.parent);
  return at;
}

/** What is under way when a run stops is waited for: its end must be heard there. */
function unended(subject: Subject, reachable: Derivation): readonly Finding[] {
  const { graph } = subject;
  const draining = graph.nodes.find(({ state }) => state.id === 'draining');
  const heard = new Set(
    (graph.from[draining?.index ?? -1] ?? [])
      .filter(({ transition }) => (transition.actions ?? []).some(({ type }) => type === 'untrack'))
      .map(({ event }) => event),
  );
  return graph.nodes.flatMap((node) => {
    const { step } = node;
    const tracks = (node.state.entry ?? []).some(({ type }) => type === 'track');
    if (!tracks || step === null || !reachable.canBeActive(node.index)) return [];
    const missing = (graph.from[node.index] ?? [])
      .map(({ event }) => event)
      .filter((event) => event !== null && /\.(completed|failed|in_doubt)$/.test(event))
      .filter((event) => !heard.has(event));
    return [...new Set(missing)].map((event) =>
      finding(
        'violation',
        step,
        `A run that stops while "${step}" is under way waits for it for ever: "${event ?? ''}" is not heard there`,
        counterexample(subject, reachable.pathToState(node.index)),
      ),
    );
  });
}
