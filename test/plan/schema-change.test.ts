import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonSchemaOf } from '../../src/definition/index.ts';
import type { JsonSchema } from '../../src/plan/json.ts';
import { compareSchemas } from '../../src/plan/schema-change.ts';
import { valueFits } from '../../src/plan/value-fits.ts';

const schema = (of: z.ZodType) => jsonSchemaOf(of, 'output');
const tree: z.ZodType = z.object({ name: z.string(), children: z.array(z.lazy(() => tree)) });

describe('what became of a schema', () => {
  it.each<[string, z.ZodType, z.ZodType, string]>([
    ['nothing', z.object({ a: z.string() }), z.object({ a: z.string() }), 'same'],
    ['a description', z.string(), z.string().describe('a name'), 'same'],
    [
      'the order of fields',
      z.object({ a: z.string(), b: z.int() }),
      z.object({ b: z.int(), a: z.string() }),
      'same',
    ],
    ['an option more', z.enum(['a', 'b']), z.enum(['a', 'b', 'c']), 'widened'],
    ['an option less', z.enum(['a', 'b']), z.enum(['a']), 'narrowed'],
    ['other options', z.enum(['a', 'b']), z.enum(['c', 'd']), 'incompatible'],
    ['an option for another', z.enum(['a', 'b']), z.enum(['b', 'c']), 'narrowed'],
    [
      'an optional field',
      z.object({ a: z.string() }),
      z.object({ a: z.string(), b: z.string().optional() }),
      'widened',
    ],
    [
      'a required field',
      z.object({ a: z.string() }),
      z.object({ a: z.string(), b: z.string() }),
      'incompatible',
    ],
    [
      'a field made required',
      z.object({ a: z.string().optional() }),
      z.object({ a: z.string() }),
      'narrowed',
    ],
    [
      'a field made optional',
      z.object({ a: z.string() }),
      z.object({ a: z.string().optional() }),
      'widened',
    ],
    [
      'a field of another type',
      z.object({ a: z.string() }),
      z.object({ a: z.number() }),
      'incompatible',
    ],
    [
      'a field gone',
      z.object({ a: z.string(), b: z.int() }),
      z.object({ a: z.string() }),
      'widened',
    ],
    ['numbers for whole ones', z.int(), z.number(), 'widened'],
    ['whole numbers alone', z.number(), z.int(), 'narrowed'],
    ['a lower bound', z.number(), z.number().min(1), 'narrowed'],
    ['a lower bound lowered', z.number().min(5), z.number().min(1), 'widened'],
    ['a length', z.string(), z.string().min(1), 'narrowed'],
    ['null as well', z.string(), z.string().nullable(), 'widened'],
    ['no null any more', z.string().nullable(), z.string(), 'narrowed'],
    ['anything', z.string(), z.unknown(), 'widened'],
    ['no longer anything', z.unknown(), z.string(), 'narrowed'],
    ['a list of more', z.array(z.enum(['a'])), z.array(z.enum(['a', 'b'])), 'widened'],
    ['another pattern', z.string().regex(/^a/), z.string().regex(/^[ab]/), 'undecided'],
    ['a list instead', z.string(), z.array(z.string()), 'incompatible'],
    [
      'a tree as it was',
      tree,
      z.object({ name: z.string(), children: z.array(z.lazy(() => tree)) }),
      'same',
    ],
    [
      'two kinds told apart',
      z.object({ kind: z.enum(['a', 'b']) }),
      z.union([z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
      'undecided',
    ],
  ])('%s', (_text, before, after, expected) => {
    const { change } = compareSchemas(schema(before), schema(after), { extraFields: 'ignored' });

    expect(change).toBe(expected);
  });

  it('a field that a strict object does not know is refused', () => {
    const before = schema(z.object({ a: z.string(), b: z.string() }));
    const after = schema(z.strictObject({ a: z.string() }));

    expect(compareSchemas(before, after)).toMatchObject({
      change: 'incompatible',
      detail: 'b: was a string, is no such field',
    });
  });

  it('keywords it does not know leave it undecided', () => {
    const before: JsonSchema = { type: 'string' };
    const after: JsonSchema = { type: 'string', contentEncoding: 'base64' };

    expect(compareSchemas(before, after).change).toBe('undecided');
    expect(compareSchemas(after, before).change).toBe('widened');
    expect(compareSchemas(after, { ...after, minLength: 1 }).change).toBe('undecided');
  });

  it('every value of a narrower schema fits the wider one, and says so of each it does not', () => {
    const wide = schema(z.object({ a: z.enum(['x', 'y']), n: z.number().optional() }));
    const narrow = schema(z.object({ a: z.enum(['x']), n: z.number().min(0) }));

    expect(valueFits({ a: 'x', n: 3 }, narrow)).toEqual({ fits: true });
    expect(valueFits({ a: 'x', n: 3, more: true }, wide)).toEqual({ fits: true });
    expect(valueFits({ a: 'y', n: -1 }, narrow)).toMatchObject({
      fits: false,
      why: expect.stringMatching(/a: .*; n: /),
    });
  });
});
