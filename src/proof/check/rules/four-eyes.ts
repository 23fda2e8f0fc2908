/** Where a review says that whoever asked must not decide, every transition by which a person decides it refuses them. */
import { initialContext } from '../../../chart/context.ts';
import type { ChartEvent } from '../../../chart/events.ts';
import { isOpen } from '../../../chart/guards.ts';
import type { Approval } from '../../../plan/plan.ts';
import { counterexample } from '../counterexample.ts';
import type { Deriver } from '../derivation.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import type { Edge } from '../state-graph.ts';
import type { Subject } from '../subject.ts';

interface Declared {
  readonly step: string;
  readonly approve: Approval;
  readonly excludesRequester: boolean;
}

export function fourEyes(subject: Subject, deriver: Deriver): RuleReport {
  const { graph, plan } = subject;
  const declared = declarations(subject);
  const reachable = deriver.derive();
  const findings: Finding[] = [];
  for (const { step, approve, excludesRequester } of declared) {
    for (const edge of graph.edges) {
      if (!decides(edge, step) || !reachable.canBeTaken(edge) || refusesExcluded(edge, step))
        continue;
      findings.push(
        finding(
          'violation',
          step,
          `Whoever must not decide "${step}" can, by "${edge.event ?? 'nothing'}"`,
          counterexample(subject, reachable.pathToEdge(edge)),
        ),
      );
    }
    if (approve.by !== 'person') {
      const label = approve.by === 'guard' ? approve.label : 'automatic';
      findings.push(
        finding(
          'note',
          step,
          `The policy "${label}" may approve "${step}" without a second person`,
        ),
      );
    }
    if (excludesRequester && plan.startOn.length > 0)
      findings.push(
        finding(
          'assumption',
          step,
          `Runs that an event starts (${plan.startOn.map((event) => `"${event}"`).join(', ')}) were asked for by nobody who could decide "${step}"`,
        ),
      );
  }
  const names = declared.map(({ step }) => `"${step}"`).join(', ');
  return ruleReport(
    'four-eyes',
    declared.length === 0
      ? 'No review excludes anybody.'
      : `Whoever is excluded from ${names} cannot decide there.`,
    findings,
  );
}

function declarations({ plan, steps }: Subject): readonly Declared[] {
  const reviews = steps.flatMap((step): Declared[] =>
    step.kind === 'review' && (!step.requesterMayDecide || step.notBy.length > 0)
      ? [{ step: step.id, approve: step.approve, excludesRequester: !step.requesterMayDecide }]
      : [],
  );
  const { approve, requesterMayDecide } = plan.finish;
  return requesterMayDecide || approve.by === 'automatic'
    ? reviews
    : [...reviews, { step: 'completion', approve, excludesRequester: true }];
}

/** By a person: the event of a decision, wherever it is heard. */
function decides(edge: Edge, step: string): boolean {
  return edge.event === `${step}.decided`;
}

/** The guard itself is asked, with either outcome, and something to undo or nothing. */
function refusesExcluded({ guard, event }: Edge, step: string): boolean {
  if (guard === null) return false;
  const decider = { actor: 'requester', groups: [], assignees: null, excluded: ['requester'] };
  return (['approved', 'rejected'] as const).every((outcome) =>
    [0, 1].every((undoable) => {
      const decision: ChartEvent = { type: event ?? `${step}.decided`, outcome, decider };
      return !isOpen(guard, { ...initialContext, undoable }, decision);
    }),
  );
}
