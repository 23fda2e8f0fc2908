import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineTask } from '../../src/index.ts';
import { isValidIban } from './iban.ts';
import { LogLine, parseLogLine } from './log-line.ts';

export const processBatch = defineTask({
  name: 'process_batch',
  description: 'Checks the account numbers of one batch.',
  input: z.array(z.string()),
  output: z.object({ valid: z.int(), invalid: z.array(z.string()) }),
  timeout: '30s',
  compensate: 'none',
  async run({ input }) {
    const invalid = input.filter((item) => !isValidIban(item));
    return { valid: input.length - invalid.length, invalid };
  },
});

export const validateData = defineTask({
  name: 'validate_data',
  description: 'Keeps the lines that are lines of an access log.',
  input: z.array(z.string()),
  output: z.object({ lines: z.array(LogLine), refused: z.int() }),
  timeout: '30s',
  compensate: 'none',
  async run({ input }) {
    const lines = input.flatMap((text) => parseLogLine(text) ?? []);
    return { lines, refused: input.length - lines.length };
  },
});

const Analysis = z.object({
  requests: z.int(),
  bytes: z.int(),
  by_status: z.record(z.string(), z.int()),
});

export const analyzeBatch = defineTask({
  name: 'analyze_batch',
  description: 'Counts requests, bytes and statuses of one batch of lines.',
  input: z.array(LogLine),
  output: Analysis,
  timeout: '30s',
  compensate: 'none',
  async run({ input }) {
    return combined(
      input.map(({ status, bytes }) => ({ requests: 1, bytes, by_status: { [status]: 1 } })),
    );
  },
});

export const combineResults = defineTask({
  name: 'combine_results',
  description: 'Adds up what was found in the batches.',
  input: z.object({ batches: z.array(Analysis), refused: z.int() }),
  output: Analysis.extend({ refused: z.int().describe('Lines that are none of an access log') }),
  timeout: '30s',
  compensate: 'none',
  async run({ input: { batches, refused } }) {
    return { ...combined(batches), refused };
  },
});

function combined(parts: readonly z.infer<typeof Analysis>[]): z.infer<typeof Analysis> {
  const by_status: Record<string, number> = {};
  for (const part of parts)
    for (const [status, count] of Object.entries(part.by_status))
      by_status[status] = (by_status[status] ?? 0) + count;
  return {
    requests: parts.reduce((sum, { requests }) => sum + requests, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    by_status,
  };
}

const Text = z.object({ text: z.string() });

export const processorA = defineTask({
  name: 'processor_a',
  description: 'Counts the words.',
  input: Text,
  output: z.object({ words: z.int() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    return { words: wordsOf(input.text).length };
  },
});

export const processorB = defineTask({
  name: 'processor_b',
  description: 'Finds the word that occurs most often.',
  input: Text,
  output: z.object({ commonest: z.string().nullable() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    const groups = Map.groupBy(wordsOf(input.text), (word) => word.toLowerCase());
    const [first] = [...groups].sort(([, a], [, b]) => b.length - a.length);
    return { commonest: first?.[0] ?? null };
  },
});

export const processorC = defineTask({
  name: 'processor_c',
  description: 'Takes the digest by which the text is known again.',
  input: Text,
  output: z.object({ sha256: z.string() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    return { sha256: createHash('sha256').update(input.text).digest('hex') };
  },
});

export const combineProcessorResults = defineTask({
  name: 'combine_processor_results',
  description: 'Puts what the processors found into one record.',
  input: z.object({
    a: z.object({ words: z.int() }),
    b: z.object({ commonest: z.string().nullable() }),
    c: z.object({ sha256: z.string() }),
  }),
  output: z.object({
    combined: z.object({ words: z.int(), commonest: z.string().nullable(), sha256: z.string() }),
  }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { a, b, c } }) {
    return { combined: { ...a, ...b, ...c } };
  },
});

function wordsOf(text: string): string[] {
  const segments = new Intl.Segmenter('en', { granularity: 'word' }).segment(text);
  return [...segments].flatMap(({ segment, isWordLike }) => (isWordLike ? [segment] : []));
}
