/** Stores with one protection removed, under the suite that users have: every one of them has to be found out. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { quarterlyReport } from '../../machines/quarterly-report/workflow.ts';
import { defineEvent, defineTask, defineWorkflow } from '../../src/index.ts';
import type { RunnableWorkflow } from '../../src/ports/bindings.ts';
import { isCrashProof } from '../../src/testing/crash/crash-report.ts';
import { crashScenes } from '../../src/testing/crash/crash-scenes.ts';
import { killing, type Lab, sharedMemory, standingStill } from '../../src/testing/crash/labs.ts';
import { lowdbMedium, memoryMedium } from '../../src/testing/crash/media.ts';
import { pathScenes } from '../../src/testing/crash/path-scenes.ts';
import {
  withoutDeduplication,
  withoutDirectorySync,
  withoutFence,
  withoutIntent,
  withoutKeys,
  withoutSync,
  withTornCommits,
} from './support/mutants.ts';
import { report as print } from './support/seed.ts';

const Paid = defineEvent({ name: 'paid', payload: z.object({ by: z.string() }) });
const pack = defineTask({
  name: 'pack',
  input: z.string(),
  output: z.string(),
  compensate: 'none',
  run: async ({ input }) => input,
});
const parcel = defineWorkflow({
  name: 'parcel',
  version: 1,
  input: z.string(),
  steps: (w) => w.task('packed', pack, { input: w.input }),
});
const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.string(),
  steps(w) {
    const first = w.waitFor('first', Paid);
    const second = w.waitFor('second', Paid, { after: [first] });
    return w.child('parcel', parcel, { input: w.input, after: [second] });
  },
});

const powerLoss = (...[, wrap]: Parameters<typeof lowdbMedium>) =>
  killing('lowdb', 'power_loss', () => lowdbMedium({ kind: 'all' }, wrap));

const mutants: readonly (readonly [what: string, RunnableWorkflow, Lab])[] = [
  [
    'no record of intent',
    quarterlyReport,
    killing('memory', 'kill', () => memoryMedium(withoutIntent)),
  ],
  [
    'no deduplication of starts',
    incidentResponse,
    killing('memory', 'kill', () => memoryMedium(withoutKeys)),
  ],
  [
    'no deduplication of messages',
    order,
    killing('memory', 'kill', () =>
      memoryMedium((store) => ({ ...withoutDeduplication(store), answer: async () => null })),
    ),
  ],
  [
    'a commit is several writes',
    order,
    killing('memory', 'kill', () => memoryMedium(withTornCommits)),
  ],
  ['no fsync of documents', incidentResponse, powerLoss(null, withoutSync)],
  ['no fsync of folders', incidentResponse, powerLoss(null, withoutDirectorySync)],
  ['no fence', incidentResponse, standingStill('memory', () => sharedMemory(withoutFence))],
];

async function crashed(workflow: RunnableWorkflow, lab: Lab) {
  const { scenes } = await pathScenes(workflow);
  return crashScenes({
    workflow: workflow.name,
    version: workflow.version,
    scenes: scenes.slice(0, 1),
    plans: [],
    labs: [lab],
    sample: workflow === order ? null : 12,
    seed: 1,
    maxDifferences: 1,
  });
}

describe('crashEverywhere finds out', () => {
  it.each(mutants)('%s', async (what, workflow, lab) => {
    const found = await crashed(workflow, lab);

    const [first] = found.differences;
    print(
      `mutant of the published suite: ${what}: ${found.differences.length} of ${found.crashes + found.differences.length} crashes, first at place ${first?.place} (${first?.kind}): ${first?.message.split('\n').slice(0, 2).join(' ').slice(0, 160)}`,
    );
    expect(isCrashProof(found)).toBe(false);
    expect(found.differences).not.toEqual([]);
  });
});
