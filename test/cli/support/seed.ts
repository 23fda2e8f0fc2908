import { pino } from 'pino';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { createOrchestrator, type Orchestrator, type Store } from '../../../src/index.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import * as town from '../machines/town/workflow.ts';

/** Does something with the town's workflows in this process, then leaves the store to others. */
export async function seed<T>(
  opening: Promise<Store>,
  work: (orchestrator: Orchestrator) => Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  const store = await opening;
  const orchestrator = await createOrchestrator({
    workflows: Object.values(town),
    store,
    clock,
    logger: pino({ level: 'silent' }),
  });
  try {
    return await work(orchestrator);
  } finally {
    await orchestrator.close();
    await store.close();
  }
}

/** Starts a run and drives it as far as it goes. */
export async function begun(
  orchestrator: Orchestrator,
  workflow: string,
  input: unknown,
  options: Parameters<Orchestrator['start']>[2] = {},
): Promise<string> {
  const { runId } = await orchestrator.start(workflow, input, options);
  await orchestrator.drive(runId);
  return runId;
}
