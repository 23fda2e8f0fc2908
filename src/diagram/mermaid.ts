/** The step graph of a plan as Mermaid text, in stable order: what a person draws on a whiteboard. */
import { dependenciesOf, factsOf } from '../plan/dependencies.ts';
import { layOut } from '../plan/layout.ts';
import { isStep, type Plan, type StepNode } from '../plan/plan.ts';

export function toMermaid(plan: Plan): string {
  const steps = plan.nodes.filter(isStep);
  const { precedence } = layOut(plan);
  const followed = new Set([...precedence.values()].flat());
  const lines = ['graph TD', '  start((start))'];
  for (const step of steps) lines.push(`  ${nameOf(step.id)}${shapeOf(step)}`);
  const person = plan.finish.approve.by === 'automatic' ? 'closing review: automatic' : 'closing review';
  lines.push(`  completion{{"${person}"}}`, '  complete((complete))');
  for (const step of steps) {
    const before = direct(step.id, precedence);
    if (before.length === 0) lines.push(`  start --> ${nameOf(step.id)}`);
    for (const other of before) lines.push(`  ${nameOf(other)} -->${labelOf(step, other, plan)} ${nameOf(step.id)}`);
  }
  for (const step of steps) if (!followed.has(step.id)) lines.push(`  ${nameOf(step.id)} --> completion`);
  lines.push('  completion --> complete');
  return `${lines.join('\n')}\n`;
}

/** Step ids are Mermaid words but for a few reserved ones. */
function nameOf(id: string): string {
  return `s_${id.replaceAll('-', '_')}`;
}

function shapeOf(step: StepNode): string {
  const text = escape(step.id);
  switch (step.kind) {
    case 'review':
      return `{{"${text}<br/>review"}}`;
    case 'wait':
      return `[/"${text}<br/>waits for ${escape(step.event)}"/]`;
    case 'sleep':
      return `(["${text}<br/>sleeps"])`;
    case 'child':
      return `[["${text}<br/>${escape(step.workflow)}"]]`;
    case 'map':
      return `[["${text}<br/>for each item"]]`;
    case 'emit':
      return `[\\"${text}<br/>emits ${escape(step.event)}"\\]`;
    case 'fail':
      return `>"${text}<br/>fails"]`;
    case 'task':
      return `["${text}"]`;
    default:
      return step satisfies never;
  }
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Predecessors that no other predecessor already implies. */
function direct(step: string, precedence: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const before = precedence.get(step) ?? [];
  if (before.length < 2) return before;
  const implied = new Set<string>();
  const pending = before.flatMap((other) => precedence.get(other) ?? []);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (implied.has(next)) continue;
    implied.add(next);
    pending.push(...(precedence.get(next) ?? []));
  }
  return before.filter((other) => !implied.has(other));
}

/** The condition under which the step runs, on the edge from the step that decides it. */
function labelOf(step: StepNode, from: string, plan: Plan): string {
  const labels = step.gates.flatMap((gate) => {
    const decides = [...factsOf(gate.condition)].some((id) => decidedBy(id, plan).has(from));
    return decides ? [gate.label] : [];
  });
  return labels.length === 0 ? '' : `|"${escape(labels.join(' and '))}"|`;
}

function decidedBy(id: string, plan: Plan): ReadonlySet<string> {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const found = new Set<string>();
  const seen = new Set<string>();
  const pending = [id];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const node = nodes.get(next);
    if (node === undefined || seen.has(next)) continue;
    seen.add(next);
    if (isStep(node)) found.add(next);
    else pending.push(...dependenciesOf(node));
  }
  return found;
}
