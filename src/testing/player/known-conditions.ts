/** What conditions say of the way their sources ended, whatever the values: asked of the real functions with examples. */

import { readsOf } from '../../plan/dependencies.ts';
import { isStep, type Plan, type PlanNode } from '../../plan/plan.ts';
import { resolveWiring } from '../../plan/wiring.ts';
import type { Bindings, RunnableWorkflow } from '../../ports/bindings.ts';
import type { StepEnding } from '../../proof/paths/move.ts';
import type { Predict } from '../../proof/paths/walk-state.ts';
import { validExamples } from '../examples/examples.ts';
import type { Fixtures } from './fixtures.ts';

const samples = 8;

/** A condition over free data is left open: the data are chosen for it. */
export function knownConditions({ plan, bindings }: RunnableWorkflow, fixtures: Fixtures): Predict {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const known = new Map<string, boolean | undefined>();
  return (predicate, endings) => {
    const key = JSON.stringify([predicate, endings]);
    if (!known.has(key)) known.set(key, ask(plan, bindings, nodes, predicate, endings, fixtures));
    return known.get(key);
  };
}

function ask(
  _plan: Plan,
  bindings: Bindings,
  nodes: ReadonlyMap<string, PlanNode>,
  predicate: string,
  endings: readonly StepEnding[],
  fixtures: Fixtures,
): boolean | undefined {
  const node = nodes.get(predicate);
  const decide = bindings.predicates.get(predicate);
  if (node?.kind !== 'predicate' || decide === undefined) return undefined;
  const sources = [...readsOf(node.of)];
  if (sources.length === 0) return undefined;
  const values = sources.map((source) =>
    valuesOf(
      bindings,
      nodes.get(source),
      endings.find(({ step }) => step === source),
      fixtures,
    ),
  );
  if (values.some((some) => some === null)) return undefined;
  const answers = new Set<unknown>();
  for (let sample = 0; sample < samples; sample += 1) {
    const read = (of: string) => {
      const own = values[sources.indexOf(of)] ?? [];
      return own[sample % Math.max(1, own.length)];
    };
    try {
      answers.add(decide(resolveWiring(node.of, read)));
    } catch {
      return undefined;
    }
  }
  const [answer] = answers;
  return answers.size === 1 && typeof answer === 'boolean' ? answer : undefined;
}

/** Values a node may have after it ended so; `null` if they are free. */
function valuesOf(
  bindings: Bindings,
  node: PlanNode | undefined,
  ended: StepEnding | undefined,
  fixtures: Fixtures,
): readonly unknown[] | null {
  if (node === undefined || ended === undefined || !isStep(node)) return null;
  const { ending, byPolicy } = ended;
  if (ending === 'skipped') return [undefined];
  if (node.kind === 'review') {
    const actor = byPolicy === true ? 'policy:automatic' : 'path-reviewer';
    if (ending !== 'approved' || byPolicy === true)
      return [{ outcome: ending, actor, ...(ending === 'approved' ? { form: {} } : {}) }];
    const forms = formsOf(bindings, node.id, fixtures);
    return forms.map((form) => ({ outcome: ending, actor, form }));
  }
  if (node.kind === 'wait' && ending === 'timed_out') return [{ status: 'timed_out' }];
  if (node.kind === 'sleep' || node.kind === 'emit') return [undefined];
  const failure = { name: 'PermanentError', message: 'failed', retryable: false, attempts: 1 };
  if (ending === 'failed')
    return [
      { status: 'failed', failure, ...(node.kind === 'child' && { compensation: 'nothing' }) },
    ];
  if (node.kind === 'task' && node.tolerate !== undefined && ending !== 'completed')
    return [{ status: ending, detail: null }];
  return null;
}

function formsOf(bindings: Bindings, step: string, fixtures: Fixtures): readonly unknown[] {
  const contract = bindings.forms.get(step);
  if (contract === undefined) return [{}];
  const request = { what: `form of "${step}"`, contract, given: fixtures.forms?.[step] };
  const found: unknown[] = [];
  for (const { value } of validExamples(request, fixtures.seed ?? 1)) {
    found.push(value);
    if (found.length >= samples) break;
  }
  return found.length === 0 ? [{}] : found;
}
