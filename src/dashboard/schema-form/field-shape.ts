/** What of a JSON Schema a form can show: a tree of fields. Whatever has no control of its own is edited as JSON. */
import type { Json, JsonObject, JsonSchema } from '../../plan/json.ts';

interface Common {
  readonly label: string;
  readonly description: string | null;
  readonly isSensitive: boolean;
  /** `null` is a value of it. */
  readonly isNullable: boolean;
  readonly initial: Json | undefined;
}

export type TextFormat = 'plain' | 'email' | 'uri' | 'date' | 'date-time' | 'time';

export type FieldKind =
  | {
      readonly kind: 'text';
      readonly format: TextFormat;
      readonly isLong: boolean;
      readonly minLength: number | null;
      readonly maxLength: number | null;
      readonly pattern: string | null;
    }
  | {
      readonly kind: 'number';
      readonly isInteger: boolean;
      readonly min: number | null;
      readonly max: number | null;
    }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'constant'; readonly value: Json }
  | { readonly kind: 'choice'; readonly values: readonly Json[] }
  | { readonly kind: 'object'; readonly fields: readonly NamedField[] }
  | { readonly kind: 'record'; readonly item: FieldShape }
  | {
      readonly kind: 'list';
      readonly item: FieldShape;
      readonly minItems: number;
      readonly maxItems: number | null;
    }
  | { readonly kind: 'union'; readonly options: readonly FieldShape[] }
  | { readonly kind: 'json' };

export type FieldShape = Common & FieldKind;
export type FieldOf<K extends FieldKind['kind']> = Common & Extract<FieldKind, { kind: K }>;
export interface NamedField {
  readonly name: string;
  readonly isRequired: boolean;
  readonly shape: FieldShape;
}

/** Longer ones, and those without a limit that say nothing of a pattern, are written in several lines. */
const lineLength = 200;
/** Values of JSON Schema's `maximum` that say no more than that it is a safe integer. */
const unlimited = Number.MAX_SAFE_INTEGER;

export function fieldShapeOf(schema: JsonSchema, label = ''): FieldShape {
  return read(schema, label, { root: schema, open: ['#'] });
}

interface Reading {
  readonly root: JsonSchema;
  /** References that are being read: a schema that contains itself is edited as JSON there. */
  readonly open: readonly string[];
}

function read(given: JsonSchema, label: string, reading: Reading): FieldShape {
  const { schema, open, isRecursion } = resolved(given, reading);
  const inner = { ...reading, open };
  const { title, description, default: initial } = schema;
  const options = optionsOf(schema);
  const others = options?.filter((option) => !isNull(option)) ?? [];
  const isNullable =
    (options !== null && others.length < options.length) || listOf(schema['type']).includes('null');
  const common: Common = {
    label: typeof title === 'string' ? title : label,
    description: typeof description === 'string' ? description : null,
    isSensitive: schema['sensitive'] === true,
    isNullable,
    initial,
  };
  if (isRecursion) return { ...common, kind: 'json' };
  if (options === null) return { ...common, ...kindOf(schema, inner) };
  const [only] = others;
  if (others.length === 1 && only !== undefined) {
    const shape = read(only, common.label, inner);
    return {
      ...shape,
      description: common.description ?? shape.description,
      isSensitive: common.isSensitive || shape.isSensitive,
      isNullable: isNullable || shape.isNullable,
      initial: initial ?? shape.initial,
    };
  }
  if (others.every((option) => option['const'] !== undefined)) {
    return { ...common, kind: 'choice', values: others.map((option) => option['const'] ?? null) };
  }
  const shapes = others.map((option, index) => read(option, `Option ${index + 1}`, inner));
  if (shapes.some((shape) => shape.kind === 'json')) return { ...common, kind: 'json' };
  return {
    ...common,
    kind: 'union',
    options: shapes.map((shape, index) => ({ ...shape, label: optionLabel(shape, index) })),
  };
}

