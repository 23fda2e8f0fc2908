import { api } from '../api/api.ts';
import type { Pause } from '../api/pauses.ts';
import type { PauseScope } from '../orchestrator.ts';
import type { Bind } from './bind.ts';
import type { ServiceParts } from './parts.ts';

export function servePauses(bind: Bind, { orchestrator, audit }: ServiceParts): void {
  async function list(): Promise<readonly Pause[]> {
    const pauses = await orchestrator.pauses();
    return pauses.map(({ scope, ...by }) =>
      scope === 'all'
        ? { scope: 'everything', workflow: null, ...by }
        : { scope: 'workflow', workflow: scope.workflow, ...by },
    );
  }
  bind(api.pauses.list, async () => ({ pauses: await list() }));
  bind(api.pauses.pause, async ({ body: { workflow, reason } }, { caller }) => {
    const scope = scopeOf(workflow);
    const changed = await orchestrator.pauseRuns(scope, { actor: caller.name, reason });
    // Also of a call that changed nothing: it may repeat one whose process died before it was on record.
    await audit.record(caller, 'runs.paused', subjectOf(scope), { reason, changed });
    return { changed, pauses: await list() };
  });
  bind(api.pauses.resume, async ({ body: { workflow, reason } }, { caller }) => {
    const scope = scopeOf(workflow);
    const changed = await orchestrator.resumeRuns(scope, { actor: caller.name });
    const why = reason === undefined ? {} : { reason };
    await audit.record(caller, 'runs.resumed', subjectOf(scope), { ...why, changed });
    return { changed, pauses: await list() };
  });
}

const scopeOf = (workflow: string | undefined): PauseScope =>
  workflow === undefined ? 'all' : { workflow };

const subjectOf = (scope: PauseScope) =>
  scope === 'all' ? 'everything' : `workflow/${scope.workflow}`;
