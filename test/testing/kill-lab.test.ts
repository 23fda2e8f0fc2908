import { expect, it } from 'vitest';
import { compare } from '../../src/testing/crash/compare.ts';
import { killEverywhere } from '../../src/testing/crash/crash-everywhere.ts';
import { assertCrashProof } from '../../src/testing/crash/crash-report.ts';
import { pathScenes } from '../../src/testing/crash/path-scenes.ts';
import type { KillTarget } from '../../src/testing/kill/assignment.ts';
import { createKillLab } from '../../src/testing/kill/kill-lab.ts';
import { phone } from '../cli/machines/town/workflow.ts';
import { isFull, report } from '../crash/support/seed.ts';

const module = new URL('../cli/machines/town/workflow.ts', import.meta.url);
const target: KillTarget = {
  module: module.href,
  workflow: 'phone',
  version: 1,
  coverage: 'transitions',
};

it.each([
  ['sqlite', 'run.after'],
  ['lowdb', 'sync.before'],
] as const)(
  'a process on %s that gets kill -9 at %s is followed by another',
  async (store, kind) => {
    const lab = createKillLab(target, store);
    const [scene] = (await pathScenes(phone, {}, 'path 1')).scenes;
    if (scene === undefined) throw new Error('No path');
    const reference = await lab.execute(scene, null, () => 0);
    const number = reference.places.lastIndexOf(kind) + 1;

    const killed = await lab.execute(scene, { number, places: reference.places }, () => 0);

    expect(killed.isDisturbed).toBe(true);
    compare(killed, reference);
  },
  60_000,
);

it.runIf(isFull)(
  'is killed at every kind of place',
  async () => {
    const found = await killEverywhere(phone, { module, sample: 30 });

    report(`kill -9, every kind: ${found.crashes} kills`);
    assertCrashProof(found);
  },
  600_000,
);
