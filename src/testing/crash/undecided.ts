/**
 * A process dies during an attempt that must not be repeated while its run is being stopped. Nobody is asked then: the run is undone as far
 * as it can be, and its outcome names the step. So it ends as the undisturbed run does, but not in the same way.
 */
import { createOrchestrator } from '../../orchestrator.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { ExportedRun } from '../../ports/store.ts';
import { createScriptedExecutor, succeeded } from '../player/scripted-executor.ts';
import type { World } from '../player/world.ts';
import { silent } from '../player/world.ts';
import { Broken } from './compare.ts';

/** @returns the step that is in doubt with nobody to say more, or `null` */
export function undecidedStep({ history }: ExportedRun): string | null {
  const doubted = new Set<string>();
  for (const { event, step } of history) {
    if (step === null) continue;
    if (event === `${step}.in_doubt`) doubted.add(step);
    else if (event.startsWith(`${step}.`)) doubted.delete(step);
  }
  const [first] = doubted;
  return first ?? null;
}

/** Lets whatever is still to be undone succeed. */
export async function undoRest(
  workflow: RunnableWorkflow,
  world: World,
  runId: string,
): Promise<void> {
  const { store, clock, settings = {}, around = (_effect, work) => work() } = world;
  const orchestrator = await createOrchestrator({
    workflows: [workflow],
    store,
    clock,
    settings,
    logger: silent,
    mode: 'local',
    executor: createScriptedExecutor(around, () => succeeded(null)),
    ...(world.ids === undefined ? {} : { ids: world.ids }),
  });
  for (let turn = 0; turn < 20; turn += 1) {
    const { waitingOn } = await orchestrator.get(runId);
    if (waitingOn.length === 0) break;
    await clock.advance(1_000);
  }
  await Promise.all([orchestrator.close(), clock.advance(10_000)]);
}

/** @throws Broken unless the run ended as the undisturbed one and its outcome names the step in doubt */
export function compareUndecided(
  execution: { readonly observed: unknown },
  reference: { readonly observed: unknown },
): void {
  const [ended, expected] = [firstRun(execution), firstRun(reference)];
  if (ended.status !== expected.status)
    throw new Broken(`Ends as ${ended.status}, without kills as ${expected.status}`);
  if (ended.outcome === null || ended.outcome.notUndone.length === 0)
    throw new Broken('Its outcome does not name what nobody knows');
}

interface Ended {
  readonly status: string;
  readonly outcome: { readonly notUndone: readonly unknown[] } | null;
}

function firstRun({ observed }: { readonly observed: unknown }): Ended {
  const { runs } = observed as { readonly runs: { readonly [alias: string]: Ended } };
  const [first] = Object.values(runs);
  if (first === undefined) throw new Broken('There is no run');
  return first;
}
