/** What can be done about a run now, as data an assistant can choose from. */
import type { Explanation } from '../api/run-shapes.ts';

export interface Choice {
  readonly tool:
    | 'decide_review'
    | 'send_signal'
    | 'cancel_run'
    | 'retry_run'
    | 'pause_run'
    | 'resume_run'
    | 'resume_runs'
    | 'wait_for_run';
  /** What the tool has to be given, besides values of one's own. */
  readonly arguments: Readonly<Record<string, string | true>>;
  readonly why: string;
}

/** Only what the chart of the run accepts in its present state. */
export function choicesOf(explanation: Explanation): readonly Choice[] {
  const { runId, status, waitingOn, events } = explanation;
  const mayRetry = events.some(({ event, open }) => event === 'run.retried' && open);
  if (mayRetry)
    return [{ tool: 'retry_run', arguments: { runId }, why: 'Has failed, and may go on' }];
  if (['complete', 'failed', 'cancelled'].includes(status)) return [];
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
    ...pausesOf(explanation),
    { tool: 'wait_for_run', arguments: { runId }, why: 'Until something has happened' },
    { tool: 'cancel_run', arguments: { runId }, why: 'Undoes what was completed; asks first' },
  ];
}

function pausesOf({ runId, workflow, paused, heldBy }: Explanation): readonly Choice[] {
  const own: Choice = paused
    ? { tool: 'resume_run', arguments: { runId }, why: 'Is paused by itself' }
    : { tool: 'pause_run', arguments: { runId }, why: 'Nothing new begins until it is resumed' };
  const others = heldBy.map(({ scope, actor, reason }): Choice => {
    const given = scope === 'everything' ? ({ everything: true } as const) : { workflow };
    const why = `Is held by a pause of ${scope === 'everything' ? 'everything' : 'its workflow'}, by ${actor}: ${reason}`;
    return { tool: 'resume_runs', arguments: given, why };
  });
  return [own, ...others];
}
