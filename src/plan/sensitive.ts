/** What a plan knows about sensitive values: which paths of each node's value hold them. `*` stands for any index or key. */
import type { JsonSchema } from './json.ts';
import type { Paths, Plan, PlanNode, TaskStep, WaitStep, Wiring } from './plan.ts';

export interface SensitiveValues {
  /** Of a node's value, of `$input` and of `$context`. */
  of(id: string): Paths;
  ofWiring(wiring: Wiring): Paths;
  /** Of the form of a review. */
  ofForm(id: string): Paths;
}

const everything: Paths = [[]];
const known = new WeakMap<Described, SensitiveValues>();

type Described = Pick<Plan, 'nodes' | 'context' | 'events' | 'sensitiveInput'>;

/** Found once for each plan. */
export function sensitiveValues(plan: Described): SensitiveValues {
  const found = known.get(plan) ?? follow(plan);
  known.set(plan, found);
  return found;
}

function follow(plan: Described): SensitiveValues {
  const forms = new Map<string, Paths>();
  const context = Object.entries(plan.context).flatMap(([key, { schema }]) =>
    under([key], pathsOf(schema)),
  );
  const values = new Map<string, Paths>([
    ['$input', plan.sensitiveInput],
    ['$context', context],
  ]);

  const ofWiring = (wiring: Wiring): Paths => {
    switch (wiring.kind) {
      case 'ref':
        return narrowed(values.get(wiring.of) ?? [], wiring.path);
      case 'object':
        return wiring.entries.flatMap(([key, value]) => under([key], ofWiring(value)));
      case 'array':
        return wiring.items.flatMap((item, index) => under([String(index)], ofWiring(item)));
      default:
        return [];
    }
  };

  const ofNode = (node: PlanNode): Paths => {
    switch (node.kind) {
      case 'task':
        return ofTask(node);
      case 'wait':
        return ofWait(node, plan.events);
      case 'child':
        return under(node.tolerate === undefined ? [] : ['value'], node.sensitive);
      case 'review': {
        const form = pathsOf(node.form);
        forms.set(node.id, form);
        return under(['form'], form);
      }
      case 'map': {
        const items = narrowed(ofWiring(node.items), ['*']);
        const item = node.batch === undefined ? items : under(['*'], items);
        values.set('$item', item);
        for (const inner of node.body) values.set(inner.id, ofNode(inner));
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
      // Nobody knows what a mapper carries over.
      case 'derive':
        return ofWiring(node.from).length === 0 ? [] : everything;
      default:
        return [];
    }
  };

  // In order of declaration, which is one of dependency: what a wiring reads is known by then.
  for (const node of plan.nodes) values.set(node.id, ofNode(node));
  return {
    of: (id) => values.get(id) ?? [],
    ofWiring,
    ofForm: (id) => forms.get(id) ?? [],
  };
}

function ofTask({ call, fallback, tolerate }: TaskStep): Paths {
  const calls = fallback === undefined ? [call] : [call, fallback];
  const output = calls.flatMap(({ sensitive }) => sensitive.output);
  if (tolerate === undefined) return output;
  const detail = calls.flatMap(({ sensitive }) => sensitive.detail);
  return [...under(['value'], output), ...under(['detail'], detail)];
}

function ofWait({ event, onTimeout }: WaitStep, events: Plan['events']): Paths {
  return under(onTimeout === 'continue' ? ['value'] : [], events[event]?.sensitive ?? []);
}

/** Paths marked `sensitive` in a JSON Schema; where a schema contains itself, all that is below if anything is marked. */
function pathsOf(root: JsonSchema): Paths {
  const marked: string[][] = [];
  const recursions: string[][] = [];

  const walk = (schema: unknown, path: string[], open: readonly string[]): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const parts = schema as { readonly [keyword: string]: unknown };
    if (parts['sensitive'] === true) {
      marked.push(path);
      return;
    }
    const ref = parts['$ref'];
    if (typeof ref === 'string') {
      if (open.includes(ref)) recursions.push(path);
      else walk(resolve(root, ref), path, [...open, ref]);
    }
    for (const [key, part] of Object.entries(parts['properties'] ?? {}))
      walk(part, [...path, key], open);
    for (const keyword of ['additionalProperties', 'items'])
      walk(parts[keyword], [...path, '*'], open);
    for (const part of Object.values(parts['patternProperties'] ?? {}))
      walk(part, [...path, '*'], open);
    for (const part of listOf(parts['prefixItems'])) walk(part, [...path, '*'], open);
    for (const keyword of ['anyOf', 'oneOf', 'allOf'])
      for (const part of listOf(parts[keyword])) walk(part, path, open);
  };

  walk(root, [], ['#']);
  return marked.length === 0 ? [] : [...marked, ...recursions];
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function resolve(root: unknown, ref: string): unknown {
  let current = root;
  for (const key of ref.split('/').slice(1)) {
    if (typeof current !== 'object' || current === null) return undefined;
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    current = Object.hasOwn(current, name) ? Reflect.get(current, name) : undefined;
  }
  return current;
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
