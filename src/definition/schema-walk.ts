import type { z } from 'zod';

/** One schema inside another, with the path of the values it describes; `*` stands for any index or key. */
export interface SchemaPart {
  readonly schema: z.core.$ZodTypes;
  readonly path: readonly string[];
  /** The schema is one of those it lies in: what is below is not walked again. */
  readonly isRecursion: boolean;
}

/** Every schema that a schema is made of, itself first, in order of declaration. */
export function* partsOf(root: z.ZodType): Generator<SchemaPart> {
  const pending: {
    schema: z.core.$ZodTypes;
    path: readonly string[];
    above: readonly z.core.$ZodType[];
  }[] = [{ schema: root as z.core.$ZodType as z.core.$ZodTypes, path: [], above: [] }];
  while (pending.length > 0) {
    const { schema, path, above } = pending.pop()!;
    const isRecursion = above.includes(schema);
    yield { schema, path, isRecursion };
    if (isRecursion) continue;
    const inside = [...above, schema];
    for (const [key, child] of childrenOf(schema).toReversed()) {
      pending.push({
        schema: child as z.core.$ZodTypes,
        path: key === null ? path : [...path, key],
        above: inside,
      });
    }
  }
}

type Child = readonly [key: string | null, schema: z.core.$ZodType];

function childrenOf(schema: z.core.$ZodTypes): Child[] {
  const definition = schema._zod.def;
  switch (definition.type) {
    case 'object': {
      const fields: Child[] = Object.entries(definition.shape);
      return definition.catchall === undefined ? fields : [...fields, ['*', definition.catchall]];
    }
    case 'array':
      return [['*', definition.element]];
    case 'set':
      return [['*', definition.valueType]];
    case 'map':
    case 'record':
      return [['*', definition.valueType]];
    case 'tuple': {
      const items: Child[] = definition.items.map((item, index) => [String(index), item]);
      return definition.rest === null ? items : [...items, ['*', definition.rest]];
    }
    case 'union':
      return definition.options.map((option): Child => [null, option]);
    case 'intersection':
      return [
        [null, definition.left],
        [null, definition.right],
      ];
    case 'pipe':
      return [
        [null, definition.in],
        [null, definition.out],
      ];
    case 'lazy':
      return [[null, definition.getter()]];
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
    case 'promise':
    case 'success':
      return [[null, definition.innerType]];
    default:
      return [];
  }
}

/** True of `z.codec`, which can be run backwards. */
export function isCodec(schema: z.core.$ZodTypes): boolean {
  return schema._zod.def.type === 'pipe' && 'reverseTransform' in schema._zod.def;
}
