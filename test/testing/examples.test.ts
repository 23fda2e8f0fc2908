import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contractOf } from '../../src/definition/contract.ts';
import { invalidExamples, validExamples } from '../../src/testing/examples/examples.ts';

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
const Tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree);
  },
});

const schemas: { readonly [what: string]: z.ZodType } = {
  texts: z.string().min(3).max(5),
  formats: z.object({
    mail: z.email(),
    id: z.uuid(),
    day: z.iso.date(),
    at: z.iso.datetime(),
    url: z.url(),
  }),
  patterns: z.string().regex(/^[A-Z]{2}-\d{4}$/),
  numbers: z.number().gt(0).lt(1),
  'whole numbers': z.int().min(10).max(12),
  multiples: z.number().multipleOf(5),
  choices: z.enum(['a', 'b']),
  unions: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('a'), n: z.number() }),
    z.object({ kind: z.literal('b'), s: z.string() }),
  ]),
  lists: z.array(z.boolean()).min(2).max(4),
  tuples: z.tuple([z.string(), z.number()]),
  records: z.record(z.string(), z.number()),
  'parts of others': z.object({ a: z.string() }).and(z.object({ b: z.number() })),
  'optional fields': z.object({ a: z.string().optional(), b: z.number().nullable() }),
  'what contains itself': Tree,
  refinements: z.object({ from: z.int(), to: z.int() }).refine(({ from, to }) => from <= to),
  nothing: z.void(),
};

function some<T>(values: Iterable<T>, count: number): T[] {
  const found: T[] = [];
  for (const value of values) {
    found.push(value);
    if (found.length >= count) break;
  }
  return found;
}

describe('generated examples', () => {
  it.each(Object.entries(schemas))('of %s are valid', (what, schema) => {
    const contract = contractOf(schema);

    const examples = some(validExamples({ what, contract }, 1), 10);

    expect(examples.length).toBeGreaterThan(0);
    for (const { raw } of examples) expect(contract.parse(raw)).toMatchObject({ ok: true });
  });

  it('are the same for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const contract = contractOf(schemas['formats'] ?? z.never());
        const draw = () => some(validExamples({ what: 'x', contract }, seed), 3);
        expect(draw()).toEqual(draw());
      }),
      { numRuns: 10 },
    );
  });

  it('come after the given ones, of which the invalid are left out', () => {
    const contract = contractOf(z.number().min(5));

    const [first, second] = validExamples({ what: 'n', contract, given: [1, 7] }, 1);

    expect(first?.raw).toBe(7);
    expect(second?.raw).toBeGreaterThanOrEqual(5);
  });

  it('that are meant to be refused are refused, each for something else', () => {
    const contract = contractOf(z.object({ id: z.string().min(1), n: z.int().default(1) }));

    const refused = invalidExamples({ what: 'order', contract }, 1, 20);

    expect(refused.length).toBeGreaterThan(5);
    for (const value of refused) expect(contract.parse(value).ok).toBe(false);
    expect(invalidExamples({ what: 'anything', contract: contractOf(z.any()) }, 1, 20)).toEqual([]);
  });
});
