import type { z } from 'zod';
import type { JsonSchema } from '../plan/json.ts';
import { textOf } from '../plan/json-value.ts';
import { definitionInvalid, type Place } from '../plan/problem.ts';
import type { Contract } from '../ports/bindings.ts';
import { contractOf, sensitivePaths } from './contract.ts';
import { jsonSchemaOf } from './json-schema.ts';

/** What plan and bindings keep of a schema. */
export interface SchemaParts {
  readonly contract: Contract;
  /** What it accepts. */
  readonly input: JsonSchema;
  /** What consumers see. */
  readonly output: JsonSchema;
  readonly sensitive: readonly (readonly string[])[];
}

/** @throws SignalboxError DEFINITION_INVALID naming the place, if the schema cannot be stored or has no JSON Schema */
export function partsOfSchema(
  place: Place,
  schema: z.ZodType,
  toContract: (schema: z.ZodType) => Contract = contractOf,
): SchemaParts {
  try {
    return {
      contract: toContract(schema),
      input: jsonSchemaOf(schema, 'input'),
      output: jsonSchemaOf(schema, 'output'),
      sensitive: sensitivePaths(schema),
    };
  } catch (error) {
    throw definitionInvalid(place, textOf(error), { cause: error });
  }
}
