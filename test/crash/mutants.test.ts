import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { compare } from '../../src/testing/crash/compare.ts';
import { lowdbMedium, type Medium, memoryMedium } from '../../src/testing/crash/media.ts';
import { standstillTrial } from '../../src/testing/crash/standstill.ts';
import { keyed, perform, scenarios } from './support/count-up.ts';
import {
  withoutCheckpoints,
  withoutDeduplication,
  withoutDirectorySync,
  withoutFence,
  withoutIntent,
  withoutKeys,
  withoutSync,
  withTornCommits,
} from './support/mutants.ts';
import type { Scenario } from './support/scenarios.ts';
import { report } from './support/seed.ts';
import { sceneOf } from './support/trial.ts';

/** What the suite says of the first place at which it finds something wrong; `null`: it finds nothing. */
async function findingOf(
  scenario: Scenario,
  createMedium: () => Medium,
  intact: () => Medium,
): Promise<string | null> {
  const reference = await perform(scenario, intact(), []);
  for (let place = 1; place <= 1_000; place += 1) {
    try {
      const trial = await perform(scenario, createMedium(), [place]);
      compare(trial, reference);
      if (trial.deaths.length === 0) return null;
    } catch (error) {
      return `killed at place ${place}: ${firstLineOf(error)}`;
    }
  }
  return null;
}

function firstLineOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split('\n').slice(0, 2).join(' ').slice(0, 160);
}

function scenarioOf(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new RangeError(name);
  return found;
}

describe('the suite finds out', () => {
  it.each([
    ['a store that does not record what is handed out', withoutIntent, 'a chain of tasks'],
    [
      'a store that does not record what is undone',
      withoutIntent,
      'compensation after a failure, and the task that is told of it',
    ],
    [
      'a store that does not know a message again',
      withoutDeduplication,
      'events that runs wait for, and that start runs',
    ],
    ['a store whose commits are several writes', withTornCommits, 'a child'],
    [
      'a store whose commits are several writes, when it takes a signal',
      withTornCommits,
      'signals, one of which comes twice, and one never',
    ],
    ['a store that forgets the keys of starts', withoutKeys, 'starts with one key'],
    ['a store that forgets checkpoints', withoutCheckpoints, 'a task with checkpoints'],
  ] as const)('%s', async (what, mutate, name) => {
    const finding = await findingOf(
      scenarioOf(name),
      () => memoryMedium(mutate),
      () => memoryMedium(),
    );

    report(`mutant: ${what}: ${finding}`);
    expect(finding).not.toBeNull();
  });

  it.each([
    ['lowdb without fsync of documents', withoutSync],
    ['lowdb without fsync of folders', withoutDirectorySync],
  ] as const)('%s', async (what, mutate) => {
    const finding = await findingOf(
      scenarioOf('a chain of tasks'),
      () => lowdbMedium({ kind: 'all' }, mutate),
      () => lowdbMedium(),
    );

    report(`mutant: ${what}: ${finding}`);
    expect(finding).not.toBeNull();
  });

  it('a shared store in which whoever writes last wins', async () => {
    const scenario = scenarioOf('a chain of tasks');
    const suspend = (place: number, mutate = withoutFence) => {
      const store = mutate({ ...createMemoryStore(), shared: true, close: async () => {} });
      return standstillTrial({
        scene: sceneOf(scenario),
        open: async () => store,
        createStage: keyed,
        suspendAt: [place],
      });
    };
    const reference = await suspend(Number.POSITIVE_INFINITY, (store) => store);
    const findings: string[] = [];
    for (let place = 1; place <= reference.places.length; place += 1) {
      try {
        compare(await suspend(place), reference);
      } catch (error) {
        findings.push(`stood still at place ${place}: ${firstLineOf(error)}`);
      }
    }

    report(`mutant: no fence: ${findings[0] ?? null}`);
    expect(findings).not.toEqual([]);
  });
});
