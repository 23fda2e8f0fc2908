import { mismatchOf, mismatchText } from './compatible.ts';
import { type ContainmentOptions, isWithin } from './containment.ts';
import type { JsonSchema } from './json.ts';
import { canonicalText } from './renaming.ts';
import { shapeOfSchema } from './shape.ts';

/**
 * What became of a schema, seen from the values of the old one: every one still fits (`same`, `widened`), some do not (`narrowed`), none does
 * (`incompatible`), or the schemas alone do not tell (`undecided`).
 */
export type SchemaChange = 'same' | 'widened' | 'narrowed' | 'incompatible' | 'undecided';

export interface SchemaComparison {
  readonly change: SchemaChange;
  /** Where and how they exclude each other, for `incompatible`. */
  readonly detail: string | null;
}

export function compareSchemas(
  before: JsonSchema,
  after: JsonSchema,
  options: ContainmentOptions = { extraFields: 'refused' },
): SchemaComparison {
  const as = (change: SchemaChange, detail: string | null = null) => ({ change, detail });
  if (canonicalText(before) === canonicalText(after)) return as('same');
  const forth = isWithin(before, after, options);
  const back = isWithin(after, before);
  if (forth === 'yes') return as(back === 'yes' ? 'same' : 'widened');
  const given = options.extraFields === 'ignored' ? opened(after) : after;
  const mismatch = mismatchOf(shapeOfSchema(before), shapeOfSchema(given));
  if (mismatch !== null) {
    const { delivered, wanted } = mismatchText(mismatch);
    const where = mismatch.path.length === 0 ? '' : `${mismatch.path.join('.')}: `;
    return as('incompatible', `${where}was ${delivered}, is ${wanted}`);
  }
  return as(forth === 'no' ? 'narrowed' : 'undecided');
}

/** The same schema with objects that take any further field. */
export function opened(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key: string, value: unknown) =>
    key === 'additionalProperties' && value === false ? undefined : value,
  ) as JsonSchema;
}
