/** Every workflow in machines/ does the same with and without a queue. */
import { describe, expect, it } from 'vitest';
import { loadMachines } from '../../src/cli/machines.ts';
import { layOut } from '../../src/plan/layout.ts';
import type { WorkflowPath } from '../../src/proof/paths/paths.ts';
import { exported, observe } from '../../src/testing/crash/observe.ts';
import { createWorld, paths, play, type Script, scriptOf } from '../../src/testing/index.ts';
import { fixturesBeside } from '../../src/testing/kill/target.ts';
import { isFull } from '../crash/support/seed.ts';

const { workflows, problems } = await loadMachines('machines');

it('every machine could be loaded', () => {
  expect(problems).toEqual([]);
});

describe.each(workflows)('M261: $workflow.name in both modes', ({ workflow, module }) => {
  it('takes its paths alike', async () => {
    const fixtures = await fixturesBeside(module);
    const isOrdered = layOut(workflow.plan).stages.every(({ kind }) => kind === 'step');
    let compared = 0;
    for (const path of chosen(paths(workflow, { fixtures }).paths)) {
      const written = await scriptOf(workflow, path, fixtures);
      if (!written.ok) continue;

      const local = await playedIn('local', written.script, isOrdered);
      const queued = await playedIn('queued', written.script, isOrdered);

      expect(local.differences).toEqual([]);
      expect(local).toEqual(queued);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(0);
  });
});

/** All of them if asked for; else the main line and the longest way through a compensation. */
function chosen(all: readonly WorkflowPath[]): readonly WorkflowPath[] {
  if (isFull) return all;
  const failed = all
    .filter(({ end }) => end === 'failed')
    .toSorted((a, b) => b.steps.length - a.steps.length);
  return [...all.slice(0, 1), ...failed.slice(0, 1)];
}

async function playedIn(mode: 'local' | 'queued', script: Script, isOrdered: boolean) {
  const world = createWorld({ mode });
  const { differences, played } = await play(script, world);
  const runs = await exported(world.store);
  return { differences, played, observed: observe(runs, [], { isOrdered }) };
}
