import { z } from 'zod';
import { defineWorkflow } from '../../src/index.ts';
import { editor, researcher, writer } from './tasks.ts';

export const contentCreation = defineWorkflow({
  name: 'content-creation',
  version: 1,
  description: 'An article about a topic: researched, written and edited by three agents.',
  owner: 'Editorial office',
  input: z.object({
    topic: z.string().trim().min(1).max(300).describe('What the article is about'),
  }),
  steps(w) {
    const { topic } = w.input.$;
    const research = w.task('research', researcher, { input: { topic } });
    const draft = w.task('draft', writer, { input: { topic, research: research.$.answer } });
    const edited = w.task('edit', editor, { input: { article: draft.$.answer } });

    return w.finish(
      {
        topic,
        research: research.$.answer,
        draft: draft.$.answer,
        final_article: edited.$.answer,
      },
      { approve: 'automatic' },
    );
  },
});
