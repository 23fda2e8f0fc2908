/** The value of a form: JSON in which what was left out is missing. */
import type { Json, JsonObject } from '../../plan/json.ts';
import { type FieldShape, isObject } from './field-shape.ts';

export type Path = readonly (string | number)[];

/** What a form begins with: defaults of the schema, and what can only be one value. */
export function initialValueOf(shape: FieldShape): Json | undefined {
  if (shape.initial !== undefined) return shape.initial;
  switch (shape.kind) {
    case 'constant':
      return shape.value;
    case 'object':
      return objectOf(
        shape.fields
          .filter(({ isRequired, shape: { initial } }) => isRequired || initial !== undefined)
          .map(({ name, shape: field }) => [name, initialValueOf(field)]),
      );
    case 'record':
      return {};
    case 'list':
      return Array.from({ length: shape.minItems }, () => initialValueOf(shape.item) ?? null);
    case 'boolean':
      return shape.isNullable ? null : false;
    case 'union': {
      const [first] = shape.options;
      return first === undefined ? undefined : initialValueOf(first);
    }
    case 'text':
    case 'number':
    case 'choice':
    case 'json':
      return shape.isNullable ? null : undefined;
    default:
      return shape satisfies never;
  }
}

/** The option of a union that a value looks like: the one whose constants and kinds it shares; the first if none. */
export function optionOf(options: readonly FieldShape[], value: Json | undefined): number {
  const found = options.findIndex((option) => looksLike(option, value, true));
  if (found >= 0) return found;
  return Math.max(
    0,
    options.findIndex((option) => looksLike(option, value, false)),
  );
}

function looksLike(shape: FieldShape, value: Json | undefined, isStrict: boolean): boolean {
  switch (shape.kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'constant':
      return value === shape.value;
    case 'choice':
      return value !== undefined && shape.values.includes(value);
    case 'list':
      return Array.isArray(value);
    case 'record':
      return isObject(value);
    case 'object':
      return (
        isObject(value) &&
        (!isStrict ||
          shape.fields.every(
            ({ name, shape: field }) => field.kind !== 'constant' || value[name] === field.value,
          ))
      );
    default:
      return false;
  }
}

/** A copy with one field set, or removed if it is `undefined`. */
export function withField(
  value: Json | undefined,
  name: string,
  field: Json | undefined,
): JsonObject {
  const entries = Object.entries(isObject(value) ? value : {});
  const isKnown = entries.some(([key]) => key === name);
  const changed: [string, Json | undefined][] = isKnown
    ? entries.map(([key, old]) => [key, key === name ? field : old])
    : [...entries, [name, field]];
  return objectOf(changed);
}

function objectOf(entries: readonly (readonly [string, Json | undefined])[]): JsonObject {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as JsonObject;
}

/** The value without what is marked sensitive, to be kept where others may read it. */
export function withoutSensitive(value: Json | undefined, shape: FieldShape): Json | undefined {
  if (shape.isSensitive || value === undefined) return undefined;
  switch (shape.kind) {
    case 'object':
      if (!isObject(value)) return hasSensitive(shape) ? undefined : value;
      return objectOf(
        Object.entries(value).map(([name, item]) => {
          const field = shape.fields.find((each) => each.name === name);
          return [name, field === undefined ? item : withoutSensitive(item, field.shape)];
        }),
      );
    case 'list':
      if (!hasSensitive(shape) || !Array.isArray(value)) return value;
      return value.map((item: Json) => withoutSensitive(item, shape.item) ?? null);
    case 'record':
    case 'union':
      return hasSensitive(shape) ? undefined : value;
    default:
      return value;
  }
}

export function hasSensitive(shape: FieldShape): boolean {
  if (shape.isSensitive) return true;
  switch (shape.kind) {
    case 'object':
      return shape.fields.some((field) => hasSensitive(field.shape));
    case 'list':
    case 'record':
      return hasSensitive(shape.item);
    case 'union':
      return shape.options.some(hasSensitive);
    default:
      return false;
  }
}
