/** No limit is shorter than what it limits is expected to take: attempts, steps, reviews, waits, and the run along its longest path. */
import { excludeEachOther } from '../../../plan/conditions.ts';
import type { StepNode } from '../../../plan/plan.ts';
import { attemptsMs, durationText, longestMs, shortestMs } from '../durations.ts';
import {
  type Counterexample,
  type Finding,
  finding,
  type RuleReport,
  ruleReport,
} from '../report.ts';
import type { Subject } from '../subject.ts';

export function deadlinesFeasible(subject: Subject): RuleReport {
  const { plan, steps } = subject;
  const findings: Finding[] = steps.flatMap(ownLimits);
  const { timeoutMs } = plan;
  const paths = longestPaths(subject);
  const closing = paths.closing;
  let claim = 'No step has less time than it is expected to take; the run has no limit of its own.';
  if (timeoutMs !== undefined) {
    claim = `The run's limit of ${durationText(timeoutMs)} suffices for its longest expected path, and no deadline lies beyond it.`;
    if (closing.shortestMs > timeoutMs)
      findings.push(
        finding(
          isContradictory(subject, closing.path) ? 'warning' : 'violation',
          null,
          `The run is expected to take ${durationText(closing.shortestMs)}, and its limit is ${durationText(timeoutMs)}`,
          pathOf(subject, [...closing.path, 'completion']),
        ),
      );
    findings.push(...beyondRun(subject, paths, timeoutMs));
    const isCertain = closing.longestMs !== null && closing.longestMs <= timeoutMs;
    const undeclared = steps.filter(
      (step) => step.kind === 'task' && step.expectedMs === undefined,
    );
    if (undeclared.length > 0 && !isCertain)
      findings.push(
        finding(
          'assumption',
          null,
          `The ${undeclared.length} task${undeclared.length === 1 ? '' : 's'} without an expected duration take next to no time`,
        ),
      );
    if (closing.longestMs !== null && closing.longestMs > timeoutMs)
      findings.push(
        finding(
          'note',
          null,
          `With every retry and every deadline used up the run takes ${durationText(closing.longestMs)}, more than its limit of ${durationText(timeoutMs)}: it times out then`,
        ),
      );
  } else if (closing.longestMs !== null && steps.length > 0)
    findings.push(
      finding('note', null, `At the longest the run takes ${durationText(closing.longestMs)}`),
    );
  return ruleReport('deadlines-feasible', claim, findings);
}

function ownLimits(step: StepNode): readonly Finding[] {
  const found: Finding[] = [];
  const report = (kind: 'violation' | 'warning', message: string) =>
    found.push(finding(kind, step.id, message));
  if (step.kind === 'review' && step.remind !== undefined && step.expiresMs !== undefined) {
    if (step.remind.everyMs >= step.expiresMs)
      report(
        'warning',
        `"${step.id}" expires after ${durationText(step.expiresMs)}, before its first reminder`,
      );
  }
  if (step.kind === 'map')
    return step.body.flatMap((inner) => (inner.kind === 'task' ? ownLimits(inner) : []));
  if (step.kind !== 'task') return found;
  const { expectedMs, withinMs, call } = step;
  if (expectedMs !== undefined && call.timeoutMs !== undefined && expectedMs > call.timeoutMs)
    report(
      'violation',
      `"${step.id}" is expected to take ${durationText(expectedMs)}, and an attempt is cut off after ${durationText(call.timeoutMs)}`,
    );
  if (withinMs === undefined) return found;
  if (expectedMs !== undefined && expectedMs > withinMs)
    report(
      'violation',
      `"${step.id}" is expected to take ${durationText(expectedMs)}, and has ${durationText(withinMs)} in all`,
    );
  const longest = attemptsMs(step);
  if (longest !== null && longest > withinMs)
    report(
      'warning',
      `All attempts of "${step.id}" and the waits between them take up to ${durationText(longest)}, and it has ${durationText(withinMs)}: the last ones may not be made`,
    );
  return found;
}

interface Reached {
  /** From the start of the run to the end of the step, with what is declared and no failure; what is not declared takes no time. */
  readonly shortestMs: number;
  /** With every attempt and deadline used up; `null`: nobody knows. */
  readonly longestMs: number | null;
  /** Steps along the longest of the shortest. */
  readonly path: readonly string[];
}

interface Paths {
  readonly startOf: ReadonlyMap<string, number>;
  readonly closing: Reached;
}

