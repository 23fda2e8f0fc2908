import { describe, expect, it } from 'vitest';
import text from '../../machines/simple/text.json' with { type: 'json' };
import { simple } from '../../machines/simple/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { eventsOf, openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  neverUndone,
  nothingThrows,
  startedUnconditionally,
} from './support/unreachable.ts';

describe('simple', () => {
  it('M096: three tasks in sequence yield a final_result', async () => {
    const { engine } = await openBench({ workflows: [simple] });

    const run = await engine.start(simple, text);

    expect(await run.result()).toEqual({
      final_result: '"Points are set before signals clear." has 6 words.',
    });
    const events = await eventsOf(engine, run.runId);
    expect(events.filter((event) => event.endsWith('.completed'))).toEqual([
      'clean.completed',
      'count_words.completed',
      'phrase.completed',
    ]);
  });

  it.each([
    ['one', '"one" has 1 word.'],
    ['  ', '"" has 0 words.'],
    ['« déjà  vu »', '"« déjà vu »" has 2 words.'],
  ])('counts the words of "%s"', async (given, final_result) => {
    const { engine } = await openBench({ workflows: [simple] });

    expect(await (await engine.start(simple, given)).result()).toEqual({ final_result });
  });
});

describeWorkflow(simple, {
  unreachable: {
    ...neverUndone,
    ...nothingThrows,
    ...startedUnconditionally,
    ...neverTimedOut,
    ...closedByPolicy,
  },
  onDone: printWalk,
});
describeCrashes(simple, sampled(40));
