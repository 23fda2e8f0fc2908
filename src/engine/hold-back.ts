/** Works that were handed out and have not begun when their run is paused: they wait in the run, not in the queue. */

import type { LiveRun } from './live-run.ts';
import type { OpenItem } from './run-body.ts';
import type { WorkDeps } from './work-deps.ts';

/** Nothing more of the run may begin: it is paused by itself, with its workflow, or with everything. */
export function isHeld(deps: Pick<WorkDeps, 'holds'>, run: LiveRun): boolean {
  return run.state.pausedAtMs !== null || deps.holds.of(run.header.workflow) !== null;
}

/** Work that has not begun: it does when the pause is over, at once if it is over already. */
export function holdBack(
  deps: Pick<WorkDeps, 'runs'>,
  runId: string,
  token: string,
): Promise<void> {
  return hold(deps, runId, token, (item, fresh) => ({ ...item, token: fresh }));
}

/** A map whose items have begun goes on under its token: they know theirs by it. */
export function holdMapBack(
  deps: Pick<WorkDeps, 'runs'>,
  runId: string,
  token: string,
): Promise<void> {
  return hold(deps, runId, token, (item) =>
    item.kind === 'map' ? { ...item, hasBegun: true } : item,
  );
}

type Work = Extract<OpenItem, { readonly token: string }>;

async function hold(
  deps: Pick<WorkDeps, 'runs'>,
  runId: string,
  token: string,
  asHeld: (item: Work, freshToken: string) => Work,
): Promise<void> {
  const run = await deps.runs.own(runId);
  const isMine = (item: OpenItem): item is Work => 'token' in item && item.token === token;
  if (run === null || !run.open.some(isMine)) return;
  await deps.runs.change(run, ({ tools }) => {
    run.open = run.open.map((item) =>
      isMine(item) ? { ...asHeld(item, tools.token()), held: true } : item,
    );
  });
}

/** Work that is held back and may have done something: in this process before the pause, or in one that died over it. */
export function mayHaveBegun(item: OpenItem): boolean {
  if (item.kind === 'map') return item.hasBegun === true || (item.dispatches ?? 1) > 1;
  return item.kind === 'attempt' && item.dispatches > 1;
}
