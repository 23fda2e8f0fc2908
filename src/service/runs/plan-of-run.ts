import { SignalboxError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { StoredRun } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';

/** @throws SignalboxError `RUN_NOT_FOUND` */
export async function storedRun({ store }: ServiceParts, runId: string): Promise<StoredRun> {
  const stored = await store.load(runId);
  if (stored !== null) return stored;
  throw new SignalboxError('RUN_NOT_FOUND', `No run "${runId}" in the store`, {
    details: { runId },
  });
}

/** The plan a run is on, whether its workflow is registered here or not. @throws SignalboxError `RUN_NOT_FOUND`, `DEFINITION_MISSING` */
export async function planOfRun(parts: ServiceParts, runId: string): Promise<Plan> {
  const { workflow, version, planHash } = (await storedRun(parts, runId)).header;
  const plan = await parts.store.plan(workflow, version, planHash);
  if (plan !== null) return plan;
  throw new SignalboxError('DEFINITION_MISSING', `The store has no plan of run "${runId}"`, {
    details: { runId },
  });
}
