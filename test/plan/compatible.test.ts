import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonSchemaOf } from '../../src/definition/index.ts';
import { type Mismatch, mismatchOf, mismatchText } from '../../src/plan/compatible.ts';
import type { JsonSchema } from '../../src/plan/json.ts';
import { pathText } from '../../src/plan/json-value.ts';
import {
  absentShape,
  caseNames,
  mayBeAbsent,
  neverShape,
  type Shape,
  shapeAt,
  shapeOfJson,
  shapeOfSchema,
  shapeText,
  unionShape,
  withoutAbsent,
} from '../../src/plan/shape.ts';

const shapeOf = (schema: z.ZodType, side: 'input' | 'output' = 'output') =>
  shapeOfSchema(jsonSchemaOf(schema, side));

/** `path: delivered / wanted`, or `null`. */
function compare(delivered: Shape | z.ZodType, wanted: Shape | z.ZodType): string | null {
  const given = delivered instanceof z.ZodType ? shapeOf(delivered, 'output') : delivered;
  const taken = wanted instanceof z.ZodType ? shapeOf(wanted, 'input') : wanted;
  const mismatch = mismatchOf(given, taken);
  return mismatch === null ? null : textOf(mismatch);
}

function textOf(mismatch: Mismatch): string {
  const { delivered, wanted } = mismatchText(mismatch);
  return `${pathText('', mismatch.path)}: ${delivered} / ${wanted}`;
}

describe('two schemas', () => {
  it.each<[string, z.ZodType, z.ZodType, string]>([
    ['of other types', z.string(), z.number(), ': a string / a number'],
    ['of a fraction and a whole number', z.literal(1.5), z.int(), ': 1.5 / a whole number'],
    ['of other literals', z.literal(['a', 'b']), z.literal('c'), ': "a" or "b" / "c"'],
    [
      'of many other literals',
      z.literal(['a', 'b', 'c', 'd', 'e', 'f']),
      z.literal('x'),
      ': "a" or "b" or "c" or "d" or "e", … / "x"',
    ],
    ['of a list and an object', z.array(z.string()), z.object({}), ': a list / an object'],
    [
      'of other items',
      z.array(z.object({ a: z.string() })),
      z.array(z.object({ a: z.boolean() })),
      '[0].a: a string / a boolean',
    ],
    [
      'of other places in a tuple',
      z.tuple([z.string(), z.string()]),
      z.tuple([z.string(), z.number()]),
      '[1]: a string / a number',
    ],
    [
      'of a missing field',
      z.object({ a: z.string() }),
      z.object({ b: z.string() }),
      '.b: no such field / a string',
    ],
    [
      'of an unwanted field',
      z.object({ a: z.string(), b: z.null() }),
      z.strictObject({ a: z.string() }),
      '.b: null / no such field',
    ],
    [
      'of a record with other values',
      z.record(z.string(), z.string()),
      z.object({ a: z.number() }),
      '.a: a string / a number',
    ],
    [
      'of a record that refuses a field',
      z.object({ a: z.string() }),
      z.record(z.string(), z.number()),
      '.a: a string / a number',
    ],
    [
      'of unions without a common option',
      z.union([z.string(), z.null()]),
      z.union([z.number(), z.boolean()]),
      ': a string or null / a number or a boolean',
    ],
    [
      'of options, the nearest of which is named',
      z.object({ k: z.literal('a'), v: z.string() }),
      z.union([z.string(), z.object({ k: z.literal('a'), v: z.number() })]),
      '.v: a string / a number',
    ],
    ['of nothing at all', z.string(), z.never(), ': a string / nothing'],
  ])('%s never fit', (_, delivered, wanted, text) => {
    expect(compare(delivered, wanted)).toBe(text);
  });

  it.each<[string, z.ZodType, z.ZodType]>([
    [
      'that are the same',
      z.object({ a: z.array(z.string()) }),
      z.object({ a: z.array(z.string()) }),
    ],
    ['of numbers', z.int(), z.number()],
    ['of numbers that may be whole', z.number(), z.int()],
    ['of a literal and its type', z.literal('a'), z.string()],
    ['of a type and a literal', z.string(), z.literal('a')],
    ['of common literals', z.enum(['a', 'b']), z.enum(['b', 'c'])],
    ['of nullable values', z.string().nullable(), z.string()],
    ['of one common option', z.union([z.string(), z.number()]), z.number()],
    ['of an optional field', z.object({}), z.object({ a: z.string().optional() })],
    ['of a field that may be there', z.looseObject({}), z.object({ a: z.string() })],
    ['of an optional extra field', z.object({ a: z.string().optional() }), z.strictObject({})],
    [
      'of objects that are open',
      z.object({ a: z.string(), b: z.string() }),
      z.looseObject({ a: z.string() }),
    ],
    ['of anything', z.unknown(), z.object({ a: z.string() })],
    ['of something that never is', z.never(), z.string()],
    [
      'of an intersection, about which nothing is concluded',
      z.intersection(z.string(), z.union([z.string(), z.number()])),
      z.boolean(),
    ],
    ['of plain JSON', z.json(), z.json()],
  ])('%s may fit', (_, delivered, wanted) => {
    expect(compare(delivered, wanted)).toBeNull();
  });

  it('that contain themselves are compared, and end', () => {
    const Tree: z.ZodType = z.object({
      value: z.string(),
      get children(): z.ZodType {
        return z.array(Tree);
      },
    });
    const Other: z.ZodType = z.object({
      value: z.number(),
      get children(): z.ZodType {
        return z.array(Other);
      },
    });

    expect(compare(Tree, Tree)).toBeNull();
    expect(compare(Tree, z.json())).toBeNull();
    expect(compare(z.json(), Tree)).toBeNull();
    expect(compare(Tree, Other)).toBe('.value: a string / a number');
  });

  it('with ids are followed through their definitions', () => {
    const Name = z.string().meta({ id: 'Name' });

    expect(
      compare(z.object({ a: Name, b: Name }), z.object({ a: z.string(), b: z.number() })),
    ).toBe('.b: a string / a number');
  });
});

