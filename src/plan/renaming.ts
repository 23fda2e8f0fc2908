/** Nodes of two versions of a plan, compared by what they are rather than by what they are called. */
import canonicalize from 'canonicalize';
import type { PlanNode } from './plan.ts';

/** RFC 8785 canonical JSON; `undefined` has a text of its own, which no JSON has. */
export function canonicalText(value: unknown): string {
  return canonicalize(value) ?? 'undefined';
}

/** Where a schema or a literal stands nothing is a reference. */
const opaque: ReadonlySet<string> = new Set([
  'failures',
  'form',
  'initial',
  'inputSchema',
  'outputSchema',
  'schema',
]);
const references: ReadonlySet<string> = new Set(['choice', 'fact', 'of', 'ran']);
const lists: ReadonlySet<string> = new Set(['after', 'members']);

/** The same with every reference to a node renamed. */
export function withRenamedReferences<T>(value: T, names: ReadonlyMap<string, string>): T {
  if (names.size === 0) return value;
  return rename(value, names) as T;
}

function rename(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, names));
  if (typeof value !== 'object' || value === null) return value;
  if (Reflect.get(value, 'kind') === 'literal') return value;
  const entries = Object.entries(value).map(([key, part]): [string, unknown] => {
    if (opaque.has(key)) return [key, part];
    if (references.has(key) && typeof part === 'string') return [key, names.get(part) ?? part];
    if (lists.has(key) && Array.isArray(part))
      return [
        key,
        part.map((id: unknown) => (typeof id === 'string' ? (names.get(id) ?? id) : id)),
      ];
    return [key, rename(part, names)];
  });
  return Object.fromEntries(entries);
}

/** What a node is: everything but its name and what only people read. */
export function substanceOf(
  node: PlanNode,
  names: ReadonlyMap<string, string> = new Map(),
): string {
  const { id: _id, description: _description, owner: _owner, ...rest } = node;
  return canonicalText(withRenamedReferences(rest, names));
}
