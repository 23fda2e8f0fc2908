/** What is wrong with a form's value, by field: hints of the page beforehand, and the service's own word afterwards. */
import { z } from 'zod';
import type { Json, JsonSchema } from '../../plan/json.ts';
import type { FieldShape } from './field-shape.ts';
import type { Path } from './form-value.ts';

export interface FormProblem {
  readonly path: Path;
  readonly message: string;
}

const checks = new WeakMap<JsonSchema, z.ZodType | null>();

/** Hints only: a schema that cannot be checked here has none, and the service decides. */
export function hintsFor(value: Json | undefined, schema: JsonSchema): readonly FormProblem[] {
  let check = checks.get(schema);
  if (check === undefined) {
    check = checkOf(schema);
    checks.set(schema, check);
  }
  const parsed = check?.safeParse(value);
  return parsed?.success === false
    ? parsed.error.issues.flatMap((each) => problemsOf(each, []))
    : [];
}

function checkOf(schema: JsonSchema): z.ZodType | null {
  try {
    return z.fromJSONSchema(schema, { registry: z.registry() });
  } catch {
    return null;
  }
}

/** Of a union that fits nowhere, what is wrong with the option that fits furthest. */
function problemsOf(issue: z.core.$ZodIssue, above: Path): readonly FormProblem[] {
  const path = [...above, ...issue.path.filter((key) => typeof key !== 'symbol')];
  if (issue.code === 'invalid_union') {
    const nearest = issue.errors.toSorted(
      (a, b) => deepest(b) - deepest(a) || a.length - b.length,
    )[0];
    if (nearest !== undefined && deepest(nearest) > 0) {
      return nearest.flatMap((each) => problemsOf(each, path));
    }
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return [{ path, message: 'Is required' }];
  }
  if (issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1) {
    return [{ path, message: 'Is required' }];
  }
  return [{ path, message: issue.message.replace(/^Invalid input: /, '') }];
}

function deepest(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length));
}

const Issues = z.array(
  z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() }),
);

/** The field errors of a refusal (`issues` of the problem details); empty if it names none. */
export function problemsOfRefusal(
  problem: Readonly<Record<string, unknown>>,
): readonly FormProblem[] {
  const parsed = Issues.safeParse(problem['issues']);
  return parsed.success ? parsed.data : [];
}

export function keyOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

/** For the summary above the form, in the names that fields have there: `Items › 2 › Quantity`. */
export function pathText(shape: FieldShape, path: Path): string {
  let at: FieldShape | null = shape;
  const names = path.map((key) => {
    at = at && partOf(at, key);
    return typeof key === 'number' ? String(key + 1) : at?.label || key;
  });
  return names.join(' › ');
}

function partOf(shape: FieldShape, key: string | number): FieldShape | null {
  switch (shape.kind) {
    case 'object':
      return shape.fields.find(({ name }) => name === key)?.shape ?? null;
    case 'list':
    case 'record':
      return shape.item;
    case 'union':
      return shape.options.map((option) => partOf(option, key)).find((part) => part) ?? null;
    default:
      return null;
  }
}
