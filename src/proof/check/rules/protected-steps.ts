/**
 * What a review or task protects begins only once it has been approved, or has completed: not before, not past it, and not after it was skipped,
 * rejected, expired, or its failure tolerated.
 */
import type { ReviewStep, TaskStep } from '../../../plan/plan.ts';
import { counterexample } from '../counterexample.ts';
import { type Derivation, type Deriver, exitsOf } from '../derivation.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import type { Edge } from '../state-graph.ts';
import { conditionsOf, type Subject } from '../subject.ts';
import { all, createTruths, type Ending, type Hypothesis } from '../truth.ts';
import { isApproval } from './completion-reviewed.ts';

export type Protector = (ReviewStep | TaskStep) & { readonly protects: readonly string[] };

const endingTexts: { readonly [E in Ending]: (step: string) => string } = {
  undecided: (step) => `before "${step}" is over`,
  skipped: (step) => `although "${step}" was skipped`,
  rejected: (step) => `although "${step}" was rejected`,
  expired: (step) => `although "${step}" has expired`,
  tolerated: (step) => `although "${step}" has failed`,
};

export function protectedSteps(subject: Subject, deriver: Deriver): RuleReport {
  const protectors = subject.steps.filter(isProtector);
  const findings = protectors.flatMap((step) => findingsOf(subject, deriver, step));
  const pairs = protectors.map((step) => {
    const names = step.protects.map(targetText).join(', ');
    return `${names} only after "${step.id}" ${step.kind === 'review' ? 'was approved' : 'has completed'}`;
  });
  const claim =
    pairs.length === 0
      ? 'No step declares that it protects others.'
      : `A run gets to ${list(pairs)}.`;
  return ruleReport('protected-steps', claim, findings);
}

function isProtector(step: Subject['steps'][number]): step is Protector {
  return (
    (step.kind === 'review' || step.kind === 'task') &&
    step.protects !== undefined &&
    step.protects.length > 0
  );
}

/** At most this many are named; the others are counted. */
const maxNamed = 20;

function list(texts: readonly string[]): string {
  const more = texts.length - maxNamed;
  return `${texts.slice(0, maxNamed).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

const targetText = (target: string) => (target === 'completion' ? 'completion' : `"${target}"`);

function findingsOf(subject: Subject, deriver: Deriver, step: Protector): Finding[] {
  const beginning = subject.beginnings.get(step.id);
  if (beginning === undefined) {
    return [finding('violation', step.id, `The chart has no state of "${step.id}"`)];
  }
  const exits = exitsOf(subject.graph, beginning.node);
  const violated = new Set<string>();
  const found: Finding[] = [];
  for (const ending of endingsOf(step, exits)) {
    const barred = new Set(exits.filter((edge) => !leadsTo(edge, step, ending)));
    const shut = shutTransitions(subject, { step: step.id, ending });
    const certain = deriver.derive((edge) => !barred.has(edge) && shut.get(edge)?.length !== 0);
    let assumed: Derivation | null = null;
    for (const target of step.protects) {
      if (violated.has(target)) continue;
      const path = pathTo(subject, certain, target);
      if (path === null) continue;
      assumed ??= deriver.derive((edge) => !barred.has(edge) && !shut.has(edge));
      const bypass = pathTo(subject, assumed, target);
      if (bypass === null) {
        const reasons = new Set(path.flatMap((edge) => shut.get(edge) ?? []));
        for (const reason of reasons) {
          const message = `${targetText(target)} needs it: ${reason}`;
          if (!found.some((other) => other.message === message))
            found.push(finding('assumption', step.id, message));
        }
        continue;
      }
      violated.add(target);
      const way = endingTexts[ending](step.id);
      found.push(
        finding(
          'violation',
          target,
          `${target === 'completion' ? 'The run can complete' : `"${target}" can begin`} ${way}`,
          counterexample(subject, bypass),
        ),
      );
    }
  }
  return found;
}

function endingsOf(step: Protector, exits: readonly Edge[]): readonly Ending[] {
  const endings: Ending[] = ['undecided'];
  if (exits.some(isSkip)) endings.push('skipped');
  if (step.kind === 'task') return [...endings, 'tolerated'];
  endings.push('rejected');
  if (step.onExpired === 'continue') endings.push('expired');
  return endings;
}

/** Whether the exit is one that a step takes which ends so. What is no approval may be a rejection. */
function leadsTo(edge: Edge, step: Protector, ending: Ending): boolean {
  switch (ending) {
    case 'undecided':
      return false;
    case 'skipped':
      return isSkip(edge);
    case 'expired':
      return edge.event === `${step.id}.expired`;
    case 'rejected':
      return (
        !isSkip(edge) &&
        step.kind === 'review' &&
        !isApproval(step.id, step, edge) &&
        !(edge.event === `${step.id}.expired` && step.onExpired === 'continue')
      );
    case 'tolerated':
      return (
        !isSkip(edge) &&
        edge.event !== `${step.id}.completed` &&
        edge.event !== `${step.id}.happened`
      );
    default:
      return ending satisfies never;
  }
}

function isSkip({ transition }: Edge): boolean {
  return (transition.actions ?? []).some(({ type }) => type === 'skip');
}

/** Transitions that cannot be taken then: because the plan says so (an empty list), or under assumptions. */
function shutTransitions(
  subject: Subject,
  hypothesis: Hypothesis,
): ReadonlyMap<Edge, readonly string[]> {
  const shut = new Map<Edge, readonly string[]>();
  if (hypothesis.ending === 'undecided') return shut;
  const truthOf = createTruths(subject, hypothesis);
  for (const edge of subject.readersOf.get(hypothesis.step) ?? []) {
    const truth = all(conditionsOf(edge).map(truthOf));
    const isSkipped = edge.guard?.type === 'ready' && !edge.guard.params.open;
    if (isSkipped ? !truth.canFail : !truth.canHold) shut.set(edge, truth.assumptions);
  }
  return shut;
}

function pathTo(subject: Subject, derivation: Derivation, target: string): readonly Edge[] | null {
  const { graph, beginnings } = subject;
  if (target === 'completion') {
    const complete = graph.find('complete')?.index;
    return complete !== undefined && derivation.canBeActive(complete)
      ? derivation.pathToState(complete)
      : null;
  }
  const beginning = beginnings.get(target);
  if (beginning === undefined) return null;
  const edge = beginning.edges.find((each) => derivation.canBeTaken(each));
  if (edge !== undefined) return derivation.pathToEdge(edge);
  const paths = beginning.states
    .filter((state) => derivation.canBeActive(state))
    .map((state) => derivation.pathToState(state));
  return paths.sort((a, b) => a.length - b.length)[0] ?? null;
}
