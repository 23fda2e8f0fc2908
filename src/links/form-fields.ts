/** A form of a page from the JSON Schema of a review's form, and its value from what a browser sends back. */
import type { Json, JsonObject, JsonSchema } from '../plan/json.ts';

export interface FormField {
  /** Key in the form's value. */
  readonly name: string;
  readonly label: string;
  readonly kind: 'line' | 'text' | 'number' | 'checkbox' | 'choice' | 'json';
  readonly isRequired: boolean;
  /** Values of a `choice`, as text. */
  readonly choices: readonly string[];
  readonly maxLength: number | null;
  readonly initial: string;
}

/** Names of fields in the page; `comment` and others are the page's own. */
export const fieldPrefix = 'form.';

export function fieldsOf(schema: JsonSchema): readonly FormField[] {
  const properties = objectOf(schema['properties']);
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, property]) => {
    const part = objectOf(property);
    const { description, default: initial, maxLength } = part;
    const kind = kindOf(part);
    return {
      name,
      label: typeof description === 'string' ? `${titleOf(name)}: ${description}` : titleOf(name),
      kind,
      isRequired: required.includes(name),
      choices: Array.isArray(part['enum']) ? part['enum'].map(textOf) : [],
      maxLength: typeof maxLength === 'number' ? maxLength : null,
      initial: initial === undefined ? '' : textOf(initial),
    };
  });
}

/** The form's value as the schema is to judge it: what cannot be read as its kind stays text, so that the schema says what is wrong. */
export function formValueOf(
  fields: readonly FormField[],
  sent: ReadonlyMap<string, string>,
): JsonObject {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = valueOf(field, sent.get(fieldPrefix + field.name));
      return value === undefined ? [] : [[field.name, value]];
    }),
  );
}

function valueOf({ kind, isRequired }: FormField, text: string | undefined): Json | undefined {
  if (kind === 'checkbox') return text !== undefined;
  // An empty field that may be left out was left out; one that may not is empty.
  if (text === undefined || (text === '' && (!isRequired || kind !== 'line'))) {
    return kind === 'text' && isRequired ? (text ?? '') : undefined;
  }
  if (kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : text;
  return kind === 'json' ? parsedOr(text) : text;
}

function kindOf(schema: JsonSchema): FormField['kind'] {
  const { type, enum: choices, maxLength } = schema;
  if (Array.isArray(choices) && choices.every((choice) => typeof choice === 'string')) {
    return 'choice';
  }
  if (type === 'boolean') return 'checkbox';
  if (type === 'number' || type === 'integer') return 'number';
  if (type !== 'string') return 'json';
  return typeof maxLength === 'number' && maxLength <= 100 ? 'line' : 'text';
}

function titleOf(name: string): string {
  const words = name.replaceAll(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parsedOr(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function objectOf(value: Json | undefined): JsonObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : {};
}
