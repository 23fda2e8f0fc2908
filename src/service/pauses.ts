import { api } from '../api/api.ts';
import type { Pause } from '../api/pauses.ts';
import type { PauseScope } from '../orchestrator.ts';
import type { Bind } from './bind.ts';
import type { Caller } from './caller.ts';
import type { ServiceParts } from './parts.ts';

export function servePauses(bind: Bind, { orchestrator, audit }: ServiceParts): void {
  /** As much of it as concerns the caller. */
  async function list({ workflows }: Caller): Promise<readonly Pause[]> {
    const pauses = (await orchestrator.pauses()).map(({ scope, ...by }) =>
      scope === 'all'
        ? ({ scope: 'everything', workflow: null, ...by } as const)
        : ({ scope: 'workflow', workflow: scope.workflow, ...by } as const),
    );
    return pauses.filter(
      ({ workflow }) => workflow === null || (workflows?.includes(workflow) ?? true),
    );
  }
  bind(api.pauses.list, async ({ query: { workflow: wanted } }, { caller }) => {
    const pauses = await list(caller);
    const concerns = ({ workflow }: Pause) => workflow === null || workflow === wanted;
    return { pauses: wanted === undefined ? pauses : pauses.filter(concerns) };
  });
  bind(api.pauses.pause, async ({ body: { workflow, reason } }, { caller }) => {
    const scope = scopeOf(workflow);
    const changed = await orchestrator.pauseRuns(scope, { actor: caller.name, reason });
    // Also of a call that changed nothing: it may repeat one whose process died before it was on record.
    await audit.record(caller, 'runs.paused', subjectOf(scope), { reason, changed });
    return { changed, pauses: await list(caller) };
  });
  bind(api.pauses.resume, async ({ body: { workflow, reason, ...which } }, { caller }) => {
    const scope = scopeOf(workflow);
    const changed = await orchestrator.resumeRuns(scope, { actor: caller.name, ...which });
    const why = reason === undefined ? {} : { reason };
    await audit.record(caller, 'runs.resumed', subjectOf(scope), { ...why, changed });
    return { changed, pauses: await list(caller) };
  });
}

const scopeOf = (workflow: string | undefined): PauseScope =>
  workflow === undefined ? 'all' : { workflow };

const subjectOf = (scope: PauseScope) =>
  scope === 'all' ? 'everything' : `workflow/${scope.workflow}`;
