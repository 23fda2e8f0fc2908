/** Every failure leads somewhere: retried, tolerated, handed to a fallback, or ending the run. No report of the engine is refused by all guards. */
import { counterexample } from '../counterexample.ts';
import type { Deriver } from '../derivation.ts';
import { byEvent, gapOf, isPersonal } from '../exhaustive.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import { paramOf, type StateNode } from '../state-graph.ts';
import type { Subject } from '../subject.ts';

export function failuresRouted(subject: Subject, deriver: Deriver): RuleReport {
  const { graph } = subject;
  const reachable = deriver.derive();
  const findings: Finding[] = [];
  let routes = 0;
  const report = (node: StateNode, message: string) =>
    findings.push(
      finding(
        'violation',
        node.step ?? node.path,
        message,
        counterexample(subject, reachable.pathToState(node.index)),
      ),
    );
  for (const node of graph.nodes) {
    if (!reachable.canBeActive(node.index)) continue;
    const heard = byEvent(graph.from[node.index] ?? []);
    for (const event of failuresOf(subject, node)) {
      if (!heard.has(event)) report(node, `"${node.path}" has no way for "${event}"`);
    }
    if (node.state.id === 'draining') continue;
    for (const [event, edges] of heard) {
      if (event === null) continue;
      const isDecision = event.endsWith('.decided');
      if (isPersonal(event) && !isDecision) continue;
      routes += 1;
      // A decision nobody may take is refused; one that somebody may take must not be.
      const gap = isDecision && edges.some(({ guard }) => guard === null) ? null : gapOf(edges);
      if (gap !== null) report(node, `"${node.path}" lacks, for "${event}", ${gap}`);
    }
  }
  return ruleReport(
    'failures-routed',
    `Every failure, expiry and time-out has a route; none of ${routes} reports and decisions is refused for want of one.`,
    findings,
  );
}

/** What can go wrong while this state is active, as its entry actions and its place say. */
function failuresOf({ plan }: Subject, node: StateNode): readonly string[] {
  const failures: string[] = [];
  for (const action of node.state.entry ?? []) {
    const { type, params } = action;
    const step = paramOf(action, 'step');
    if (type === 'attempt' || type === 'child' || type === 'map') failures.push(`${step}.failed`);
    if (type === 'undo') failures.push('undo.failed');
    if (type === 'review' && params?.['inDoubt'] === true) failures.push(`${step}.given_up`);
    else if (type === 'review') failures.push(`${step}.decided`);
  }
  if (node.path === 'processing.working' || node.path === 'waiting_review') {
    failures.push('run.faulted', 'run.cancelled');
    if (plan.timeoutMs !== undefined) failures.push('run.timed_out');
  }
  if (node.path === 'pending') failures.push('run.started', 'run.cancelled');
  return failures;
}
