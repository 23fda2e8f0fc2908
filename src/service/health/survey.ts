/** A look at every run under way: which are stuck, and which steps are being tried again. */
import type { Waiting } from '../../engine/waiting.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import { type Stuck, type SurveyLimits, stuckReason } from './stuck.ts';

export interface StuckRun extends Stuck {
  readonly runId: string;
  readonly workflow: string;
}

export interface RetryingStep {
  readonly workflow: string;
  readonly step: string;
  readonly runs: number;
  readonly nextAtMs: number | null;
}

export interface Survey {
  readonly atMs: number;
  readonly stuck: readonly StuckRun[];
  /** Those of the most runs first. */
  readonly retrying: readonly RetryingStep[];
  /** There are more runs under way than were looked at. */
  readonly isPartial: boolean;
}

/** @throws whatever the store throws */
export async function survey(
  orchestrator: Pick<Orchestrator, 'list'>,
  nowMs: number,
  limits: SurveyLimits,
): Promise<Survey> {
  const stuck: StuckRun[] = [];
  const retrying = new Map<string, RetryingStep>();
  let seen = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Orchestrator['list']>> = await orchestrator.list({
      status: ['pending', 'processing', 'waiting_review', 'compensating'],
      limit: 500,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const run of page.runs) {
      const reason = stuckReason(run, nowMs, limits);
      if (reason !== null) stuck.push({ runId: run.runId, workflow: run.workflow, ...reason });
      for (const item of run.waitingOn) {
        if (item.kind === 'retry') countRetry(retrying, run.workflow, item);
      }
    }
    seen += page.runs.length;
    cursor = page.cursor;
  } while (cursor !== null && seen < limits.maxRuns);
  return {
    atMs: nowMs,
    stuck,
    retrying: [...retrying.values()].sort((a, b) => b.runs - a.runs),
    isPartial: cursor !== null,
  };
}

function countRetry(retrying: Map<string, RetryingStep>, workflow: string, item: Waiting): void {
  const { step, until } = item;
  const key = JSON.stringify([workflow, step]);
  const known = retrying.get(key);
  const times = [known?.nextAtMs ?? null, until === null ? null : Date.parse(until)];
  const given = times.filter((time) => time !== null);
  retrying.set(key, {
    workflow,
    step,
    runs: (known?.runs ?? 0) + 1,
    nextAtMs: given.length === 0 ? null : Math.min(...given),
  });
}
