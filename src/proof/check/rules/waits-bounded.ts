/** Whatever a run waits for has somebody or something that ends the wait, and a time by which it ends; what has not is listed. */
import type { ReviewStep, StepNode, TaskCall } from '../../../plan/plan.ts';
import { counterexample } from '../counterexample.ts';
import type { Derivation, Deriver } from '../derivation.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import { paramOf, type StateNode } from '../state-graph.ts';
import type { Subject } from '../subject.ts';

export function waitsBounded(subject: Subject, deriver: Deriver): RuleReport {
  const { plan, steps } = subject;
  const isLimited = plan.timeoutMs !== undefined;
  const findings: Finding[] = [...deafTimers(subject, deriver.derive())];
  const assume = (subject: string | null, message: string) =>
    findings.push(finding('assumption', subject, message));
  const unlimited: string[] = [];
  for (const step of steps) {
    switch (step.kind) {
      case 'review':
        if (step.approve.by !== 'automatic') assumeReview(subject, step, isLimited, assume);
        break;
      case 'wait':
        if (step.withinMs === undefined && !isLimited)
          assume(step.id, `Event "${step.event}" comes: "${step.id}" has no deadline`);
        if (step.owner === undefined && plan.owner === undefined)
          assume(step.id, `Somebody sends "${step.event}": "${step.id}" names no owner`);
        break;
      case 'sleep':
        if (step.for.kind !== 'literal' && !isLimited)
          assume(step.id, `"${step.id}" sleeps for a sensible time: its input says how long`);
        break;
      case 'child':
        if (!isLimited && !subject.holdsOf(step, 'waits-bounded'))
          assume(
            step.id,
            `Workflow "${step.workflow}" version ${step.version} ends: it is checked on its own`,
          );
        break;
      case 'task':
      case 'map':
        if (callsOf(step).some((call) => call.repeat === 'unsafe')) {
          const isOwned = step.owner !== undefined || plan.owner !== undefined;
          const ends = isLimited || (step.kind === 'task' && step.withinMs !== undefined);
          const missing = [...(isOwned ? [] : ['no owner']), ...(ends ? [] : ['no deadline'])];
          if (missing.length > 0)
            assume(
              step.id,
              `Somebody says whether an attempt of "${step.id}" without a verdict took effect: that question has ${missing.join(' and ')}`,
            );
        }
        if (!isLimited && !isTimed(step)) unlimited.push(`"${step.id}"`);
        break;
      default:
    }
  }
  if (unlimited.length > 0)
    assume(
      null,
      `The code of ${listed(unlimited)} ends by itself: there is no time limit on an attempt, a step or the run`,
    );
  const { finish } = plan;
  if (finish.approve.by !== 'automatic') {
    if (finish.assignTo === undefined && plan.owner === undefined)
      assume('completion', 'Somebody decides the closing review: it is assigned to nobody');
    if (finish.expiresMs === undefined && !isLimited)
      assume('completion', 'Somebody decides the closing review: it has no deadline');
  }
  return ruleReport(
    'waits-bounded',
    'Every wait has somebody or something that ends it, and a time by which it ends.',
    findings,
  );
}

function assumeReview(
  { plan }: Subject,
  step: ReviewStep,
  isLimited: boolean,
  assume: (subject: string, message: string) => void,
): void {
  const { id } = step;
  const isOwned = [step.assignTo, step.audience, step.owner, plan.owner].some(
    (owner) => owner !== undefined,
  );
  if (!isOwned) assume(id, `Somebody decides "${id}": it has no assignTo, audience or owner`);
  if (step.expiresMs === undefined && !isLimited)
    assume(id, `Somebody decides "${id}": it has no deadline`);
}

function callsOf(step: StepNode): readonly TaskCall[] {
  if (step.kind === 'task')
    return step.fallback === undefined ? [step.call] : [step.call, step.fallback];
  return step.kind === 'map'
    ? step.body.flatMap((inner) => (inner.kind === 'task' ? callsOf(inner) : []))
    : [];
}

function isTimed(step: StepNode): boolean {
  if (step.kind === 'task' && step.withinMs !== undefined) return true;
  return callsOf(step).every(
    (call) => call.timeoutMs !== undefined || call.heartbeatTimeoutMs !== undefined,
  );
}

/** At most this many are named; the others are counted. */
const maxNamed = 10;

function listed(names: readonly string[]): string {
  const more = names.length - maxNamed;
  return names.slice(0, maxNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** A timer that is set must be heard where it was set: else its time passes and nothing happens. */
function deafTimers(subject: Subject, reachable: Derivation): readonly Finding[] {
  const { graph } = subject;
  const found: Finding[] = [];
  const check = (node: StateNode, event: string) => {
    if (isHeard(subject, node, event) || !reachable.canBeActive(node.index)) return;
    found.push(
      finding(
        'violation',
        node.step ?? node.path,
        `The time of "${node.path}" passes unheard: it has no transition for "${event}"`,
        counterexample(subject, reachable.pathToState(node.index)),
      ),
    );
  };
  for (const node of graph.nodes) {
    for (const action of node.state.entry ?? []) {
      const { type, params } = action;
      const step = paramOf(action, 'step');
      if (type === 'timer') check(node, `${step}.${paramOf(action, 'name')}`);
      if (type === 'await' && hasDeadline(subject, step)) check(node, `${step}.timed_out`);
      if (type === 'review' && params?.['inDoubt'] !== true && hasDeadline(subject, step))
        check(node, `${step}.expired`);
    }
  }
  if (subject.plan.timeoutMs !== undefined)
    for (const path of ['processing.working', 'waiting_review']) {
      const node = graph.find(path);
      if (node !== null) check(node, 'run.timed_out');
    }
  return found;
}

function hasDeadline({ plan, nodes }: Subject, step: string): boolean {
  if (step === 'completion') return plan.finish.expiresMs !== undefined;
  const node = nodes.get(step);
  if (node?.kind === 'review') return node.expiresMs !== undefined;
  return node?.kind === 'wait' && node.withinMs !== undefined;
}

/** By the state, one around it, or all within it. */
function isHeard({ graph }: Subject, node: StateNode, event: string): boolean {
  const hears = (index: number) => (graph.from[index] ?? []).some((edge) => edge.event === event);
  for (let at = node; at.index !== 0; at = graph.node(at.parent)) if (hears(at.index)) return true;
  const inner = node.children.filter((child) => !graph.node(child).path.endsWith('.blocked'));
  return inner.length > 0 && inner.every(hears);
}
