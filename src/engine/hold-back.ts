/** Works that were handed out and have not begun when their run is paused: they wait in the run, not in the queue. */

import type { LiveRun } from './live-run.ts';
import type { OpenItem } from './run-body.ts';
import type { WorkDeps } from './work-deps.ts';

/** Nothing more of the run may begin: it is paused by itself, with its workflow, or with everything. */
export function isHeld(deps: Pick<WorkDeps, 'holds'>, run: LiveRun): boolean {
  return run.state.pausedAtMs !== null || deps.holds.of(run.header.workflow) !== null;
}

/**
 * @param token - of the work; it begins when the pause is over, at once if it is over already
 * @param keepsToken - whether it goes on under its token: the items of a map know theirs by it
 */
export async function holdBack(
  deps: Pick<WorkDeps, 'runs'>,
  runId: string,
  token: string,
  keepsToken = false,
): Promise<void> {
  const run = await deps.runs.own(runId);
  const isMine = (item: OpenItem) => 'token' in item && item.token === token;
  if (run === null || !run.open.some(isMine)) return;
  await deps.runs.change(run, ({ tools }) => {
    run.open = run.open.map((item) =>
      isMine(item) && 'token' in item
        ? { ...item, held: true, token: keepsToken ? item.token : tools.token() }
        : item,
    );
  });
}
