import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { clean, countWords, phrase } from './tasks.ts';

export const simple = defineWorkflow({
  name: 'simple',
  version: 1,
  description: 'Three tasks, one after the other: each takes what the one before it yields.',
  input: z.string().max(10_000).describe('Any text'),
  steps(w) {
    const cleaned = w.task('clean', clean, { input: w.input });
    const counted = w.task('count_words', countWords, { input: cleaned });
    return w.task('phrase', phrase, { input: counted });
  },
});
