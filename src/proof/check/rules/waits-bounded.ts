/** Whatever a run waits for has somebody or something that ends the wait, and a time by which it ends; what has not is listed. */
import type { Plan, StepNode, TaskCall } from '../../../plan/plan.ts';
import { counterexample } from '../counterexample.ts';
import type { Derivation, Deriver } from '../derivation.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import { paramOf, type StateNode } from '../state-graph.ts';
import type { Subject } from '../subject.ts';

export function waitsBounded(subject: Subject, deriver: Deriver): RuleReport {
  const { plan, steps } = subject;
  const assumed = (about: string | null, messages: readonly string[]) =>
    messages.map((message) => finding('assumption', about, message));
  return ruleReport(
    'waits-bounded',
    'Every wait has somebody or something that ends it, and a time by which it ends.',
    [
      ...deafTimers(subject, deriver.derive()),
      ...steps.flatMap((step) => assumed(step.id, assumptionsOf(subject, step))),
      ...assumed(null, untimedCode(subject)),
      ...assumed('completion', closingAssumptions(plan)),
    ],
  );
}

/** Somebody, or something outside the workflow, that ends the wait at the step. */
function assumptionsOf(subject: Subject, step: StepNode): readonly string[] {
  const { plan } = subject;
  const { id } = step;
  const isLimited = plan.timeoutMs !== undefined;
  switch (step.kind) {
    case 'review': {
      if (step.approve.by === 'automatic') return [];
      const owners = [step.assignTo, step.audience, step.owner, plan.owner];
      return those([
        [
          owners.every((owner) => owner === undefined),
          `Somebody decides "${id}": it has no assignTo, audience or owner`,
        ],
        [
          step.expiresMs === undefined && !isLimited,
          `Somebody decides "${id}": it has no deadline`,
        ],
      ]);
    }
    case 'wait':
      return those([
        [
          step.withinMs === undefined && !isLimited,
          `Event "${step.event}" comes: "${id}" has no deadline`,
        ],
        [
          step.owner === undefined && plan.owner === undefined,
          `Somebody sends "${step.event}": "${id}" names no owner`,
        ],
      ]);
    case 'sleep':
      return those([
        [
          step.for.kind !== 'literal' && !isLimited,
          `"${id}" sleeps for a sensible time: its input says how long`,
        ],
      ]);
    case 'child':
      return those([
        [
          !isLimited && !subject.holdsOf(step, 'waits-bounded'),
          `Workflow "${step.workflow}" version ${step.version} ends: it is checked on its own`,
        ],
      ]);
    case 'task':
    case 'map': {
      if (!callsOf(step).some((call) => call.repeat === 'unsafe')) return [];
      const ends = isLimited || (step.kind === 'task' && step.withinMs !== undefined);
      const missing = those([
        [step.owner === undefined && plan.owner === undefined, 'no owner'],
        [!ends, 'no deadline'],
      ]);
      return missing.length === 0
        ? []
        : [
            `Somebody says whether an attempt of "${id}" without a verdict took effect: that question has ${missing.join(' and ')}`,
          ];
    }
    default:
      return [];
  }
}

function untimedCode({ plan, steps }: Subject): readonly string[] {
  if (plan.timeoutMs !== undefined) return [];
  const untimed = steps.filter(
    (step) => (step.kind === 'task' || step.kind === 'map') && !isTimed(step),
  );
  if (untimed.length === 0) return [];
  const names = listed(untimed.map(({ id }) => `"${id}"`));
  return [
    `The code of ${names} ends by itself: there is no time limit on an attempt, a step or the run`,
  ];
}

function closingAssumptions({ finish, owner, timeoutMs }: Plan): readonly string[] {
  if (finish.approve.by === 'automatic') return [];
  return those([
    [
      finish.assignTo === undefined && owner === undefined,
      'Somebody decides the closing review: it is assigned to nobody',
    ],
    [
      finish.expiresMs === undefined && timeoutMs === undefined,
      'Somebody decides the closing review: it has no deadline',
    ],
  ]);
}

function those(
  candidates: readonly (readonly [applies: boolean, message: string])[],
): readonly string[] {
  return candidates.flatMap(([applies, message]) => (applies ? [message] : []));
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
