import { redact } from '../../engine/redact.ts';
import type { ServiceParts } from '../parts.ts';
import { planOfRun, storedRun } from './plan-of-run.ts';

/** What the run was started with, without sensitive values. */
export async function inputOf(parts: ServiceParts, runId: string) {
  const { input } = (await storedRun(parts, runId)).header;
  const plan = await planOfRun(parts, runId);
  return { input: redact(input, plan.sensitiveInput) };
}

/** What the run yielded, without sensitive values; `null` unless it is complete. */
export async function outputOf(parts: ServiceParts, runId: string) {
  const { status, generation } = (await storedRun(parts, runId)).state;
  if (status !== 'complete') return { status, output: null };
  const plan = await planOfRun(parts, runId);
  const entries = await parts.store.settled(runId, generation, ['completion']);
  return { status, output: redact(entries.at(-1)?.output ?? null, plan.sensitiveOutput) };
}
