/** Every path of workflows that have all there is, against the real engine. */
import { expect, it } from 'vitest';
import type { RunnableWorkflow } from '../../src/ports/bindings.ts';
import { createWorld, type Difference, paths, play, scriptOf } from '../../src/testing/index.ts';
import { sideBySide, undoing, waiting } from '../crash/support/small-workflows.ts';
import { everyKind } from '../definition/support/every-kind.ts';
import { everything } from '../diagram/samples.ts';

async function walk(workflow: RunnableWorkflow) {
  const report = paths(workflow);
  const taken = new Set<string>();
  const wrong: { path: string; differences: readonly Difference[] }[] = [];
  const infeasible: string[] = [];
  for (const path of report.paths) {
    const written = await scriptOf(workflow, path);
    if (!written.ok) {
      infeasible.push(written.reason);
      continue;
    }
    const { differences } = await play(written.script, createWorld());
    if (differences.length > 0)
      wrong.push({ path: path.steps.map(({ move }) => move.type).join(' '), differences });
    else for (const step of path.steps) for (const name of step.taken) taken.add(name);
  }
  const reasons = report.unreachable.filter(({ reason }) => reason.includes('found no way'));
  return { report, wrong, infeasible, taken, reasons };
}

for (const workflow of [waiting, sideBySide, undoing, everything, everyKind]) {
  it(`plays all paths of "${workflow.name}" without a difference`, async () => {
    const { report, wrong, infeasible, taken, reasons } = await walk(workflow);

    expect(wrong).toEqual([]);
    expect(infeasible).toEqual([]);
    expect(reasons).toEqual([]);
    expect(taken.size).toBe(report.transitions - report.unreachable.length);
  });
}
