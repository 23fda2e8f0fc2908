import type { Json } from '../plan/json.ts';
import type { Cli } from './cli.ts';
import { findRun } from './find-run.ts';
import { runReport } from './run-report.ts';
import type { Session } from './session.ts';

/** Changes a run, drives it until it ends or waits for something outside, and reports how it stands then. */
export function changeRun(
  cli: Cli,
  given: string,
  wait: boolean,
  change: (session: Session, runId: string) => Promise<{ readonly [field: string]: Json } | void>,
): Promise<void> {
  return cli.run('write', async (session) => {
    const runId = await findRun(session.orchestrator, given);
    const extra = await change(session, runId);
    const view = await session.orchestrator.drive(runId, wait ? 'finished' : 'waiting');
    return runReport(cli, session, view, extra ?? {});
  });
}
