/** The history of a run as lanes of a waterfall; pure. */
import type { z } from 'zod';
import type { Lane, Phase } from '../../api/timeline.ts';
import type { Waiting } from '../../engine/waiting.ts';
import { dependenciesOf } from '../../plan/dependencies.ts';
import { isStep, type Plan } from '../../plan/plan.ts';
import type { HistoryEntry } from '../../ports/store.ts';

type LaneOf = z.infer<typeof Lane>;
type PhaseOf = z.infer<typeof Phase>;

/**
 * @param entries - of one generation, in order
 * @param waitingOn - what goes on now
 * @returns in the order in which the steps began
 */
export function lanesOf(
  plan: Plan,
  entries: readonly HistoryEntry[],
  waitingOn: readonly Waiting[],
): readonly LaneOf[] {
  const lanes = new Map<string, PhaseOf[]>();
  const laneOf = (step: string) => {
    const known = lanes.get(step) ?? [];
    lanes.set(step, known);
    return known;
  };
  const begins = createBegins(plan, entries[0]?.atMs ?? 0);
  for (const entry of entries) {
    const { step } = entry;
    if (step === null || step.startsWith('$')) continue;
    const phases = laneOf(step);
    phases.push(...phasesOf(entry, begins.of(step), isTask(plan, step)));
    // A wait that ends opens the next attempt; until then the step stands in it.
    if (entry.event.endsWith('.retry_due')) close(phases, entry.atMs, entry.seq);
    begins.note(entry);
  }
  for (const waiting of waitingOn) {
    if (waiting.step === 'run') continue;
    const phases = laneOf(waiting.step);
    const last = phases.at(-1);
    if (last?.toMs === null && last.kind !== 'attempt') continue;
    phases.push(openPhase(waiting));
  }
  return [...lanes]
    .filter(([, phases]) => phases.length > 0)
    .map(([step, phases]) => ({ step, kind: kindOf(plan, step), phases }))
    .sort((left, right) => startOf(left) - startOf(right));
}

const startOf = ({ phases }: LaneOf) => phases[0]?.fromMs ?? 0;

/** What an entry tells of the time before it. */
function phasesOf(entry: HistoryEntry, sinceMs: number, isAttempted: boolean): readonly PhaseOf[] {
  const { event, atMs, durationMs, attempt, settles, error, data, seq } = entry;
  const message = error?.['message'];
  const base = { attempt, seq, note: typeof message === 'string' ? message : null };
  if (event.startsWith('undo.')) {
    const outcome = settles === 'complete' ? 'succeeded' : 'failed';
    return [{ ...base, kind: 'undo', fromMs: atMs - (durationMs ?? 0), toMs: atMs, outcome }];
  }
  const delayMs = data?.['delayMs'];
  const next = (kind: 'backoff' | 'put_off', note: string | null): PhaseOf[] =>
    typeof delayMs === 'number'
      ? [{ kind, fromMs: atMs, toMs: null, attempt, outcome: null, seq: null, note }]
      : [];
  if (event.endsWith('.deferred')) return next('put_off', 'put off');
  if (durationMs !== null) {
    const fromMs = atMs - durationMs;
    const queued: PhaseOf[] =
      fromMs > sinceMs
        ? [
            {
              kind: 'queued',
              fromMs: sinceMs,
              toMs: fromMs,
              attempt,
              outcome: null,
              seq: null,
              note: null,
            },
          ]
        : [];
    const outcome = error === null ? 'succeeded' : 'failed';
    return [
      ...queued,
      { ...base, kind: 'attempt', fromMs, toMs: atMs, outcome },
      ...next('backoff', null),
    ];
  }
  if (settles === null) return [];
  const outcome = settles === 'skipped' ? 'skipped' : settles === 'failed' ? 'failed' : 'succeeded';
  const fromMs = settles === 'skipped' || isAttempted ? atMs : sinceMs;
  return [{ ...base, kind: 'waiting', fromMs, toMs: atMs, outcome }];
}

function close(phases: PhaseOf[], atMs: number, seq: number): void {
  const last = phases.at(-1);
  if (last?.toMs === null) phases[phases.length - 1] = { ...last, toMs: atMs, seq };
}

function openPhase({ kind, since, attempt, what }: Waiting): PhaseOf {
  const kinds = {
    attempt: 'attempt',
    undo: 'undo',
    retry: 'backoff',
    breaker: 'put_off',
  } as const;
  return {
    kind: kind in kinds ? kinds[kind as keyof typeof kinds] : 'waiting',
    fromMs: Date.parse(since),
    toMs: null,
    attempt: attempt ?? null,
    outcome: null,
    seq: null,
    note: what,
  };
}

/** When each step could begin: once all it depends on had settled, or the wait before its next attempt was over. */
function createBegins(plan: Plan, startMs: number) {
  const needed = stepsNeeded(plan);
  const settledMs = new Map<string, number>();
  const dueMs = new Map<string, number>();
  return {
    of(step: string): number {
      const due = dueMs.get(step);
      if (due !== undefined) return due;
      // the closing review waits for every step
      const before = needed.get(step) ?? settledMs.keys();
      return Math.max(startMs, ...[...before].map((id) => settledMs.get(id) ?? startMs));
    },
    note({ step, event, settles, atMs }: HistoryEntry): void {
      if (step === null) return;
      if (settles !== null && settles !== 'failed') settledMs.set(step, atMs);
      if (event.endsWith('.retry_due')) dueMs.set(step, atMs);
    },
  };
}

/** By step: the steps it depends on, through predicates, choices and what else is computed. */
function stepsNeeded(plan: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
  const needed = new Map<string, ReadonlySet<string>>();
  function of(id: string): ReadonlySet<string> {
    const known = needed.get(id);
    if (known !== undefined) return known;
    const node = nodes.get(id);
    const steps = new Set<string>();
    needed.set(id, steps);
    for (const before of node === undefined ? [] : dependenciesOf(node)) {
      const other = nodes.get(before);
      if (other === undefined) continue;
      if (isStep(other)) steps.add(before);
      else for (const step of of(before)) steps.add(step);
    }
    return steps;
  }
  for (const node of plan.nodes) of(node.id);
  return needed;
}

function kindOf(plan: Plan, step: string): string {
  if (step === 'completion') return 'closing';
  const [own = step] = step.split('/');
  return plan.nodes.find(({ id }) => id === own)?.kind ?? 'task';
}

const isTask = (plan: Plan, step: string) => kindOf(plan, step) === 'task';
