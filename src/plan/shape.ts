/**
 * What can be known of a value before a run: JSON Schema, and the wrappers the engine puts around values, brought into one form. Whatever is
 * beyond it is `any`, of which nobody concludes anything.
 */
import type { Json, JsonSchema } from './json.ts';

export type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'never' }
  /** `undefined`: the value of a step that was skipped. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'scalar';
      readonly type: ScalarType;
      readonly values: readonly Scalar[] | null;
    }
  | {
      readonly kind: 'object';
      readonly fields: ReadonlyMap<string, Field>;
      readonly rest: 'open' | 'closed' | Lazy;
    }
  | { readonly kind: 'list'; readonly prefix: readonly Lazy[]; readonly items: Lazy }
  | { readonly kind: 'union'; readonly options: readonly Lazy[] };

export type ScalarType = 'string' | 'number' | 'integer' | 'boolean' | 'null';
type Scalar = string | number | boolean | null;
/** Opened when looked at, because a schema may contain itself. */
export type Lazy = () => Shape;
export interface Field {
  readonly shape: Lazy;
  readonly isRequired: boolean;
}

export const anyShape: Shape = { kind: 'any' };
export const neverShape: Shape = { kind: 'never' };
export const absentShape: Shape = { kind: 'absent' };

export function scalarShape(type: ScalarType, values: readonly Scalar[] | null = null): Shape {
  return { kind: 'scalar', type, values };
}

/** An object that has these fields and no others; a name that ends in `?` is that of an optional one. */
export function objectShape(fields: { readonly [name: string]: Lazy }): Shape {
  const entries = Object.entries(fields).map(([name, shape]): [string, Field] =>
    name.endsWith('?')
      ? [name.slice(0, -1), { shape, isRequired: false }]
      : [name, { shape, isRequired: true }],
  );
  return { kind: 'object', fields: new Map(entries), rest: 'closed' };
}

export function listShape(items: Lazy): Shape {
  return { kind: 'list', prefix: [], items };
}

export function unionShape(options: readonly Lazy[]): Shape {
  return { kind: 'union', options };
}

/** One shape per schema, so that a schema that contains itself becomes a shape that contains itself. */
const shapes = new WeakMap<object, Shape>();

export function shapeOfSchema(schema: unknown, root: JsonSchema = schema as JsonSchema): Shape {
  if (schema === false) return neverShape;
  if (typeof schema !== 'object' || schema === null) return anyShape;
  const given = resolved(schema as JsonSchema, root);
  if (given === null) return anyShape;
  let shape = shapes.get(given);
  if (shape === undefined) {
    shape = openSchema(given, root);
    shapes.set(given, shape);
  }
  return shape;
}

function openSchema(given: JsonSchema, root: JsonSchema): Shape {
  if (Array.isArray(given['allOf'])) return anyShape;
  const lazy = (part: unknown): Lazy => once(() => shapeOfSchema(part, root));
  const options = given['anyOf'] ?? given['oneOf'];
  if (Array.isArray(options)) return unionShape(options.map(lazy));
  if (isEmptyObject(given['not'])) return neverShape;
  if (given['const'] !== undefined) return shapeOfValues([given['const']]);
  if (Array.isArray(given['enum'])) return shapeOfValues(given['enum']);
  const { type } = given;
  if (Array.isArray(type)) return unionShape(type.map((each) => lazy({ ...given, type: each })));
  switch (type) {
    case 'string':
    case 'number':
    case 'integer':
    case 'boolean':
    case 'null':
      return scalarShape(type);
    case 'array': {
      const prefix = Array.isArray(given['prefixItems']) ? given['prefixItems'].map(lazy) : [];
      return { kind: 'list', prefix, items: lazy(given['items']) };
    }
    case 'object': {
      const required = new Set(Array.isArray(given['required']) ? given['required'] : []);
      const fields = new Map(
        Object.entries(given['properties'] ?? {}).map(([name, field]): [string, Field] => [
          name,
          { shape: lazy(field), isRequired: required.has(name) },
        ]),
      );
      const rest = given['additionalProperties'];
      if (rest === false) return { kind: 'object', fields, rest: 'closed' };
      const isOpen = rest === undefined || rest === true || isEmptyObject(rest);
      return { kind: 'object', fields, rest: isOpen ? 'open' : lazy(rest) };
    }
    default:
      return anyShape;
  }
}

export function shapeOfJson(value: Json): Shape {
  if (Array.isArray(value)) {
    return {
      kind: 'list',
      prefix: value.map((item) => () => shapeOfJson(item)),
      items: () => neverShape,
    };
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, item]): [string, Field] => [
      name,
      { shape: () => shapeOfJson(item), isRequired: true },
    ]);
    return { kind: 'object', fields: new Map(fields), rest: 'closed' };
  }
  return shapeOfValues([value]);
}

/** The options of a union, unions inside opened as well; anything else is its own only option. */
export function optionsOf(shape: Shape): readonly Shape[] {
  if (shape.kind !== 'union') return [shape];
  const options: Shape[] = [];
  const opened = new Set<Shape>();
  const pending: Shape[] = [shape];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind !== 'union') options.push(next);
    else if (!opened.has(next)) {
      opened.add(next);
      pending.push(...next.options.map((option) => option()).toReversed());
    }
  }
  return options;
}