describe('constants', () => {
  it('are compared like schemas', () => {
    expect(
      compare(
        shapeOfJson({ a: [1, 'x', null] }),
        z.object({ a: z.array(z.union([z.number(), z.string()])) }),
      ),
    ).toBe('.a[2]: null / a number or a string');
    expect(compare(shapeOfJson([]), z.array(z.string()))).toBeNull();
    expect(compare(shapeOfJson(true), z.boolean())).toBeNull();
  });
});

describe('JSON Schemas written by hand', () => {
  it.each<[string, JsonSchema | boolean, string]>([
    ['false', false, 'nothing'],
    ['true', true, 'anything'],
    ['another document', { $ref: 'https://example.com/schema' }, 'anything'],
    ['a definition that is missing', { $ref: '#/$defs/Nothing' }, 'anything'],
    ['a circle of references', { $ref: '#' }, 'anything'],
    ['an unknown type', { type: 'date' }, 'anything'],
    ['constants that are objects', { enum: [{ a: 1 }, 'x'] }, 'anything'],
    ['constants of several types', { enum: [1, 'x', null, true] }, '1 or "x" or null or true'],
    ['an escaped name', { $defs: { 'a/b~c': { type: 'null' } }, $ref: '#/$defs/a~1b~0c' }, 'null'],
    ['a closed list of types', { type: ['string', 'null'] }, 'a string or null'],
    [
      'many options',
      {
        type: 'object',
        properties: Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, {}])),
      },
      'an object with a?, b?, c?, d?, e?, …',
    ],
    [
      'many types',
      {
        anyOf: [
          { type: 'string' },
          { type: 'number' },
          { type: 'boolean' },
          { type: 'array' },
          { type: 'object' },
          { type: 'null' },
        ],
      },
      'a string or a number or a boolean or a list or an object or something else',
    ],
    ['a union of itself', { anyOf: [{ $ref: '#' }, { type: 'string' }] }, 'a string'],
  ])('%s mean what can be known of them', (_, schema, text) => {
    expect(shapeText(shapeOfSchema(schema))).toBe(text);
  });
});

describe('a path into a shape', () => {
  const shape = shapeOf(
    z.object({
      list: z.array(z.object({ n: z.number() })),
      pair: z.tuple([z.string(), z.number()]),
      record: z.record(z.string(), z.boolean()),
      either: z.union([z.object({ a: z.string() }), z.object({ b: z.number() })]),
      text: z.string(),
      open: z.looseObject({}),
    }),
  );
  const at = (...path: (string | number)[]) => {
    const found = shapeAt(shape, path);
    return found.shape === null ? `no ${found.key}` : shapeText(found.shape);
  };

  it('finds fields, items, lengths and values of records', () => {
    expect(at('list', 3, 'n')).toBe('a number');
    expect(at('list', 'length')).toBe('a whole number');
    expect(at('pair', 1)).toBe('a number');
    expect(at('record', 'x')).toBe('a boolean');
    expect(at('either', 'a')).toBe('a string');
    expect(at('open', 'x', 'y')).toBe('anything');
    expect(at()).toContain('an object with list');
  });

  it('says what there cannot be', () => {
    expect(at('lst')).toBe('no lst');
    expect(at('text', 'length')).toBe('no length');
    expect(at('either', 'c')).toBe('no c');
    expect(at('list', 'map')).toBe('no map');
    expect(at('list', 0, 'm', 'x')).toBe('no m');
  });

  it('goes through what may be absent, and through what never is', () => {
    const maybe = unionShape([() => shape, () => absentShape]);

    expect(shapeText(shapeAt(maybe, ['text']).shape ?? neverShape)).toBe('a string or undefined');
    expect(shapeAt(maybe, ['lst'])).toMatchObject({ shape: null, key: 'lst' });
    expect(shapeText(shapeAt(absentShape, ['x']).shape ?? neverShape)).toBe('undefined');
    expect(shapeText(shapeAt(neverShape, ['x']).shape ?? absentShape)).toBe('nothing');
  });
});

describe('absence', () => {
  it('is an option that can be taken away', () => {
    const maybe = unionShape([() => shapeOf(z.string()), () => unionShape([() => absentShape])]);

    expect(mayBeAbsent(maybe)).toBe(true);
    expect(mayBeAbsent(withoutAbsent(maybe))).toBe(false);
    expect(compare(maybe, z.string())).toBeNull();
    expect(compare(absentShape, z.string())).toBeNull();
  });
});

describe('the cases of a field', () => {
  it.each<[string, z.ZodType, readonly string[] | null, boolean]>([
    ['literals', z.enum(['a', 'b']), ['a', 'b'], false],
    ['booleans', z.boolean(), ['true', 'false'], false],
    ['numbers and null', z.union([z.literal(1), z.null()]), ['1', 'null'], false],
    ['texts', z.string(), [], true],
    ['a literal and any number', z.union([z.literal('x'), z.number()]), ['x'], true],
    ['objects', z.object({}), null, false],
    ['anything', z.unknown(), null, false],
  ])('of %s are named', (_, schema, names, isOpen) => {
    expect(caseNames(shapeOf(schema))).toEqual(names === null ? null : { names, isOpen });
  });

  it('include absence', () => {
    expect(caseNames(unionShape([() => absentShape, () => neverShape]))).toEqual({
      names: ['undefined'],
      isOpen: false,
    });
  });
});
