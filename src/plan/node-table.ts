import { idProblem, wordProblem } from './names.ts';
import type { PlanNode, PlanWithoutHash } from './plan.ts';
import { definitionInvalid } from './problem.ts';

/** The nodes of a plan by id, those in the bodies of maps included. */
export interface NodeTable {
  readonly nodes: ReadonlyMap<string, PlanNode>;
  /** Of a node in the body of a map: the id of the map. */
  readonly mapOf: ReadonlyMap<string, string>;
}

/** @throws SignalboxError DEFINITION_INVALID if an id is no id, or is there twice */
export function nodeTable(plan: PlanWithoutHash): NodeTable {
  const nodes = new Map<string, PlanNode>();
  const mapOf = new Map<string, string>();
  const add = (node: PlanNode) => {
    const isNamed = node.kind === 'milestone' || node.kind === 'update';
    const problem = (isNamed ? wordProblem : idProblem)(plainId(node));
    if (problem !== null) throw definitionInvalid({ workflow: plan.name }, problem);
    if (nodes.has(node.id)) {
      throw definitionInvalid(
        { workflow: plan.name, step: node.id },
        'the id is used twice; ids are unique in the whole workflow, branches and map bodies included',
      );
    }
    nodes.set(node.id, node);
  };
  for (const node of plan.nodes) {
    add(node);
    if (node.kind !== 'map') continue;
    for (const inner of node.body) {
      add(inner);
      mapOf.set(inner.id, node.id);
    }
  }
  return { nodes, mapOf };
}

/** The id as its author wrote it, without the mark that says what it is. */
function plainId(node: PlanNode): string {
  switch (node.kind) {
    case 'predicate':
      // Labels are texts for people; their mark keeps them apart from everything else.
      return node.id.startsWith('?') && node.id.length > 1 ? 'predicate' : node.id;
    case 'merge':
      return node.id.replace(/\.merged$/, '');
    case 'milestone':
      return node.id.replace(/\.reached$/, '');
    case 'update':
      return node.id.replace(/\.updated(?:\.\d+)?$/, '');
    default:
      return node.id;
  }
}
