/** Entries of the history as sentences, for those who have to prove what happened and did not write the workflow. */
import type { HistoryEntry } from '../../../api/run-shapes.ts';
import { textAt } from '../../parts/json-text.ts';

const ofRun: Readonly<Record<string, string>> = {
  'run.created': 'Run was asked for',
  'run.started': 'Run began',
  'run.cancelled': 'Run was cancelled',
  'run.cancel_repeated': 'Run was cancelled once more',
  'run.compensated': 'What it did was undone by its parent',
  'run.faulted': "Error in the workflow's own code",
  'run.held': 'Deadlines moved by the time it was paused',
  'run.migrated': 'Run moved to another version',
  'run.paused': 'Run was paused',
  'run.resumed': 'Run was resumed',
  'run.retried': 'Run was retried',
  'run.stopped': 'Run was stopped',
  'run.timed_out': 'Time of the whole run was up',
};

const ofStep: Readonly<Record<string, string>> = {
  completed: 'completed',
  failed: 'failed',
  skipped: 'was skipped',
  deferred: 'was put off',
  expired: 'was not decided in time',
  timed_out: 'took too long',
  received: 'got what it waited for',
  late: 'was answered too late',
  fired: 'was over',
  in_doubt: 'may have taken effect or not',
  voted: 'was approved by one of several',
  objected: 'was rejected by one of several',
  claimed: 'was claimed',
  released: 'was released',
  delegated: 'was delegated',
  assigned: 'was assigned',
  reminded: 'had its reviewers reminded',
  refused: 'refused a decision',
  told: 'had its message sent',
  not_told: 'had its message given up',
  happened: 'was said to have taken effect',
  did_not_happen: 'was said to have taken no effect',
  given_up: 'was given up',
  retry_due: 'was due for its next attempt',
};

/** @returns `null` if the name says it best */
export function entryInWords({ event, data }: Pick<HistoryEntry, 'event' | 'data'>): string | null {
  const known = ofRun[event];
  if (known !== undefined) return known;
  const at = event.lastIndexOf('.');
  const [name, what] = [event.slice(0, at), event.slice(at + 1)];
  if (name.includes('.') || name === 'run' || name === 'undo') return null;
  const step = name === 'completion' ? 'Result' : name;
  const outcome = textAt(data ?? undefined, 'outcome') ?? 'decided';
  if (what === 'decided') return `${step} was ${outcome}`;
  if (what === 'decided_by_policy') return `${step} was approved by a rule`;
  if (what.startsWith('escalated_')) return `${step} was escalated`;
  const words = ofStep[what];
  return words === undefined ? null : `${step} ${words}`;
}

/** What whoever did it said about it; `null`: nothing. */
export function noteOf({ data }: Pick<HistoryEntry, 'data'>): string | null {
  return textAt(data ?? undefined, 'comment') ?? textAt(data ?? undefined, 'reason');
}
