import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import type { JsonSchema } from '../plan/json.ts';
import { textOf } from '../plan/json-value.ts';

/**
 * The JSON Schema of one side of a zod schema. Where zod accepts more than it says (`z.coerce`, `catch`, `preprocess`, files), the schema is
 * empty, so that nobody concludes a mismatch from it.
 *
 * @throws SignalboxError DEFINITION_INVALID if zod cannot convert it, e.g. because two schemas share an id
 * @param side - `input`: what the schema accepts; `output`: what it yields
 */
export function jsonSchemaOf(schema: z.ZodType, side: 'input' | 'output'): JsonSchema {
  try {
    const converted = z.toJSONSchema(schema, {
      io: side,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (!saysTooMuch(zodSchema, side)) return;
        for (const key of Object.keys(jsonSchema)) {
          if (!annotations.has(key)) delete (jsonSchema as Record<string, unknown>)[key];
        }
      },
    });
    const { $schema: _, ...plain } = JSON.parse(JSON.stringify(converted)) as Record<string, never>;
    return plain;
  } catch (error) {
    throw new SignalboxError(
      'DEFINITION_INVALID',
      `A schema has no JSON Schema: ${textOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

const annotations: ReadonlySet<string> = new Set(['title', 'description', 'sensitive']);

function saysTooMuch(schema: z.core.$ZodTypes, side: 'input' | 'output'): boolean {
  const definition = schema._zod.def;
  switch (definition.type) {
    case 'file':
    case 'promise':
      return true;
    case 'literal':
      return definition.values.some((value) => value === undefined || typeof value === 'bigint');
    case 'catch':
      return side === 'input';
    case 'pipe':
      return side === 'input' && (definition.in as z.core.$ZodTypes)._zod.def.type === 'transform';
    default:
      return side === 'input' && (definition as { coerce?: boolean }).coerce === true;
  }
}
