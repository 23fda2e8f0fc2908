import { redact } from '../../engine/redact.ts';
import type { ServiceParts } from '../parts.ts';
import { planOfRun, storedRun } from './plan-of-run.ts';

/** What the run yielded, without sensitive values; `null` unless it is complete. */
export async function outputOf(parts: ServiceParts, runId: string) {
  const { status, generation } = (await storedRun(parts, runId)).state;
  if (status !== 'complete') return { status, output: null };
  const plan = await planOfRun(parts, runId);
  const entries = await parts.store.settled(runId, generation, ['completion']);
  return { status, output: redact(entries.at(-1)?.output ?? null, plan.sensitiveOutput) };
}
