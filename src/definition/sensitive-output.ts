import type { Plan, PlanNode, Wiring } from '../plan/plan.ts';
import type { DeclaredContext } from './context.ts';
import type { Draft } from './draft.ts';
import { workflowParts } from './workflow-registry.ts';

/** `*` stands for any index or key. */
type Paths = readonly (readonly string[])[];

const everything: Paths = [[]];

/**
 * Paths of the run's output that hold values of sensitive fields, followed back through the wiring. What is derived from a value with a
 * sensitive field in it is sensitive as a whole: nobody knows what a mapper carries over.
 */
export function sensitiveOutputOf(
  plan: Pick<Plan, 'nodes' | 'output' | 'sensitiveInput'>,
  draft: Draft,
  context: DeclaredContext,
): Paths {
  const known = new Map<string, Paths>([
    ['$input', plan.sensitiveInput],
    ['$context', context.sensitive],
  ]);

  const ofWiring = (wiring: Wiring): Paths => {
    switch (wiring.kind) {
      case 'ref':
        return narrowed(known.get(wiring.of) ?? [], wiring.path);
      case 'object':
        return wiring.entries.flatMap(([key, value]) => under([key], ofWiring(value)));
      case 'array':
        return wiring.items.flatMap((item, index) => under([String(index)], ofWiring(item)));
      case 'literal':
      case 'absent':
        return [];
      default:
        return wiring satisfies never;
    }
  };

  const ofNode = (node: PlanNode): Paths => {
    switch (node.kind) {
      case 'task': {
        const own = [...node.call.sensitive.output, ...(node.fallback?.sensitive.output ?? [])];
        if (node.tolerate === undefined) return own;
        return [...under(['value'], own), ...under(['detail'], detailsOf(draft, node.call.task))];
      }
      case 'review':
        return under(['form'], draft.forms.get(node.id)?.sensitive ?? []);
      case 'wait':
        return under(
          node.onTimeout === 'continue' ? ['value'] : [],
          draft.events.get(node.event)?.sensitive ?? [],
        );
      case 'child': {
        const child = draft.children.get(node.workflow);
        // A workflow that is only promised may return anything.
        const own =
          child === undefined || workflowParts(child) === null
            ? everything
            : child.plan.sensitiveOutput;
        return under(node.tolerate === undefined ? [] : ['value'], own);
      }
      case 'map': {
        const items = narrowed(ofWiring(node.items), ['*']);
        const item = node.batch === undefined ? items : under(['*'], items);
        known.set('$item', item);
        for (const inner of node.body) known.set(inner.id, ofNode(inner));
        const yields = ofWiring(node.yields);
        if (node.onItemFailure === 'fail') return under(['*'], yields);
        return [
          ...under(['complete', '*', 'value'], yields),
          ...under(['complete', '*', 'item'], item),
          ...under(['failed', '*', 'item'], item),
        ];
      }
      case 'merge':
        return node.cases.flatMap(([, value]) => ofWiring(value));
      case 'derive':
        return ofWiring(node.from).length === 0 ? [] : everything;
      default:
        return [];
    }
  };

  // In order of declaration, which is one of dependency: what a wiring reads is known by then.
  for (const node of plan.nodes) known.set(node.id, ofNode(node));
  return [...new Map(ofWiring(plan.output).map((path) => [JSON.stringify(path), path])).values()];
}

/** Of all declared failures: which of them it is, is known in a run only. */
function detailsOf(draft: Draft, task: string): Paths {
  return [...(draft.tasks.get(task)?.details.values() ?? [])].flatMap((parts) => parts.sensitive);
}

function under(prefix: readonly string[], paths: Paths): Paths {
  return paths.map((path) => [...prefix, ...path]);
}

/** What of the paths lies below one of them; a path that ends above it covers all of it. */
function narrowed(paths: Paths, path: readonly (string | number)[]): Paths {
  return paths.flatMap((sensitive) => {
    for (const [depth, key] of path.entries()) {
      const own = sensitive[depth];
      if (own === undefined) return everything;
      if (own !== '*' && key !== '*' && own !== String(key)) return [];
    }
    return [sensitive.slice(path.length)];
  });
}
