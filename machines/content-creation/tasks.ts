import { z } from 'zod';
import { agent } from '../../src/agent/index.ts';

/** A turn of a writer is an article, not a remark. */
const model = 'gpt-4o';
const maxTokens = 2_000;

export const researcher = agent({
  name: 'researcher',
  description: 'Gathers what is known about the topic.',
  model,
  maxTokens,
  system: 'You research topics and provide comprehensive information.',
  input: z.object({ topic: z.string() }),
  prompt: ({ topic }) => `Research information about: ${topic}`,
});

export const writer = agent({
  name: 'writer',
  description: 'Writes the article from the research.',
  model,
  maxTokens,
  system: 'You write engaging articles based on research.',
  input: z.object({ topic: z.string(), research: z.string() }),
  prompt: ({ topic, research }) =>
    `Write an article about ${topic} using this research: ${research}`,
});

export const editor = agent({
  name: 'editor',
  description: 'Improves the article.',
  model,
  maxTokens,
  system: 'You edit and improve articles for clarity and engagement.',
  input: z.object({ article: z.string() }),
  prompt: ({ article }) => `Edit and improve this article: ${article}`,
});
