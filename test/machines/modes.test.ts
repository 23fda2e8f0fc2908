/** Every workflow in machines/ does the same with and without a queue. */
import { describe, expect, it } from 'vitest';
import { loadMachines } from '../../src/cli/machines.ts';
import { layOut } from '../../src/plan/layout.ts';
import type { RunnableWorkflow } from '../../src/ports/bindings.ts';
import { exported, observe } from '../../src/testing/crash/observe.ts';
import {
  createWorld,
  type Fixtures,
  paths,
  play,
  type Script,
  scriptOf,
} from '../../src/testing/index.ts';
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
    const scripts = await chosen(workflow, fixtures);
    expect(scripts).not.toEqual([]);

    for (const script of scripts) {
      const local = await playedIn('local', script, isOrdered);
      const queued = await playedIn('queued', script, isOrdered);

      expect(local.differences).toEqual([]);
      expect(local).toEqual(queued);
    }
  });
});

/** All paths if asked for; else the main line and the longest way to fail, of those that values were found for. */
async function chosen(workflow: RunnableWorkflow, fixtures: Fixtures): Promise<readonly Script[]> {
  const all = paths(workflow, { fixtures }).paths;
  const toFail = all
    .filter(({ end }) => end === 'failed')
    .toSorted((a, b) => b.steps.length - a.steps.length);
  const scripts: Script[] = [];
  for (const group of isFull ? all.map((path) => [path]) : [all, toFail]) {
    for (const path of group) {
      const written = await scriptOf(workflow, path, fixtures);
      if (!written.ok) continue;
      scripts.push(written.script);
      break;
    }
  }
  return scripts;
}

async function playedIn(mode: 'local' | 'queued', script: Script, isOrdered: boolean) {
  const world = createWorld({ mode });
  const { differences, played } = await play(script, world);
  const runs = await exported(world.store);
  return { differences, played, observed: observe(runs, [], { isOrdered }) };
}
