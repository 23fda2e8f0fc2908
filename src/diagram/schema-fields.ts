/** A JSON Schema as rows of a table: one field each, nested ones by their path. */
import type { Json, JsonObject, JsonSchema } from '../plan/json.ts';

export interface SchemaField {
  /** `alert.device_id`, `lines[].sku`, `prices{}`; empty for the value itself. */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly isSensitive: boolean;
  readonly description: string;
}

const maxDepth = 6;
const maxFields = 200;

/** @param sensitive - paths of fields marked so, `*` standing for any index or key */
export function fieldsOf(
  schema: JsonSchema,
  sensitive: readonly (readonly string[])[] = [],
): readonly SchemaField[] {
  const fields: SchemaField[] = [];
  const isMarked = (keys: readonly string[]) =>
    sensitive.some(
      (path) =>
        path.length <= keys.length && path.every((key, at) => key === keys[at] || key === '*'),
    );
  const visit = (given: Json, path: string, keys: readonly string[], isRequired: boolean): void => {
    const each = resolve(given, schema);
    if (fields.length >= maxFields) return;
    const inner = keys.length >= maxDepth ? [] : partsOf(each, path);
    const isOnlySurrounding = path === '' && inner.length > 0;
    if (!isOnlySurrounding)
      fields.push({
        path,
        type: typeOf(each, schema),
        isRequired,
        isSensitive: isMarked(keys),
        description: typeof each['description'] === 'string' ? each['description'] : '',
      });
    for (const part of inner) visit(part.schema, part.path, [...keys, part.key], part.isRequired);
  };
  visit(schema, '', [], true);
  return fields;
}

interface Part {
  readonly path: string;
  readonly key: string;
  readonly schema: Json;
  readonly isRequired: boolean;
}

function partsOf(schema: JsonObject, path: string): readonly Part[] {
  const { properties, items, additionalProperties, required } = schema;
  if (isObject(properties)) {
    const needed = new Set(Array.isArray(required) ? required : []);
    return Object.entries(properties).map(([key, inner]) => ({
      path: path === '' ? key : `${path}.${key}`,
      key,
      schema: inner,
      isRequired: needed.has(key),
    }));
  }
  const each = (suffix: string, inner: Json): readonly Part[] => {
    const at = `${path}${suffix}`;
    return partsOf(isObject(inner) ? inner : {}, at).map((part) => ({ ...part, path: part.path }));
  };
  if (isObject(items)) return each('[]', items);
  return isObject(additionalProperties) ? each('{}', additionalProperties) : [];
}

function typeOf(schema: JsonObject, root: JsonSchema, depth = 0): string {
  const { type, format, enum: values, const: only, items, anyOf, oneOf, allOf } = schema;
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' or ');
  const choices = [anyOf, oneOf].find(Array.isArray);
  if (choices !== undefined && depth < 3)
    return [...new Set(choices.map((each) => typeOf(resolve(each, root), root, depth + 1)))].join(
      ' or ',
    );
  if (Array.isArray(allOf)) return 'object';
  if (type === 'array')
    return isObject(items) && depth < 3
      ? `list of ${typeOf(resolve(items, root), root, depth + 1)}`
      : 'list';
  if (typeof type !== 'string') return Array.isArray(type) ? type.join(' or ') : 'anything';
  const named = typeof format === 'string' ? `${type} (${format})` : type;
  return [named, ...limitsOf(schema)].join(', ');
}

function limitsOf(schema: JsonObject): readonly string[] {
  const bound = (key: string, words: string) => {
    const value = schema[key];
    const isReal = typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
    return isReal ? [`${words} ${value}`] : [];
  };
  return [
    ...bound('minimum', 'from'),
    ...bound('exclusiveMinimum', 'above'),
    ...bound('maximum', 'to'),
    ...bound('exclusiveMaximum', 'below'),
    ...bound('minLength', 'length from'),
    ...bound('maxLength', 'length to'),
  ];
}

/** References of zod's own making stay inside the document. */
function resolve(schema: Json, root: JsonSchema): JsonObject {
  if (!isObject(schema)) return {};
  const name =
    typeof schema['$ref'] === 'string' ? /^#\/\$defs\/(.+)$/.exec(schema['$ref'])?.[1] : undefined;
  const definitions = root['$defs'];
  if (name === undefined || !isObject(definitions) || !Object.hasOwn(definitions, name))
    return schema;
  const found = definitions[name];
  return isObject(found) ? found : schema;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
