import { z } from 'zod';
import { issuesText } from './issues.ts';
import type { Json, JsonSchema } from './json.ts';
import { opened } from './schema-change.ts';

/** `undecided`: the schema has something that zod cannot check. */
export type Fit =
  | { readonly fits: true }
  | { readonly fits: false; readonly why: string }
  | { readonly fits: 'undecided'; readonly why: string };

const checks = new WeakMap<JsonSchema, z.ZodType | null>();

/** Whether a recorded value is one of a JSON Schema. Fields the schema does not name are no reason to refuse it. */
export function valueFits(value: Json, schema: JsonSchema): Fit {
  let check = checks.get(schema);
  if (check === undefined) {
    check = checkOf(schema);
    checks.set(schema, check);
  }
  if (check === null) return { fits: 'undecided', why: 'its schema cannot be checked' };
  const parsed = check.safeParse(value);
  if (parsed.success) return { fits: true };
  return { fits: false, why: issuesText(parsed.error.issues.slice(0, 3)) };
}

function checkOf(schema: JsonSchema): z.ZodType | null {
  try {
    return z.fromJSONSchema(opened(schema), { registry: z.registry() });
  } catch {
    return null;
  }
}