function kindOf(schema: JsonSchema, reading: Reading): FieldKind {
  const { const: constant, enum: values } = schema;
  if (constant !== undefined) return { kind: 'constant', value: constant };
  if (Array.isArray(values) && values.every((value: Json) => typeof value !== 'object')) {
    return { kind: 'choice', values: values.filter((value: Json) => value !== null) };
  }
  const types = listOf(schema['type']).filter((type) => type !== 'null');
  if (types.length !== 1) return { kind: 'json' };
  switch (types[0]) {
    case 'string':
      return textOf(schema);
    case 'number':
    case 'integer':
      return {
        kind: 'number',
        isInteger: types[0] === 'integer',
        min: boundOf(schema['minimum']),
        max: boundOf(schema['maximum']),
      };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array':
      return listKindOf(schema, reading);
    case 'object':
      return objectKindOf(schema, reading);
    default:
      return { kind: 'json' };
  }
}

function textOf(schema: JsonSchema): FieldKind {
  const format = formatOf(schema['format']);
  const maxLength = boundOf(schema['maxLength']);
  const pattern = typeof schema['pattern'] === 'string' ? schema['pattern'] : null;
  return {
    kind: 'text',
    format,
    isLong: format === 'plain' && pattern === null && maxLength !== null && maxLength > lineLength,
    minLength: boundOf(schema['minLength']),
    maxLength,
    // The formats of zod bring a pattern along that no person wants to read.
    pattern: format === 'plain' ? pattern : null,
  };
}

function formatOf(format: Json | undefined): TextFormat {
  switch (format) {
    case 'email':
    case 'uri':
    case 'date':
    case 'date-time':
    case 'time':
      return format;
    default:
      return 'plain';
  }
}

function listKindOf(schema: JsonSchema, reading: Reading): FieldKind {
  const items = schema['items'];
  if (schema['prefixItems'] !== undefined || !isObject(items)) return { kind: 'json' };
  const item = read(items, '', reading);
  return {
    kind: 'list',
    item,
    minItems: boundOf(schema['minItems']) ?? 0,
    maxItems: boundOf(schema['maxItems']),
  };
}

function objectKindOf(schema: JsonSchema, reading: Reading): FieldKind {
  const { properties, required, additionalProperties: rest } = schema;
  if (isObject(properties) && !isObject(rest)) {
    const names = listOf(required);
    return {
      kind: 'object',
      fields: Object.entries(properties).map(([name, property]) => ({
        name,
        isRequired: names.includes(name),
        shape: read(isObject(property) ? property : {}, titleOf(name), reading),
      })),
    };
  }
  if (properties !== undefined || !isObject(rest)) return { kind: 'json' };
  const item = read(rest, '', reading);
  return item.kind === 'json' ? { kind: 'json' } : { kind: 'record', item };
}

function resolved(given: JsonSchema, { root, open }: Reading) {
  let schema = given;
  let seen = open;
  while (typeof schema['$ref'] === 'string') {
    const { $ref: ref, ...beside } = schema;
    if (seen.includes(ref)) return { schema, open: seen, isRecursion: true };
    const target = ref
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), root);
    if (!isObject(target)) return { schema: beside, open: seen, isRecursion: false };
    schema = { ...target, ...beside };
    seen = [...seen, ref];
  }
  return { schema, open: seen, isRecursion: false };
}

function optionsOf(schema: JsonSchema): readonly JsonSchema[] | null {
  const options = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(options) && options.every(isObject) ? options : null;
}

function isNull(schema: JsonSchema): boolean {
  return schema['type'] === 'null' || schema['const'] === null;
}

/** Options are told apart by a constant field, as those of a discriminated union have it, or by their kind. */
function optionLabel(shape: FieldShape, index: number): string {
  if (shape.kind === 'object') {
    const tag = shape.fields.find(({ shape: { kind } }) => kind === 'constant');
    if (tag?.shape.kind === 'constant') return textOfConstant(tag.shape.value);
  }
  return shape.label.startsWith('Option ')
    ? `${kindNames[shape.kind]} (${index + 1})`
    : shape.label;
}

function textOfConstant(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const kindNames: Readonly<Record<FieldKind['kind'], string>> = {
  text: 'Text',
  number: 'Number',
  boolean: 'Yes or no',
  constant: 'Constant',
  choice: 'Choice',
  object: 'Fields',
  record: 'Pairs',
  list: 'List',
  union: 'One of several',
  json: 'JSON',
};

export function titleOf(name: string): string {
  const words = name
    .replaceAll(/[_-]+/g, ' ')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function boundOf(value: Json | undefined): number | null {
  return typeof value === 'number' && Math.abs(value) < unlimited ? value : null;
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
