/** What can be done about a run now, as data an assistant can choose from. */
import type { Explanation } from '../api/run-shapes.ts';

export interface Choice {
  readonly tool: 'decide_review' | 'send_signal' | 'cancel_run' | 'wait_for_run';
  /** What the tool has to be given, besides values of one's own. */
  readonly arguments: Readonly<Record<string, string>>;
  readonly why: string;
}

/** Only what the chart of the run accepts in its present state. */
export function choicesOf({ runId, status, waitingOn }: Explanation): readonly Choice[] {
  const isOver = ['complete', 'failed', 'cancelled'].includes(status);
  if (isOver) return [];
  const answers = waitingOn.flatMap(({ kind, step, event, what }): readonly Choice[] => {
    if (kind === 'review') {
      const why = `Waits for ${what}; see show_review whether this assistant may decide`;
      return [{ tool: 'decide_review', arguments: { runId, step }, why }];
    }
    if (kind !== 'event' || event === undefined) return [];
    return [{ tool: 'send_signal', arguments: { runId, event }, why: `Waits for ${what}` }];
  });
  return [
    ...answers,
    { tool: 'wait_for_run', arguments: { runId }, why: 'Until something has happened' },
    { tool: 'cancel_run', arguments: { runId }, why: 'Undoes what was completed; asks first' },
  ];
}
