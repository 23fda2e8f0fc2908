/** How a run stood at a moment of its past, for people and programs. */

import type { HistoryEntry, RunHeader, StoredRun } from '../ports/store.ts';
import { bodyOf } from './draft.ts';
import { iso } from './iso.ts';
import type { LiveRun } from './live-run.ts';
import { parseBody } from './run-body.ts';
import { type Explanation, explainRun, toView } from './views.ts';

/** Beside what is known of every run: the entry it is seen after, and what had been done by then. Nothing marked sensitive. */
export interface PastRun extends Explanation {
  /** Entry of the history after which the run is seen, from 1. */
  readonly seq: number;
  /** The event of that entry, and when it was, ISO 8601 in UTC. */
  readonly event: string;
  readonly at: string;
  /** Steps that had settled in this generation, in order of settling. */
  readonly settled: readonly { readonly step: string; readonly how: 'complete' | 'skipped' }[];
  /** What compensation would have undone then, first to be undone first. */
  readonly undoList: readonly { readonly step: string; readonly seq: number }[];
  readonly undone: readonly string[];
  readonly notUndone: readonly { readonly step: string; readonly reason: string }[];
}

/** A run that has moved to other versions began under the first of them, and is recomputed up to where it left that. */
export function headerAtStart({ header, state }: StoredRun): RunHeader {
  const [first] = parseBody(header.id, state.body).moves ?? [];
  if (first === undefined) return header;
  return { ...header, version: first.version, planHash: first.planHash };
}

/** @param entries - the history up to the moment, not empty */
export function toPastRun(run: LiveRun, entries: readonly HistoryEntry[]): PastRun {
  const last = entries.at(-1);
  const { plan, mode } = run.definition;
  const stored = { header: run.header, state: { ...run.state, body: bodyOf(run) } };
  const explained = explainRun(run, toView(stored, plan, mode, []));
  return {
    ...explained,
    seq: run.state.seq,
    event: last?.event ?? '',
    at: iso(last?.atMs ?? run.header.createdAtMs),
    settled: settledOf(run, entries),
    undoList: [...run.completed].reverse().map(({ step, seq }) => ({ step, seq })),
    undone: [...run.undone],
    notUndone: [...run.notUndone],
  };
}

function settledOf(run: LiveRun, entries: readonly HistoryEntry[]): PastRun['settled'] {
  const settled = new Map<string, 'complete' | 'skipped'>();
  for (const { step, settles, event, generation } of entries) {
    const isOwn =
      generation === run.state.generation && step !== null && !event.startsWith('undo.');
    if (!isOwn || (settles !== 'complete' && settles !== 'skipped')) continue;
    if (!step.startsWith('$')) settled.set(step, settles);
  }
  return [...settled].map(([step, how]) => ({ step, how }));
}
