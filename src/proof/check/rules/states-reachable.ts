/** Every state of the chart can become active, and every step can begin. */
import type { Deriver } from '../derivation.ts';
import { finding, type RuleReport, ruleReport } from '../report.ts';
import type { StateNode } from '../state-graph.ts';
import type { Subject } from '../subject.ts';

export function statesReachable(subject: Subject, deriver: Deriver): RuleReport {
  const { graph, impossible } = subject;
  const reachable = deriver.derive();
  const missing = graph.nodes.filter((node) => !reachable.canBeActive(node.index));
  const isReported = (node: StateNode) =>
    node.parent === node.index || reachable.canBeActive(node.parent);
  const contradictions = new Set([...impossible].map((edge) => graph.node(edge.source).step));
  const findings = missing.filter(isReported).map((node) => {
    const { step } = node;
    const why =
      step !== null && contradictions.has(step)
        ? `: the conditions of "${step}" contradict each other`
        : ': no transition that can be taken leads there';
    return finding('violation', step ?? node.path, `"${node.path}" is never reached${why}`);
  });
  for (const { id } of subject.steps)
    if (!subject.beginnings.has(id))
      findings.push(finding('violation', id, `The chart has no state of "${id}"`));
  const count = graph.nodes.length - 1;
  return ruleReport('states-reachable', `All ${count} states can be reached.`, findings);
}
