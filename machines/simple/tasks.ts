import { z } from 'zod';
import { defineTask } from '../../src/index.ts';

export const clean = defineTask({
  name: 'clean',
  description: 'Removes white space that says nothing.',
  input: z.string(),
  output: z.object({ text: z.string() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input }) {
    return { text: input.trim().replace(/\s+/g, ' ') };
  },
});

export const countWords = defineTask({
  name: 'count_words',
  description: 'Counts the words, by the rules of Unicode.',
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string(), words: z.int() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { text } }) {
    const segments = [...new Intl.Segmenter('en', { granularity: 'word' }).segment(text)];
    return { text, words: segments.filter(({ isWordLike }) => isWordLike).length };
  },
});

export const phrase = defineTask({
  name: 'phrase',
  description: 'Puts the finding into words.',
  input: z.object({ text: z.string(), words: z.int() }),
  output: z.object({ final_result: z.string() }),
  timeout: '10s',
  compensate: 'none',
  async run({ input: { text, words } }) {
    return { final_result: `"${text}" has ${words} ${words === 1 ? 'word' : 'words'}.` };
  },
});