/** In order of execution; paths are kept as links, not as lists. */
function longestPaths({ layout, nodes, plan }: Subject): Paths {
  const startOf = new Map<string, number>();
  const endOf = new Map<
    string,
    { shortest: number; longest: number | null; before: string | null }
  >();
  const order = executionOrder(layout.precedence);
  for (const id of order) {
    const node = nodes.get(id);
    if (node === undefined) continue;
    const latest = latestOf(layout.precedence.get(id) ?? [], endOf);
    startOf.set(id, latest.shortest);
    const step = node as StepNode;
    const longest = longestMs(step);
    endOf.set(id, {
      shortest: latest.shortest + shortestMs(step),
      longest: latest.longest === null || longest === null ? null : latest.longest + longest,
      before: latest.before,
    });
  }
  const end = latestOf(order, endOf);
  const path: string[] = [];
  for (let at = end.before; at !== null; at = endOf.get(at)?.before ?? null) path.unshift(at);
  const review = plan.finish.approve.by === 'automatic' ? 0 : (plan.finish.expiresMs ?? null);
  return {
    startOf,
    closing: {
      shortestMs: end.shortest,
      longestMs: end.longest === null || review === null ? null : end.longest + review,
      path,
    },
  };
}

function latestOf(
  ids: readonly string[],
  endOf: ReadonlyMap<string, { shortest: number; longest: number | null }>,
): { shortest: number; longest: number | null; before: string | null } {
  let latest: { shortest: number; longest: number | null; before: string | null } = {
    shortest: 0,
    longest: 0,
    before: null,
  };
  for (const id of ids) {
    const end = endOf.get(id);
    if (end === undefined) continue;
    const longest =
      latest.longest === null || end.longest === null
        ? null
        : Math.max(latest.longest, end.longest);
    const isLater = latest.before === null || end.shortest > latest.shortest;
    latest = {
      shortest: Math.max(latest.shortest, end.shortest),
      longest,
      before: isLater ? id : latest.before,
    };
  }
  return latest;
}

function executionOrder(precedence: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const sorted = new Set<string>();
  const stack = [...precedence.keys()].reverse();
  for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
    const missing = (precedence.get(id) ?? []).filter((before) => !sorted.has(before));
    if (missing.length > 0 && !sorted.has(id)) stack.push(...missing);
    else sorted.add(stack.pop() ?? id);
  }
  return [...sorted];
}

/** Deadlines that can never pass, since the run's own comes first. */
function beyondRun(
  subject: Subject,
  { startOf, closing }: Paths,
  timeoutMs: number,
): readonly Finding[] {
  const { steps, plan } = subject;
  const found: Finding[] = [];
  const compare = (
    id: string,
    startMs: number,
    limitMs: number | null | undefined,
    what: string,
  ) => {
    if (limitMs == null || startMs + limitMs <= timeoutMs) return;
    found.push(
      finding(
        'violation',
        id,
        `${what} of "${id}" (${durationText(limitMs)}) never comes: it begins after ${durationText(startMs)} at the earliest, and the run is cut off after ${durationText(timeoutMs)}`,
        pathOf(subject, id === 'completion' ? [...closing.path, id] : [id]),
      ),
    );
  };
  for (const step of steps) {
    const start = startOf.get(step.id) ?? 0;
    if (step.kind === 'review') compare(step.id, start, step.expiresMs, 'The expiry');
    if (step.kind === 'wait') compare(step.id, start, step.withinMs, 'The time-out');
    if (step.kind === 'task') compare(step.id, start, step.withinMs, 'The limit');
    if (step.kind === 'sleep' && step.for.kind === 'literal')
      compare(step.id, start, shortestMs(step), 'The end');
  }
  if (plan.finish.approve.by !== 'automatic')
    compare('completion', closing.shortestMs, plan.finish.expiresMs, 'The expiry');
  return found;
}

function pathOf({ nodes }: Subject, steps: readonly string[]): Counterexample {
  return {
    moves: [],
    steps: ['$start', ...steps],
    guardUnknown: steps.some((step) => (nodes.get(step)?.gates ?? []).length > 0),
  };
}

function isContradictory({ nodes }: Subject, path: readonly string[]): boolean {
  const gates = path.flatMap((step) => nodes.get(step)?.gates ?? []);
  return gates.length > 1 && excludeEachOther(gates, gates);
}
