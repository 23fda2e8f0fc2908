import type { ServiceParts } from '../parts.ts';
import { allEntries } from './history.ts';
import { planOfRun } from './plan-of-run.ts';

/** Everything about one run for an audit, as it stood at one entry of its history. */
export async function exportRun(parts: ServiceParts, runId: string) {
  const { orchestrator, clock } = parts;
  const run = await orchestrator.get(runId);
  return {
    format: 1 as const,
    exportedAt: new Date(clock.nowMs()).toISOString(),
    run,
    chain: await orchestrator.verify(runId),
    plan: structuredClone(await planOfRun(parts, runId)) as never,
    history: await allEntries(parts, runId, run.entries),
  };
}
