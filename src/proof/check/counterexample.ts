/** From transitions to a path that people read and a drawing highlights. */
import type { ChartGuard } from '../../chart/chart.ts';
import type { Condition } from '../../plan/plan.ts';
import type { Counterexample, PathMove } from './report.ts';
import type { Edge } from './state-graph.ts';
import type { Subject } from './subject.ts';

export function counterexample(subject: Subject, edges: readonly Edge[]): Counterexample {
  const { graph, beginnings } = subject;
  const moves = edges.map(
    (edge): PathMove => ({
      from: graph.node(edge.source).path,
      event: edge.event,
      guard: edge.guard === null ? null : guardText(subject, edge),
      to: edge.target === null ? null : graph.node(edge.target).path,
    }),
  );
  const steps = new Set<string>(['$start']);
  for (const edge of edges) {
    const { step: source } = graph.node(edge.source);
    if (source !== null && beginnings.get(source)?.edges.includes(edge) === true) steps.add(source);
    for (const node of edge.entered) {
      const { step, path } = graph.node(node);
      if (path === 'waiting_review') steps.add('completion');
      if (path === 'complete') steps.add('$complete');
      if (step !== null && beginnings.get(step)?.states.includes(node) === true) steps.add(step);
    }
  }
  return { moves, steps: [...steps], guardUnknown: edges.some(({ guard }) => isUnknown(guard)) };
}

/** Whether it reads values that only a run knows. What an event carries is up to whoever sends it. */
function isUnknown(guard: ChartGuard | null): boolean {
  if (guard?.type === 'ready') return guard.params.conditions.length > 0;
  return guard?.type === 'policy' && guard.params.condition !== null;
}

/** In the words of the definition, as far as it has some. */
function guardText({ nodes, graph }: Subject, { guard, source }: Edge): string | null {
  switch (guard?.type) {
    case 'ready': {
      const { step } = graph.node(source);
      const gates = (step === null ? undefined : nodes.get(step))?.gates ?? [];
      const { settled, conditions, open } = guard.params;
      const labels = conditions.map(
        (condition) =>
          gates.find((gate) => isSame(gate.condition, condition))?.label ??
          JSON.stringify(condition),
      );
      const all = [...new Set(labels)].join(' and ');
      return [
        ...settled.map((other) => `"${other}" has settled`),
        ...(all === '' ? [] : [open ? all : `not (${all})`]),
      ].join(' and ');
    }
    case 'policy':
      return guard.params.label;
    case 'canDecide':
      return guard.params.outcome === 'any' ? 'may decide' : guard.params.outcome;
    case 'retryable':
      return `fewer than ${guard.params.maxAttempts} attempts`;
    case 'tolerated':
      return 'tolerated';
    default:
      return guard?.type ?? null;
  }
}

export function isSame(a: Condition, b: Condition): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
