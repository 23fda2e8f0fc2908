import { describe, expect, it } from 'vitest';
import input from '../../machines/content-creation/topic.json' with { type: 'json' };
import { contentCreation } from '../../machines/content-creation/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { entryOf, openBench } from '../support/engine-bench.ts';
import { startModelServer, withoutProvider } from '../support/model-server.ts';
import {
  closedByPolicy,
  neverTimedOut,
  neverUndone,
  startedUnconditionally,
} from './support/unreachable.ts';

describeWorkflow(contentCreation, {
  unreachable: {
    ...startedUnconditionally,
    ...neverTimedOut,
    ...closedByPolicy,
    ...neverUndone,
    'processing.working run.faulted':
      'the workflow has no condition or derived value that could throw',
  },
});
describeCrashes(contentCreation, sampled(40));

describe('content-creation', () => {
  it('M113: researcher, writer and editor, gpt-4o each with its system prompt', async () => {
    const server = await startModelServer('Facts.', 'Facts, told.', 'Facts, told well.');
    const { engine } = await openBench({ workflows: [contentCreation] });

    const { result } = await engine.start(contentCreation, input);

    expect(await result()).toEqual({
      topic: 'Interlockings of railways',
      research: 'Facts.',
      draft: 'Facts, told.',
      final_article: 'Facts, told well.',
    });
    expect(
      server.requests.map(({ model, messages }) => [
        model,
        ...messages.map(({ content }) => content),
      ]),
    ).toEqual([
      [
        'gpt-4o',
        'You research topics and provide comprehensive information.',
        'Research information about: Interlockings of railways',
      ],
      [
        'gpt-4o',
        'You write engaging articles based on research.',
        'Write an article about Interlockings of railways using this research: Facts.',
      ],
      [
        'gpt-4o',
        'You edit and improve articles for clarity and engagement.',
        'Edit and improve this article: Facts, told.',
      ],
    ]);
  });

  it('keeps tokens, calls and model of each agent in the history', async () => {
    await startModelServer('Facts.');
    const { engine } = await openBench({ workflows: [contentCreation] });
    const { runId, result } = await engine.start(contentCreation, input);
    await result();

    const { output } = await entryOf(engine, runId, 'research.completed');

    expect(output).toMatchObject({
      usage: { model: 'gpt-4o', calls: 1, input_tokens: 10, output_tokens: 5 },
    });
  });

  it('says in every text that no model was asked, if none is configured', async () => {
    withoutProvider();
    const { engine } = await openBench({ workflows: [contentCreation] });

    const { result } = await engine.start(contentCreation, input);

    const { topic: _, ...texts } = await result();
    for (const text of Object.values(texts)) expect(text).toMatch(/^\[offline model\]/);
  });
});
