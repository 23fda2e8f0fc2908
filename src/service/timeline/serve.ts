import { api } from '../../api/api.ts';
import type { Bind } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import { entriesOf } from '../runs/history.ts';
import { planOfRun } from '../runs/plan-of-run.ts';
import { lanesOf } from './lanes.ts';

export function serveTimeline(bind: Bind, parts: ServiceParts): void {
  bind(api.timeline.get, async ({ params: { runId } }) => {
    const run = await parts.orchestrator.get(runId);
    const plan = await planOfRun(parts, runId);
    const entries = [];
    for await (const entry of entriesOf(parts, runId, run.entries))
      if (entry.generation === run.generation) entries.push(entry);
    const fromMs = entries[0]?.atMs ?? Date.parse(run.createdAt);
    const nowMs = parts.clock.nowMs();
    return {
      fromMs,
      toMs: run.finishedAt === null ? Math.max(fromMs, nowMs) : Date.parse(run.finishedAt),
      lanes: lanesOf(plan, entries, run.waitingOn),
    };
  });
}
