/** Every path of workflows that have all there is, against the real engine. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, defineWorkflow, forwardWorkflow, type Workflow } from '../../src/index.ts';
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

const pack = defineTask({
  name: 'pack',
  input: z.string(),
  output: z.string(),
  compensate: async () => {},
  run: async ({ input }) => input,
});
const parcel = defineWorkflow({
  name: 'parcel',
  version: 1,
  input: z.string(),
  steps: (w) => w.task('pack', pack, { input: w.input }),
});

/** A child for each item of a list: it calls itself with both halves. */
const parcels: Workflow<string[], string[]> = defineWorkflow({
  name: 'parcels',
  version: 1,
  input: z.array(z.string()).min(1),
  steps(w) {
    const self = forwardWorkflow<string[], string[]>({
      name: 'parcels',
      version: 1,
      workflow: () => parcels,
    });
    const half = (id: string, of: (list: string[], middle: number) => string[]) =>
      w.child(id, self, {
        input: w.derive(`${id}-half`, w.input, (list) => of(list, Math.ceil(list.length / 2))),
      });
    return w.when(
      'halves',
      w.is(w.input, 'several', (list) => list.length > 1),
      () => {
        const left = half('left', (list, middle) => list.slice(0, middle));
        const right = half('right', (list, middle) => list.slice(middle));
        return w.derive('both', [left, right], (lists) => lists.flat());
      },
      () => {
        const only = w.derive('only', w.input, (list) => list[0] ?? '');
        const packed = w.child('parcel', parcel, { input: only });
        return w.derive('one', packed, (text) => [text]);
      },
    );
  },
});

it('plays a workflow that calls itself, whose children take the way on which they do not', async () => {
  const events = [
    'run.started left.completed right.completed',
    'run.started left.failed right.failed',
    'run.started left.completed run.cancelled right.failed undo.completed',
  ];
  const report = paths(parcels);
  const eventsOf = ({ steps }: (typeof report.paths)[number]) =>
    steps.map(({ move }) => move.type).join(' ');
  for (const wanted of events) {
    const path = report.paths.find((one) => eventsOf(one) === wanted);
    const written = path && (await scriptOf(parcels, path, { inputs: [['a', 'b']] }));
    if (written?.ok !== true) throw new Error(`${wanted}: ${written?.reason ?? 'no such path'}`);
    expect((await play(written.script, createWorld())).differences).toEqual([]);
  }
  const faulted = report.paths.filter(({ steps }) =>
    steps.slice(1).some(({ move }) => move.faulted),
  );
  expect(faulted.length).toBeGreaterThan(0);
  for (const path of faulted)
    expect(await scriptOf(parcels, path, { inputs: [['a', 'b']] })).toMatchObject({
      reason: 'the functions that would throw are those of its child, too',
    });
});
