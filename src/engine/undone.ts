/** What counts as undone, from the entries of what people did about it. */
import type { HistoryEntry } from '../ports/store.ts';

export interface Undone {
  /** Undo entries done, in order. */
  readonly undone: string[];
  /** Those that could not be. */
  readonly notUndone: { readonly step: string; readonly reason: string }[];
  /** What people have said they have undone by hand. */
  readonly resolved: { readonly step: string; readonly actor: string; readonly reason: string }[];
}

/** Changes it as the entry says. @returns `false` if it says nothing of the kind */
export function takeByHand({ undone, notUndone, resolved }: Undone, entry: HistoryEntry): boolean {
  const { event, step, settles, actor, data } = entry;
  if ((event !== 'undo.retried' && event !== 'undo.resolved') || step === null) return false;
  if (settles !== 'complete') return true;
  notUndone.splice(0, notUndone.length, ...notUndone.filter((left) => left.step !== step));
  if (event === 'undo.retried') {
    undone.push(step);
    return true;
  }
  const reason = data?.['reason'];
  resolved.push({ step, actor, reason: typeof reason === 'string' ? reason : '' });
  return true;
}
