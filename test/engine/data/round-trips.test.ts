import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, defineTask, defineWorkflow } from '../../../src/index.ts';
import { aGate } from '../../support/deeds.ts';
import { openBench } from '../../support/engine-bench.ts';

const isoDate = z.codec(z.string(), z.date(), {
  decode: (said) => new Date(said),
  encode: (date) => date.toISOString(),
});

const text = '2026-02-03T04:05:06.007Z';
const day = new Date(text);

interface Made {
  readonly kind: string;
  readonly schema: z.ZodType;
  /** What the producer returns. */
  readonly returns: unknown;
  /** What its consumer gets. */
  readonly seen: unknown;
}

const calls = { count: 0 };
const values: readonly Made[] = [
  { kind: 'a Date by codec', schema: isoDate, returns: text, seen: day },
  {
    kind: 'Dates by codec, deep inside',
    schema: z.object({
      list: z.array(z.object({ at: isoDate })),
      by: z.record(z.string(), isoDate),
    }),
    returns: { list: [{ at: text }], by: { ann: text } },
    seen: { list: [{ at: day }], by: { ann: day } },
  },
  {
    kind: 'an optional Date by codec that is absent',
    schema: z.object({ at: isoDate.optional(), or: isoDate.nullable() }),
    returns: { or: null },
    seen: { or: null },
  },
  {
    kind: 'a default',
    schema: z.object({ size: z.number().default(7) }),
    returns: {},
    seen: { size: 7 },
  },
  {
    kind: 'a default beside a codec',
    schema: z.object({ size: z.number().default(7), at: isoDate }),
    returns: { at: text },
    seen: { size: 7, at: day },
  },
  {
    kind: 'a transform that would give something else if it ran twice',
    schema: z.object({ price: z.number().transform((price) => price * 100) }),
    returns: { price: 3 },
    seen: { price: 300 },
  },
  {
    kind: 'a transform with a memory',
    schema: z.string().transform((text) => `${text}${((calls.count += 1)) > 0 ? '!' : ''}`),
    returns: 'hey',
    seen: 'hey!',
  },
  { kind: 'coercion', schema: z.coerce.number(), returns: '42', seen: 42 },
  {
    kind: 'catch',
    schema: z.object({ n: z.number().catch(1) }),
    returns: { n: 'x' },
    seen: { n: 1 },
  },
  {
    kind: 'prefault',
    schema: z.object({ n: z.string().trim().prefault(' a ') }),
    returns: {},
    seen: { n: 'a' },
  },
  {
    kind: 'keys that are stripped',
    schema: z.object({ a: z.number() }),
    returns: { a: 1, b: 2 },
    seen: { a: 1 },
  },
  { kind: '−0', schema: z.object({ zero: z.number() }), returns: { zero: -0 }, seen: { zero: 0 } },
  { kind: 'nothing', schema: z.void(), returns: undefined, seen: undefined },
  { kind: 'null', schema: z.null(), returns: null, seen: null },
  {
    kind: 'undefined where it is optional',
    schema: z.string().optional(),
    returns: undefined,
    seen: undefined,
  },
];

type Interruption = 'none' | 'crash' | 'restart';

/** What the consumer of the value gets, and what is answered in the end. */
async function consumed({ schema, returns }: Made, interruption: Interruption) {
  const seen: unknown[] = [];
  const mapped: unknown[] = [];
  const make = defineTask({
    name: 'make',
    input: z.unknown(),
    output: schema,
    compensate: 'none',
    run: async () => returns as never,
  });
  const use = defineTask({
    name: 'use',
    input: z.unknown(),
    output: z.void(),
    compensate: 'none',
    run: async ({ input }) => void seen.push(input),
  });
  const workflow = defineWorkflow({
    name: 'handing-on',
    version: 1,
    input: z.object({}),
    steps(w) {
      const made = w.task('make', make, { input: w.input });
      const gate = w.review('gate', { after: [made] });
      w.task('use', use, { input: made, after: [gate] });
      const both = w.derive('both', { made, gate }, (value) => {
        mapped.push((value as { made: unknown }).made);
        return 'derived';
      });
      return both;
    },
  });
  const bench = await openBench({ workflows: [workflow] });
  const { runId } = await bench.engine.start(workflow, {});
  await bench.engine.drive(runId);
  if (interruption === 'crash') await bench.crash();
  if (interruption === 'restart') await bench.restart();
  await bench.engine.decide(runId, 'gate', { outcome: 'approved', actor: 'ann' });
  const view = await bench.engine.drive(runId, 'finished');
  expect(view).toMatchObject({ status: 'complete' });
  return { seen, mapped };
}

