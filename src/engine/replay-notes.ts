/** Entries of a history that are no transitions of the chart, and what they change of a run nevertheless. */
import { statusOf } from '../chart/advance.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { closeItems, type Draft } from './draft.ts';
import { reminded } from './due.ts';
import { takeDeed } from './handling.ts';
import { textOf } from './live-run.ts';
import { leavesNothing, outcomeOf } from './outcome.ts';
import { postponed, stopped } from './pausing.ts';
import { goOn } from './requests/pause.ts';
import { openMessage } from './review-messages.ts';
import type { OpenItem } from './run-body.ts';
import { awaitStart } from './start.ts';
import { takeByHand } from './undone.ts';

/** @returns whether the entry was a note; a transition is left alone */
export function takeNote(draft: Draft, entry: HistoryEntry): boolean {
  const { run } = draft;
  const { event, step, data } = entry;
  switch (event) {
    case 'run.created':
      if (typeof data?.['startAtMs'] === 'number') awaitStart(draft, data['startAtMs']);
      return true;
    case 'run.paused':
      run.open = run.open.map((item) => stopped(item, entry.atMs));
      run.state = { ...run.state, pausedAtMs: entry.atMs };
      return true;
    case 'run.resumed':
    case 'run.cancel_repeated':
      if (run.state.pausedAtMs !== null) goOn(draft);
      return true;
    case 'run.cancelled':
      if (run.state.pausedAtMs !== null) dropHeld(draft, run.state.pausedAtMs);
      return false;
    case 'run.held': {
      const ms = data?.['ms'];
      if (typeof ms === 'number') run.open = run.open.map((item) => postponed(item, ms));
      return true;
    }
    case 'run.compensated':
      run.compensatedBy = typeof data?.['by'] === 'string' ? data['by'] : null;
      return true;
    case 'run.failure_handled':
    case 'run.failure_not_handled':
      closeItems(draft, (item) => item.kind === 'notice' && item.about === undefined);
      return true;
    case `${step}.told`:
    case `${step}.not_told`:
      closeItems(draft, (item) => isMessage(item, step, data));
      return true;
    case 'undo.missed':
      run.notUndone.push({ step: step ?? '', reason: textOf(entry.error, 'message') });
      if (run.outcome !== null) run.outcome = outcomeOf(run);
      return true;
    case 'undo.retried':
    case 'undo.resolved':
      takeByHand(run, entry);
      if (run.outcome !== null) run.outcome = outcomeOf(run);
      return true;
    case `${step}.reminded`:
      takeReminder(draft, entry);
      return true;
    case `${step}.late`:
      noteLate(draft, entry);
      return true;
    default:
      return takeDeed(run, entry) || isSilent(event);
  }
}

function takeReminder(draft: Draft, { step, atMs }: HistoryEntry): void {
  const { run } = draft;
  for (const item of run.open) {
    if (item.kind !== 'review' || item.step !== step) continue;
    const next = reminded(run, item, atMs);
    run.open = run.open.map((open) => (open === item ? next : open));
    openMessage(draft, next, 'reminder', next.reminders);
  }
}

function isMessage(item: OpenItem, step: string | null, data: HistoryEntry['data']): boolean {
  if (item.kind !== 'notice' || item.about === undefined) return false;
  const { about } = item;
  return about.step === step && about.kind === data?.['of'] && about.number === data['number'];
}

/** Notes that change nothing, or what has changed already along with the transition they stand beside. */
function isSilent(event: string): boolean {
  return silent.has(event) || /\.(late|skipped)$/.test(event);
}

const silent: ReadonlySet<string> = new Set([
  'signal.kept',
  'decision.refused',
  'event.withheld',
  'steps.settled',
  'run.stopped',
]);

/** What the event answers is waited for no longer, whether or not the chart still accepts it. */
export function closeAnswered(draft: Draft, event: string): void {
  const type = event.replace(/\.late$/, '');
  closeItems(draft, (item) => answersOf(item).includes(type));
}

function answersOf(item: OpenItem): readonly string[] {
  switch (item.kind) {
    case 'attempt':
    case 'map':
      return [...outcomesOf(item.step), 'stop.grace_over'];
    case 'child':
      return outcomesOf(item.step);
    case 'undo':
      return ['undo.completed', 'undo.failed'];
    case 'timer':
      return [`${item.step}.${item.name}`];
    case 'review':
      return [`${item.step}.expired`];
    case 'event':
      return [`${item.step}.timed_out`];
    case 'notice':
      return [];
    default:
      return item satisfies never;
  }
}

function outcomesOf(step: string): readonly string[] {
  return ['completed', 'failed', 'deferred', 'in_doubt'].map((ending) => `${step}.${ending}`);
}

/** A cancelled pause: what it has held back does not begin. */
function dropHeld(draft: Draft, pausedAtMs: number): void {
  closeItems(
    draft,
    (item) => item.held === true || (item.kind === 'child' && item.sinceMs >= pausedAtMs),
  );
  goOn(draft);
}

function noteLate({ run }: Draft, { step, output, data }: HistoryEntry): void {
  const late = { step: step ?? '', fallback: data?.['fallback'] === true };
  const status = statusOf(run.snapshot);
  const isStopping = status === 'compensating' || status === 'failed' || status === 'cancelled';
  if (output === undefined || isStopping || leavesNothing(run, late)) return;
  run.late = [...run.late, late];
}
