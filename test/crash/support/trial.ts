/** The scenarios of this suite on the stage of the published one. */
import { inspect } from 'node:util';
import type { ExportedRun, Store } from '../../../src/ports/store.ts';
import { Broken } from '../../../src/testing/crash/compare.ts';
import type { Scene } from '../../../src/testing/crash/scene.ts';
import type { Scenario } from './scenarios.ts';
import { live } from './session.ts';
import type { Stage } from './stage.ts';

export function sceneOf(scenario: Scenario): Scene<Stage> {
  return {
    ...scenario,
    play: (stage, store) => live(scenario, stage, store),
    check: (stage, runs, store) => checkPromises(scenario, stage, runs, store),
  };
}

export async function checkPromises(
  { mayForget = false }: Scenario,
  stage: Stage,
  runs: readonly ExportedRun[],
  store: Store,
): Promise<void> {
  if (mayForget) return;
  for (const made of stage.promises) {
    const run = 'runId' in made ? runs.find(({ header }) => header.id === made.runId) : undefined;
    const isKept =
      made.kind === 'start'
        ? run !== undefined
        : made.kind === 'entry'
          ? run?.history.some(({ event }) => event === made.event) === true
          : made.kind === 'signal'
            ? run?.history.some(({ data }) => data?.['signal'] === made.id) === true
            : (await store.answer(made.id)) !== null;
    if (!isKept) throw new Broken(`Acknowledged and lost: ${inspect(made)}`);
  }
}