describe('a result that is stored and restored', () => {
  it.each(values)('G-04: $kind is the same with and without a crash or a restart', async (made) => {
    const expected = { seen: [made.seen], mapped: [made.seen] };

    expect(await consumed(made, 'none')).toStrictEqual(expected);
    expect(await consumed(made, 'crash')).toStrictEqual(expected);
    expect(await consumed(made, 'restart')).toStrictEqual(expected);
  });
});

describe('what comes in and is stored and restored', () => {
  const Schema = z.object({
    at: isoDate,
    size: z.number().default(7),
  });
  const sent = { at: text };
  const arrived = { at: day, size: 7 };
  const event = defineEvent({ name: 'arrived', payload: Schema });

  it.each(['none', 'crash', 'restart'] as const)(
    'G-04: run input, payload and form are the same for their consumers (%s)',
    async (interruption) => {
      const seen: unknown[] = [];
      const use = defineTask({
        name: 'use',
        input: z.unknown(),
        output: z.void(),
        compensate: 'none',
        run: async ({ input }) => void seen.push(input),
      });
      const workflow = defineWorkflow({
        name: 'handing-in',
        version: 1,
        input: Schema,
        steps(w) {
          const got = w.waitFor('got', event);
          const form = w.review('form', { form: Schema, after: [got] });
          const gate = w.review('gate', { after: [form] });
          return w.task('use', use, { input: { input: w.input, got, form }, after: [gate] });
        },
      });
      const bench = await openBench({ workflows: [workflow] });
      const interrupted = async () => {
        if (interruption === 'crash') await bench.crash();
        if (interruption === 'restart') await bench.restart();
      };
      const approved = { outcome: 'approved', actor: 'ann' } as const;

      const { runId } = await bench.engine.start(workflow, sent);
      await interrupted();
      await bench.engine.signal(runId, event, sent);
      await interrupted();
      await bench.engine.decide(runId, 'form', { ...approved, form: sent });
      await interrupted();
      await bench.engine.decide(runId, 'gate', approved);
      await bench.engine.drive(runId, 'finished');

      expect(seen).toStrictEqual([
        { input: arrived, got: arrived, form: { ...approved, form: arrived } },
      ]);
    },
  );

  it('G-04: a schema that mixes a codec with a one-way transform is refused where it is defined', () => {
    const output = z.object({ at: isoDate, n: z.number().transform(String) });

    expect(() =>
      defineTask({
        name: 'make',
        input: z.unknown(),
        output,
        compensate: 'none',
        run: async () => ({ at: text, n: 1 }),
      }),
    ).toThrow('cannot be run backwards');
  });
});

describe('a consumer that runs twice', () => {
  it('G-04: gets the same input in the attempt that a crash cuts off and in the next one', async () => {
    const seen: unknown[] = [];
    const gate = aGate();
    const make = defineTask({
      name: 'make',
      input: z.unknown(),
      output: z.object({ at: isoDate, size: z.number().default(7) }),
      compensate: 'none',
      run: async () => ({ at: text }),
    });
    const use = defineTask({
      name: 'use',
      input: z.object({ at: z.date(), size: z.number() }),
      output: z.void(),
      compensate: 'none',
      async run({ input }) {
        seen.push(input);
        if (seen.length === 1) await gate.pass();
      },
    });
    const workflow = defineWorkflow({
      name: 'handing-on',
      version: 1,
      input: z.object({}),
      steps: (w) =>
        w.task('use', use, { input: w.task('make', make, { input: w.input }) as never }),
    });
    const bench = await openBench({ workflows: [workflow] });
    const { runId } = await bench.engine.start(workflow, {});
    await gate.reached;

    await bench.crash();
    await bench.clock.advance(60_000);
    await bench.engine.drive(runId, 'finished');

    const arrived = { at: day, size: 7 };
    expect(seen).toStrictEqual([arrived, arrived]);
  });
});
