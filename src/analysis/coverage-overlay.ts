import { heatOverlay } from '../diagram/heat-overlay.ts';
import type { Overlay } from '../diagram/overlay.ts';
import type { Plan } from '../plan/plan.ts';
import type { CoverageReport } from '../proof/coverage.ts';

/** How often the stored runs, or the path tests, took each transition, for the state view. */
export function overlayOfCoverage(
  plan: Plan,
  { transitions, runs, paths }: CoverageReport,
  by: 'runs' | 'tests',
): Overlay {
  const heats = transitions.map(({ state, event, index, byRuns, byTests }) => ({
    state,
    event,
    index,
    count: by === 'runs' ? byRuns : (byTests ?? 0),
  }));
  const title =
    by === 'runs'
      ? `as ${runs} ${runs === 1 ? 'run' : 'runs'} took it`
      : `as ${paths ?? 0} path tests take it`;
  return heatOverlay(plan, heats, title);
}
