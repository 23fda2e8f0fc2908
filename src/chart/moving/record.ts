/** What is recorded of a run, in the names of the version it would move to. */
import type { Json, JsonObject } from '../../plan/json.ts';
import type { PlanNode, StepNode } from '../../plan/plan.ts';
import { substanceOf } from '../../plan/renaming.ts';
import type { Facts, PlanIndex } from '../../plan/settle.ts';
import type { ChartEvent, FailureSummary } from '../events.ts';
import type { RecordedEntry } from './run.ts';

/** Step under which the entry of a move stands: what came before it is in names of an older version, which the move has translated. */
export const migrationStep = '$migration';

/** How each step was settled last. */
export function lastRecords(entries: readonly RecordedEntry[]): ReadonlyMap<string, RecordedEntry> {
  const records = new Map<string, RecordedEntry>();
  for (const entry of entries) {
    const { step, settles } = entry;
    if (step === null || step.startsWith('$') || step === 'completion') continue;
    if (settles === null || settles === 'failed' || entry.event.startsWith('undo.')) continue;
    records.set(step, entry);
  }
  return records;
}

/** Answers of the author's functions so far. A move states those that still hold. */
export function recordedAnswers(entries: readonly RecordedEntry[]): {
  readonly facts: ReadonlyMap<string, boolean | string>;
  readonly derived: ReadonlyMap<string, Json>;
} {
  const facts = new Map<string, boolean | string>();
  const derived = new Map<string, Json>();
  for (const { step, data } of entries) {
    if (step === migrationStep) {
      facts.clear();
      derived.clear();
    }
    for (const [id, fact] of Object.entries((data?.['facts'] ?? {}) as Facts)) facts.set(id, fact);
    for (const [id, value] of Object.entries((data?.['derived'] ?? {}) as JsonObject))
      derived.set(id, value);
  }
  return { facts, derived };
}

export function undoOf(entry: RecordedEntry): number {
  const undo = entry.data?.['undo'];
  return typeof undo === 'number' ? undo : 0;
}

/** What a person said of an attempt in doubt, as the attempt itself would have said it: that is what the chart waits for at first. */
const verdicts: ReadonlyMap<string, string> = new Map([
  ['.happened', '.completed'],
  ['.given_up', '.failed'],
]);

/** The event that settled a step, as the chart of the new version takes it. */
export function eventOf(entry: RecordedEntry, name: string): ChartEvent {
  const { step, data } = entry;
  const ending = entry.event.slice(step?.length ?? 0);
  const failure = entry.error as unknown as FailureSummary | null;
  const outcome = data?.['outcome'];
  return {
    type: `${name}${verdicts.get(ending) ?? ending}`,
    undo: undoOf(entry),
    ...(failure === null ? {} : { failure: { ...failure, retryable: false } }),
    ...(outcome === 'approved' || outcome === 'rejected' ? { outcome } : {}),
    ...(data?.['decider'] === undefined ? {} : { decider: data['decider'] as never }),
  };
}

/** The event that settles a step by a result a person gives; `null` if that is not theirs to give. */
export function eventOfGiven(step: StepNode): ChartEvent | null {
  switch (step.kind) {
    case 'task':
    case 'map':
    case 'child':
    case 'emit':
      return { type: `${step.id}.completed`, undo: 0 };
    case 'wait':
      return { type: `${step.id}.received` };
    case 'sleep':
      return { type: `${step.id}.fired` };
    case 'review':
    case 'fail':
      return null;
    default:
      return step satisfies never;
  }
}

/** Nodes whose recorded answer still answers the same question. */
export function reusableAnswers(
  before: PlanIndex,
  after: PlanIndex,
  names: ReadonlyMap<string, string>,
  replaced: ReadonlySet<string>,
): ReadonlySet<string> {
  const reusable = new Set<string>();
  for (const node of after.plan.nodes) {
    const old = before.nodes.get(node.id);
    if (old === undefined || substanceOf(old, names) !== substanceOf(node)) continue;
    const sources = [...(after.dependencies.get(node.id) ?? [])];
    const isSound = (id: string) => {
      const source = after.nodes.get(id);
      if (replaced.has(id)) return false;
      return source === undefined || isStepLike(source) || reusable.has(id);
    };
    if (sources.every(isSound)) reusable.add(node.id);
  }
  return reusable;
}

const pure: ReadonlySet<string> = new Set(['choice', 'derive', 'merge', 'predicate']);
const isStepLike = (node: PlanNode) => !pure.has(node.kind);
