/** Whatever a step has done is on the undo list of a run that fails or is cancelled, or was declared irreversible; and effects have an order. */
import { excludeEachOther } from '../../../plan/conditions.ts';
import type { StepNode } from '../../../plan/plan.ts';
import { counterexample } from '../counterexample.ts';
import type { Derivation, Deriver } from '../derivation.ts';
import { effectOf } from '../effects.ts';
import { type Finding, finding, type RuleReport, ruleReport } from '../report.ts';
import type { Edge } from '../state-graph.ts';
import type { Subject } from '../subject.ts';
import type { UndoTable } from '../undo-table.ts';

export function effectsUndone(subject: Subject, deriver: Deriver, table: UndoTable): RuleReport {
  const { plan, steps, graph } = subject;
  const reachable = deriver.derive();
  const findings: Finding[] = [];
  const recorded = new Map(steps.map((step) => [step.id, isRecorded(step)]));
  for (const edge of graph.edges) {
    const step = completedBy(edge);
    if (step === null || recorded.get(step) !== true || !reachable.canBeTaken(edge)) continue;
    if ((edge.transition.actions ?? []).some(({ type }) => type === 'countUndo')) continue;
    findings.push(
      finding(
        'violation',
        step,
        `What "${step}" has done is not undone if it completes in "${graph.node(edge.source).path}"`,
        counterexample(subject, reachable.pathToEdge(edge)),
      ),
    );
  }
  if ([...recorded.values()].includes(true)) findings.push(...withoutUndo(subject, reachable));
  findings.push(...unordered(subject, table));
  for (const step of steps)
    if (
      step.kind === 'child' &&
      effectOf(step) === 'delegated' &&
      !subject.holdsOf(step, 'effects-undone')
    )
      findings.push(
        finding(
          'assumption',
          step.id,
          `Child "${step.id}" undoes its own steps: it is checked on its own`,
        ),
      );
  for (const { step, failurePointsLeft } of table.pointsOfNoReturn)
    findings.push(
      finding(
        'note',
        step,
        failurePointsLeft === 0
          ? `"${step}" cannot be undone; no step can fail after it`
          : `"${step}" cannot be undone; the run may still fail at ${failurePointsLeft} step${failurePointsLeft === 1 ? '' : 's'} after or beside it`,
      ),
    );
  if (plan.onFailure === 'keep')
    findings.push(
      finding(
        'note',
        null,
        'A failed run keeps what it has done, for a retry; a cancelled one undoes it',
      ),
    );
  const counts = Map.groupBy(steps, effectOf);
  const count = (effect: 'undoable' | 'irreversible' | 'none') => counts.get(effect)?.length ?? 0;
  return ruleReport(
    'effects-undone',
    `Every completed effect is undone or declared irreversible: ${count('undoable')} undoable, ${count('irreversible')} irreversible, ${count('none')} without effect.`,
    findings,
  );
}

/** Whether completing the step must add to the undo list. The outcome of a run also names what stays. */
function isRecorded(step: StepNode): boolean {
  if (step.kind === 'child' || step.kind === 'map') return true;
  return (
    step.kind === 'task' &&
    (step.call.compensate !== 'none' ||
      (step.fallback !== undefined && step.fallback.compensate !== 'none'))
  );
}

/** The step that the event says has taken effect. */
function completedBy({ event }: Edge): string | null {
  const match = /^(.+)\.(completed|happened)$/.exec(event ?? '');
  return match?.[1] ?? null;
}

/** Where a run stops, what was done must lead to `compensating`. */
function withoutUndo(subject: Subject, reachable: Derivation): readonly Finding[] {
  const { graph, plan } = subject;
  return graph.edges.flatMap((edge) => {
    const { guard } = edge;
    const target = edge.target === null ? '' : graph.node(edge.target).path;
    if (target !== 'failed' && target !== 'cancelled') return [];
    const source = graph.node(edge.source).path;
    if (source.startsWith('compensating') || source === 'pending') return [];
    if (target === 'failed' && plan.onFailure === 'keep') return [];
    if (!reachable.canBeTaken(edge) || requiresNothingToUndo(guard)) return [];
    return [
      finding(
        'violation',
        source,
        `A run goes from "${source}" to "${target}" although something may be left to undo`,
        counterexample(subject, reachable.pathToEdge(edge)),
      ),
    ];
  });
}

function requiresNothingToUndo(guard: Edge['guard']): boolean {
  if (guard?.type === 'nothingToUndo') return true;
  return (guard?.type === 'stopped' || guard?.type === 'canDecide') && guard.params.undo === false;
}

/** Steps with effects that may happen in either order: nobody has said which comes first. One partner each is named. */
function unordered({ layout, nodes }: Subject, table: UndoTable): readonly Finding[] {
  const found: Finding[] = [];
  for (const stage of layout.stages) {
    if (stage.kind === 'step') continue;
    const inStage = new Set(stage.chains.flat());
    const rows = table.rows.filter(
      ({ step, effect }) =>
        inStage.has(step) && (effect === 'undoable' || effect === 'irreversible'),
    );
    if (rows.length < 2) continue;
    const ancestors = ancestorsIn(inStage, layout.precedence);
    const isBefore = (a: string, b: string) => ancestors.get(b)?.has(a) === true;
    const named = new Set<string>();
    for (const [at, row] of rows.entries()) {
      if (named.has(row.step)) continue;
      const gates = nodes.get(row.step)?.gates ?? [];
      const other = rows
        .slice(at + 1)
        .find(
          (each) =>
            each.chain !== row.chain &&
            !isBefore(row.step, each.step) &&
            !isBefore(each.step, row.step) &&
            !excludeEachOther(gates, nodes.get(each.step)?.gates ?? []),
        );
      if (other === undefined) continue;
      named.add(row.step).add(other.step);
      found.push(
        finding(
          'warning',
          row.step,
          `"${row.step}" and "${other.step}" have effects and no order; if it matters which comes first, use "after" or w.sequence`,
        ),
      );
    }
  }
  return found;
}

function ancestorsIn(
  steps: ReadonlySet<string>,
  precedence: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const start of steps) {
    const before = new Set<string>();
    const pending = [...(precedence.get(start) ?? [])];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (before.has(next) || !steps.has(next)) continue;
      before.add(next);
      const known = found.get(next);
      if (known === undefined) pending.push(...(precedence.get(next) ?? []));
      else for (const other of known) before.add(other);
    }
    found.set(start, before);
  }
  return found;
}
