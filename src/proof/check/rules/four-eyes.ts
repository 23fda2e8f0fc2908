/** Where a review says that whoever asked must not decide, every transition by which a person decides it refuses them. */
import { initialContext } from '../../../chart/context.ts';
import type { ChartEvent } from '../../../chart/events.ts';
import { isOpen } from '../../../chart/guards.ts';
import type { Approval, GroupShare, Plan } from '../../../plan/plan.ts';
import { counterexample } from '../counterexample.ts';
import type { Deriver } from '../derivation.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import type { Edge } from '../state-graph.ts';
import type { Subject } from '../subject.ts';
import { sharesText, silenceText } from './completion-reviewed.ts';

interface Declared {
  readonly step: string;
  readonly approve: Approval;
  readonly excludesRequester: boolean;
  /** Approvals it takes. */
  readonly approvals: number;
  /** Groups that so many of them come from. */
  readonly from: readonly GroupShare[];
}

export function fourEyes(subject: Subject, deriver: Deriver): RuleReport {
  const declared = declarations(subject);
  const reachable = deriver.derive();
  const edges = subject.graph.edges.filter((edge) => reachable.canBeTaken(edge));
  const names = declared.map(({ step }) => `"${step}"`).join(', ');
  return ruleReport(
    'four-eyes',
    declared.length === 0
      ? 'No review excludes anybody.'
      : `Whoever is excluded from ${names} cannot decide there${several(declared)}.`,
    [
      ...silences(subject).map(({ step, policy }) =>
        finding('note', step, silenceText(step, policy)),
      ),
      ...declared.flatMap((review) => [
        ...breaches(review, edges).map(([edge, message]) =>
          finding(
            'violation',
            review.step,
            message,
            counterexample(subject, reachable.pathToEdge(edge)),
          ),
        ),
        ...remarks(review, subject.plan),
      ]),
    ],
  );
}

/** Transitions that let too few people decide, or one who is excluded. */
function breaches(
  { step, approvals, from }: Declared,
  edges: readonly Edge[],
): readonly (readonly [edge: Edge, message: string])[] {
  const named = ({ event }: Edge) => `"${event ?? 'nothing'}"`;
  const passedOver = edges.flatMap((edge) => {
    const group = groupPassedOver(edge, step, approvals, from);
    const message = `${named(edge)} approves "${step}" with fewer people of "${group}" than it takes`;
    return group === null ? [] : [[edge, message] as const];
  });
  const tooFew = edges.filter((edge) => approvals !== 1 && !takesOthers(edge, step, approvals));
  const open = edges.filter((edge) => decides(edge, step) && !refusesExcluded(edge, step));
  return [
    ...passedOver,
    ...tooFew.map(
      (edge) =>
        [edge, `${named(edge)} approves "${step}" with fewer than ${approvals} people`] as const,
    ),
    ...open.map(
      (edge) => [edge, `Whoever must not decide "${step}" can, by ${named(edge)}`] as const,
    ),
  ];
}

/** Decisions that nobody takes, and runs that nobody has asked for. */
function remarks({ step, approve, excludesRequester }: Declared, plan: Plan): readonly Finding[] {
  const found: Finding[] = [];
  if (approve.by !== 'person') {
    const label = approve.by === 'guard' ? approve.label : 'automatic';
    found.push(
      finding('note', step, `The policy "${label}" may approve "${step}" without a second person`),
    );
  }
  if (excludesRequester && plan.startOn.length > 0) {
    const events = plan.startOn.map((event) => `"${event}"`).join(', ');
    found.push(
      finding(
        'assumption',
        step,
        `Runs that an event starts (${events}) were asked for by nobody who could decide "${step}"`,
      ),
    );
  }
  return found;
}

function declarations({ plan, steps }: Subject): readonly Declared[] {
  const reviews = steps.flatMap((step): Declared[] =>
    step.kind === 'review' &&
    (!step.requesterMayDecide || step.notBy.length > 0 || step.approvals !== undefined)
      ? [
          {
            step: step.id,
            approve: step.approve,
            excludesRequester: !step.requesterMayDecide,
            approvals: step.approvals ?? 1,
            from: step.from ?? [],
          },
        ]
      : [],
  );
  const { approve, requesterMayDecide, approvals = 1, from = [] } = plan.finish;
  return (requesterMayDecide && approvals === 1) || approve.by === 'automatic'
    ? reviews
    : [
        ...reviews,
        { step: 'completion', approve, excludesRequester: !requesterMayDecide, approvals, from },
      ];
}

function silences({
  steps,
}: Subject): readonly { readonly step: string; readonly policy: string }[] {
  return steps.flatMap((step) =>
    step.kind === 'review' && step.expiryPolicy !== undefined
      ? [{ step: step.id, policy: step.expiryPolicy }]
      : [],
  );
}

function several(declared: readonly Declared[]): string {
  const taking = declared.filter(({ approvals }) => approvals > 1);
  const texts = taking.map(
    ({ step, approvals, from }) =>
      `"${step}" takes ${approvals}${from.length === 0 ? '' : ` (${sharesText(from)})`}`,
  );
  return texts.length === 0 ? '' : `, and no person counts twice: ${texts.join(', ')}`;
}

/** The guard itself is asked: neither is too early an approval the last one, nor does one person count twice. */
function takesOthers({ guard, event }: Edge, step: string, approvals: number): boolean {
  const isLast = event === `${step}.decided`;
  if (!isLast && event !== `${step}.voted`) return true;
  if (guard?.type === 'canDecide' && guard.params.outcome === 'rejected') return true;
  if (guard === null) return false;
  const approves = (given: number, approvedBy: readonly string[]) => {
    const decider = { actor: 'ann', groups: [], assignees: null, excluded: [], given, approvedBy };
    return isOpen(guard, initialContext, { type: event, outcome: 'approved', decider });
  };
  const counts = Array.from({ length: approvals }, (_, given) => given);
  return counts.every(
    (given) =>
      !approves(given, ['ann']) && (!isLast || given === approvals - 1 || !approves(given, [])),
  );
}

/**
 * The guard itself is asked, group by group: the last approval is refused if one place of the group is empty then, although everybody who has
 * approved is of every other group, and is accepted from somebody of the group.
 */
function groupPassedOver(
  { guard, event }: Edge,
  step: string,
  approvals: number,
  from: readonly GroupShare[],
): string | null {
  if (event !== `${step}.decided` || guard === null) return null;
  if (guard.type === 'canDecide' && guard.params.outcome === 'rejected') return null;
  const all = from.map(({ group }) => group);
  const isAccepted = (groups: readonly string[], givenFrom: readonly (readonly string[])[]) => {
    const given = givenFrom.length;
    const decider = { actor: 'ann', groups, assignees: null, excluded: [], given, givenFrom };
    return isOpen(guard, initialContext, { type: event, outcome: 'approved', decider });
  };
  const passedOver = from.find(({ group, approvals: needed }) => {
    const others = all.filter((other) => other !== group);
    const givenFrom = Array.from({ length: approvals - 1 }, (_, index) =>
      index < needed - 1 ? all : others,
    );
    return isAccepted(others, givenFrom) || !isAccepted([group], filled(from, group, approvals));
  });
  return passedOver?.group ?? null;
}

/** Everybody but one of the group has approved, each for a place of their own. */
function filled(from: readonly GroupShare[], but: string, approvals: number) {
  const places = from.flatMap(({ group, approvals: needed }) =>
    Array.from({ length: group === but ? needed - 1 : needed }, () => [group]),
  );
  return [...places, ...Array.from({ length: approvals - 1 - places.length }, () => [])];
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
