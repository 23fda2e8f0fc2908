/** Makes the recorded runs, always the same ones: the clock stands still, and ids are counted. */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { createOrchestrator, type Orchestrator, type Store } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { mortal } from '../support/mortal-store.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { firstVersions, workflows, world } from './workflows.ts';

/** Wall time of every recording. */
export const recordedAtMs = Date.UTC(2026, 0, 1);

/** Brings every run to where it is recorded. The store is left open; nothing works on it any more. */
export async function record(store: Store): Promise<void> {
  world.isRecording = true;
  let counted = 0;
  const token = () => `token-${String((counted += 1)).padStart(6, '0')}`;
  /** What a process does before it dies, whatever is under way. */
  async function life(
    known: typeof workflows,
    work: (engine: Orchestrator, name: { next: string }) => Promise<void>,
  ): Promise<void> {
    const name = { next: '' };
    const { store: lent, die } = mortal(store);
    const engine = await createOrchestrator({
      workflows: known,
      store: lent,
      clock: new ManualClock(recordedAtMs),
      ids: { runId: () => name.next, token, random: () => 0.5 },
      logger: pino({ level: 'silent' }),
    });
    await work(engine, name);
    die();
  }

  const later = scenarios.filter(({ isLater }) => isLater === true);
  await life(firstVersions, async (engine, name) => {
    for (const scenario of later) await start(engine, scenario, name);
  });
  await life(workflows, async (engine) => {
    for (const scenario of later) await scenario.bring?.(engine, scenario.name);
  });
  await life(firstVersions, async (engine, name) => {
    for (const scenario of scenarios) {
      if (scenario.isLater === true) continue;
      await start(engine, scenario, name);
      await scenario.bring?.(engine, scenario.name);
    }
  });
  world.isRecording = false;
}

async function start(
  engine: Orchestrator,
  scenario: Scenario,
  name: { next: string },
): Promise<void> {
  const { name: runId, workflow, input, status, isStopped } = scenario;
  name.next = runId;
  const startAt = status === 'pending' ? { startAt: recordedAtMs + 60_000 } : {};
  await engine.start(workflow, input, { actor: 'carl', ...startAt });
  if (isStopped === true) await untilStanding(engine, scenario);
  else await engine.drive(runId);
}

async function untilStanding(
  engine: Orchestrator,
  { name, waitsOn, status }: Scenario,
): Promise<void> {
  for (let round = 0; round < 1_000; round += 1) {
    await delay(5);
    const view = await engine.get(name);
    if (view.status === status && view.waitingOn.some(({ kind }) => waitsOn.includes(kind))) return;
  }
  throw new Error(`Run "${name}" does not come to where it is to be recorded`);
}
