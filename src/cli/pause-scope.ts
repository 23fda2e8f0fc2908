/** Pausing and resuming more than one run: those of a workflow, or all. */
import { systemClock } from '../adapters/system/clock.ts';
import type { Pause, PauseScope } from '../index.ts';
import { createAudit } from '../service/audit/audit.ts';
import type { Cli } from './cli.ts';
import { printable } from './escape.ts';
import { localTime } from './format.ts';
import type { Session } from './session.ts';
import { UsageError } from './usage-error.ts';

export interface ScopeOptions {
  readonly workflow?: string;
  readonly all?: true;
}

/** `null`: the run that is named. @throws UsageError unless exactly one thing is meant */
export function scopeOf(
  run: string | undefined,
  { workflow, all }: ScopeOptions,
): PauseScope | null {
  const given = [run, workflow, all].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw new UsageError('Say what: a run, --workflow <name>, or --all', 'Exactly one of them');
  if (all === true) return 'all';
  return workflow === undefined ? null : { workflow };
}

/** Changes the scope, and reports what is paused then. */
export function changeScope(
  cli: Cli,
  action: 'runs.paused' | 'runs.resumed',
  scope: PauseScope,
  { actor, reason }: { readonly actor: string; readonly reason?: string },
  change: (session: Session) => Promise<boolean>,
): Promise<void> {
  return cli.run('write', async (session) => {
    const changed = await change(session);
    // A service keeps the log itself.
    if (!session.isRemote) {
      const log = createAudit({ store: session.store, clock: systemClock });
      const subject = scope === 'all' ? 'everything' : `workflow/${scope.workflow}`;
      const details = { changed, ...(reason === undefined ? {} : { reason }) };
      await log.record({ name: actor }, action, subject, details);
    }
    const pauses = await session.orchestrator.pauses();
    return {
      json: { changed, pauses: pauses.map(({ scope: of, ...by }) => ({ scope: of, ...by })) },
      text: pauses.length === 0 ? ['Nothing is paused'] : pauses.map(pauseLine),
    };
  });
}

function pauseLine({ scope, since, actor, reason }: Pause): string {
  const what = scope === 'all' ? 'Everything' : `Workflow "${scope.workflow}"`;
  return printable(`${what} is paused since ${localTime(since)}, by ${actor}: ${reason}`);
}
