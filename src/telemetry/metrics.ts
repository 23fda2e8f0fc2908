/** Metrics of runs and attempts, through the OpenTelemetry API. */
import type { Meter } from '@opentelemetry/api';
import type { RunEvent } from '../engine/announcer.ts';
import type { Orchestrator } from '../orchestrator.ts';

/** Start times that are kept for the duration of runs; of the others, the duration is not counted. */
const maxKnown = 100_000;
const isFinal = (status: string) =>
  status === 'complete' || status === 'failed' || status === 'cancelled';

/** Counts from now on what happens in this process. Returns a function that ends it. */
export function meterRuns(meter: Meter, orchestrator: Pick<Orchestrator, 'subscribe'>): () => void {
  const started = meter.createCounter('signalbox.runs.started', { description: 'Runs started' });
  const finished = meter.createCounter('signalbox.runs.finished', {
    description: 'Runs that ended, by their status',
  });
  const runSeconds = meter.createHistogram('signalbox.run.duration', {
    description: 'From the start of a run to its end',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.1, 1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800] },
  });
  const attemptSeconds = meter.createHistogram('signalbox.attempt.duration', {
    description: 'Attempts of steps, by their outcome',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60, 300] },
  });
  const refused = meter.createCounter('signalbox.decisions.refused', {
    description: 'Decisions on reviews that were refused',
  });
  const startedAtMs = new Map<string, number>();

  function hear({ runId, workflow, entry }: RunEvent): void {
    const { event, from, to, step, attempt, durationMs, error, atMs } = entry;
    if (event === 'run.created') {
      started.add(1, { workflow });
      if (startedAtMs.size < maxKnown) startedAtMs.set(runId, atMs);
    }
    if (event === 'decision.refused') refused.add(1, { workflow });
    if (step !== null && attempt !== null && durationMs !== null) {
      const outcome = error === null ? 'complete' : 'failed';
      attemptSeconds.record(durationMs / 1_000, { workflow, step, outcome });
    }
    if (from === to || !isFinal(to)) return;
    finished.add(1, { workflow, status: to });
    const since = startedAtMs.get(runId);
    startedAtMs.delete(runId);
    if (since !== undefined) runSeconds.record((atMs - since) / 1_000, { workflow, status: to });
  }

  return orchestrator.subscribe(hear);
}