/** What it computes the first time. */
export function once(compute: Lazy): Lazy {
  let known: Shape | null = null;
  return () => (known ??= compute());
}

export function mayBeAbsent(shape: Shape): boolean {
  return optionsOf(shape).some((option) => option.kind === 'absent');
}

/** The value once it is known that the step has run. */
export function withoutAbsent(shape: Shape): Shape {
  const options = optionsOf(shape).filter((option) => option.kind !== 'absent');
  return unionShape(options.map((option) => () => option));
}

/**
 * The value at a path; a link that may be missing leaves what is found where it is there.
 *
 * @returns `null` with the fields there are, if no value can have one of that name
 */
export function shapeAt(
  shape: Shape,
  path: readonly (string | number)[],
):
  | { readonly shape: Shape }
  | { readonly shape: null; readonly key: string | number; readonly of: Shape } {
  let current = shape;
  for (const key of path) {
    const options = optionsOf(current).filter((option) => option.kind !== 'never');
    const found = options.flatMap((option) => {
      const field = fieldOf(option, key);
      return field === null ? [] : [field];
    });
    const isGone = found.every((option) => option.kind === 'absent');
    if (isGone && options.some((option) => option.kind !== 'absent'))
      return { shape: null, key, of: current };
    current = unionShape(found.map((option) => () => option));
  }
  return { shape: current };
}

function fieldOf(shape: Shape, key: string | number): Shape | null {
  switch (shape.kind) {
    case 'any':
    case 'absent':
    case 'never':
      return shape;
    case 'object': {
      const field = shape.fields.get(String(key));
      if (field !== undefined) return field.shape();
      if (shape.rest === 'closed') return null;
      return shape.rest === 'open' ? anyShape : shape.rest();
    }
    case 'list':
      if (key === 'length') return scalarShape('integer');
      return typeof key === 'number' ? (shape.prefix[key] ?? shape.items)() : null;
    case 'scalar':
      return null;
    case 'union':
      return anyShape;
    default:
      return shape satisfies never;
  }
}

/** The texts a field can have as the name of a case, or `null` if there is no end to them or nothing is known. */
export function caseNames(
  shape: Shape,
): { readonly names: readonly string[]; readonly isOpen: boolean } | null {
  const names = new Set<string>();
  let isOpen = false;
  for (const option of optionsOf(shape)) {
    if (option.kind === 'absent') names.add('undefined');
    else if (option.kind === 'scalar') {
      const values =
        option.type === 'null'
          ? [null]
          : option.type === 'boolean'
            ? (option.values ?? [true, false])
            : option.values;
      if (values === null) isOpen = true;
      else for (const value of values) names.add(String(value));
    } else if (option.kind !== 'never') return null;
  }
  return { names: [...names], isOpen };
}

const maxShown = 5;

/** A shape in words: `a string`, `"a" or "b"`, `an object with alert, history`. */
export function shapeText(shape: Shape): string {
  const texts = optionsOf(shape).map(optionText);
  const distinct = [...new Set(texts)];
  if (distinct.length === 0) return 'nothing';
  const shown = distinct.slice(0, maxShown);
  return shown.join(' or ') + (distinct.length > maxShown ? ' or something else' : '');
}

function optionText(shape: Shape): string {
  switch (shape.kind) {
    case 'any':
      return 'anything';
    case 'never':
      return 'nothing';
    case 'absent':
      return 'undefined';
    case 'scalar':
      if (shape.values !== null)
        return listed(
          shape.values.map((value) => JSON.stringify(value)),
          ' or ',
        );
      return {
        string: 'a string',
        number: 'a number',
        integer: 'a whole number',
        boolean: 'a boolean',
        null: 'null',
      }[shape.type];
    case 'list':
      return 'a list';
    case 'object': {
      const names = [...shape.fields].map(([name, field]) =>
        field.isRequired ? name : `${name}?`,
      );
      return names.length === 0 ? 'an object' : `an object with ${listed(names, ', ')}`;
    }
    case 'union':
      return 'anything';
    default:
      return shape satisfies never;
  }
}

function listed(texts: readonly string[], separator: string): string {
  const shown = texts.slice(0, maxShown).join(separator);
  return texts.length > maxShown ? `${shown}, …` : shown;
}

function shapeOfValues(values: readonly unknown[]): Shape {
  const byType = new Map<ScalarType, Scalar[]>();
  for (const value of values) {
    const type = scalarTypeOf(value);
    if (type === null) return anyShape;
    const known = byType.get(type);
    if (known === undefined) byType.set(type, [value as Scalar]);
    else known.push(value as Scalar);
  }
  const options = [...byType].map(([type, own]) => scalarShape(type, own));
  return options.length === 1 ? options[0]! : unionShape(options.map((option) => () => option));
}

function scalarTypeOf(value: unknown): ScalarType | null {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return null;
}

const maxReferences = 50;

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema | null {
  let current: unknown = schema;
  for (let followed = 0; followed < maxReferences; followed++) {
    if (typeof current !== 'object' || current === null) return null;
    const reference = (current as JsonSchema)['$ref'];
    if (reference === undefined) return current as JsonSchema;
    if (typeof reference !== 'string' || !reference.startsWith('#')) return null;
    current = root;
    for (const part of reference.split('/').slice(1)) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key))
        return null;
      current = (current as JsonSchema)[key];
    }
  }
  return null;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
