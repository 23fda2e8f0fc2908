import { describe, expect, it } from 'vitest';
import { toCode, toStandingRun } from '../../../src/engine/standing-run.ts';
import type { Workflow } from '../../../src/index.ts';
import { indexPlan } from '../../../src/plan/settle.ts';
import { createUpgrade, judgeRun, missingNames } from '../../../src/proof/diff/runs.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench } from '../../support/engine-bench.ts';
import { anOrder, type OrderParts } from '../../support/versions.ts';

/** Judges a run that waits for its approval in the first version against another one. */
async function judged(next: OrderParts, options: { first?: OrderParts; hasCode?: boolean } = {}) {
  const deeds = createDeeds();
  const before: Workflow<{ amount: number }, unknown> = anOrder(deeds, options.first);
  const after = anOrder(deeds, { version: 2, ...next });
  const { engine, store } = await openBench({ workflows: [before] });
  const { runId } = await engine.start(before, { amount: 5 });
  await engine.drive(runId);
  const stored = await store.load(runId);
  if (stored === null) throw new Error('no run');
  const run = toStandingRun(stored, await store.settled(runId, stored.state.generation));
  const code = options.hasCode === false ? null : toCode(indexPlan(after.plan), after.bindings);
  const lacking = missingNames(before.plan, after.plan);
  return judgeRun(createUpgrade(before.plan, after.plan), run, lacking, code);
}

describe('what becomes of a run that waits for a review', () => {
  it('nothing else changed: it stays, and could move as it is', async () => {
    expect(await judged({})).toMatchObject({
      verdict: 'continues',
      stays: true,
      moves: 'as_it_is',
      at: ['approval'],
      reasons: [],
      suggestion: null,
    });
  });

  it('a step inserted after: the same', async () => {
    expect(await judged({ thank: true })).toMatchObject({
      verdict: 'continues',
      stays: true,
      moves: 'as_it_is',
    });
  });

  it('a step inserted before: it stays, and moves only if that step may begin', async () => {
    expect(await judged({ check: true })).toMatchObject({
      verdict: 'continues',
      stays: true,
      moves: 'with_mapping',
      reasons: [{ step: 'check', remedy: 'perform' }],
      suggestion: { perform: ['check'] },
    });
  });

  it('the review renamed: it stays nowhere, and the mapping that helps is suggested', async () => {
    expect(await judged({ approval: 'consent' })).toMatchObject({
      verdict: 'needs_mapping',
      stays: false,
      lacking: ['form of review "approval"'],
      moves: 'with_mapping',
      suggestion: { steps: { approval: 'consent' } },
    });
  });

  it('the review removed: it stays nowhere, and somebody has to say what becomes of it', async () => {
    expect(await judged({ approval: null })).toMatchObject({
      verdict: 'needs_mapping',
      stays: false,
      reasons: expect.arrayContaining([
        { step: 'approval', text: expect.stringContaining('does not have it'), remedy: 'steps' },
        { step: 'ship', text: expect.stringContaining('begin at once'), remedy: 'perform' },
      ]),
    });
  });

  it('a step that was done is removed: its result is kept in the history, and nobody misses it', async () => {
    expect(await judged({ pack: false })).toMatchObject({
      verdict: 'continues',
      stays: false,
      lacking: ['task "pack"'],
      moves: 'as_it_is',
    });
  });

  it('without the code of the new version it is the same where no function is asked', async () => {
    expect(await judged({ thank: true }, { hasCode: false })).toMatchObject({ moves: 'as_it_is' });
  });
});
