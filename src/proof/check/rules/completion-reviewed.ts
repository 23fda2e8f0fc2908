/** No run completes past the closing review: `complete` cannot be reached without `waiting_review`, and only an approval leads there. */
import type { ChartGuard } from '../../../chart/chart.ts';
import type { Approval, DecisionPolicy, GroupShare } from '../../../plan/plan.ts';
import { counterexample, isSame } from '../counterexample.ts';
import type { Deriver } from '../derivation.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import { type Edge, isWithin } from '../state-graph.ts';
import type { Subject } from '../subject.ts';

export function completionReviewed(subject: Subject, deriver: Deriver): RuleReport {
  const { graph, plan } = subject;
  const { approve, expiryPolicy } = plan.finish;
  const findings: Finding[] = [];
  const claim = `Every path to "complete" passes "waiting_review", where ${deciderText(plan.finish)}.`;
  const complete = graph.find('complete');
  const review = graph.find('waiting_review');
  if (complete === null || review === null) {
    const missing = complete === null ? 'complete' : 'waiting_review';
    findings.push(finding('violation', null, `The chart has no state "${missing}"`));
    return ruleReport('completion-reviewed', claim, findings);
  }
  const past = deriver.derive(undefined, (node) => isWithin(graph.node(node), review));
  if (past.canBeActive(complete.index)) {
    findings.push(
      finding(
        'violation',
        null,
        'A run can complete without its closing review',
        counterexample(subject, past.pathToState(complete.index)),
      ),
    );
  }
  const reachable = deriver.derive();
  for (const edge of graph.edges) {
    if (edge.target === null || !edge.entered.includes(complete.index)) continue;
    if (!isWithin(graph.node(edge.source), review) || !reachable.canBeTaken(edge)) continue;
    if (isApproval('completion', plan.finish, edge)) continue;
    findings.push(
      finding(
        'violation',
        'completion',
        `"${edge.event ?? 'nothing'}" completes the run although nobody who may has approved it`,
        counterexample(subject, reachable.pathToEdge(edge)),
      ),
    );
  }
  if (approve.by !== 'person') {
    const when = approve.by === 'guard' ? ` if ${approve.label}` : '';
    findings.push(
      finding(
        'note',
        'completion',
        `The closing review is decided by a policy${when}, not a person`,
      ),
    );
  }
  if (expiryPolicy !== undefined)
    findings.push(finding('note', 'completion', silenceText('completion', expiryPolicy)));
  return ruleReport('completion-reviewed', claim, findings);
}

export function sharesText(from: readonly GroupShare[]): string {
  return from.map(({ group, approvals }) => `${approvals} of ${group}`).join(' and ');
}

/** An approval without a person. */
export function silenceText(step: string, policy: string): string {
  return `"${step}" is approved without a person if nobody has decided in time: policy "${policy}"`;
}

type Decision = DecisionPolicy & { readonly approve: Approval };

function deciderText({ approve, approvals = 1, from = [] }: Decision): string {
  const of = from.length === 0 ? '' : `, ${sharesText(from)},`;
  const people = approvals === 1 ? 'a person approves' : `${approvals} people${of} approve`;
  if (approve.by === 'person') return people;
  return approve.by === 'automatic'
    ? 'the policy "automatic" approves'
    : `the policy "${approve.label}" or ${people.replace(/ approves?$/, '')} approves`;
}

/** Whether the transition is taken by an approval only, as the plan has it: by as many people as it takes, or by a policy it names. */
export function isApproval(
  review: string,
  { approve, approvals, from = [], expiryPolicy }: Decision,
  { event, guard }: Edge,
): boolean {
  if (event === `${review}.decided`)
    return (
      guard?.type === 'canDecide' &&
      guard.params.outcome === 'approved' &&
      (approvals === undefined ||
        (guard.params.approvals === approvals &&
          guard.params.isLast === true &&
          sharesText(guard.params.from ?? []) === sharesText(from)))
    );
  if (event === `${review}.expired`)
    return (
      expiryPolicy !== undefined && guard?.type === 'policy' && guard.params.label === expiryPolicy
    );
  return event === `${review}.decided_by_policy` && isPolicy(approve, guard);
}

function isPolicy(approve: Approval, guard: ChartGuard | null): boolean {
  if (guard?.type !== 'policy' || approve.by === 'person') return false;
  const { condition } = guard.params;
  if (approve.by === 'automatic') return condition === null;
  return condition !== null && isSame(condition, approve.condition);
}
