/** Closing: running attempts end within the grace, the rest are cut off without being judged, leases go back. */
import { SignalboxError } from '../errors.ts';
import type { Leases } from './leases.ts';
import type { LiveRun } from './live-run.ts';
import type { OpenItem } from './run-body.ts';
import type { WorkDeps } from './work-deps.ts';

export async function shutDown(deps: WorkDeps, leases: Leases, graceMs: number): Promise<void> {
  const { clock, drain, inFlight, queue, log } = deps;
  let stopWaiting = () => {};
  const grace = new Promise<boolean>((resolve) => {
    stopWaiting = clock.after(graceMs, () => resolve(true));
  });
  const drained = drain().then(
    () => false,
    (error: unknown) => {
      log.error({ err: error }, 'the dispatcher cannot be emptied; what is under way is cut off');
      return true;
    },
  );
  const isOver = await Promise.race([drained, grace]);
  stopWaiting();
  if (isOver) {
    for (const attempt of inFlight.values())
      attempt.abort.abort(new SignalboxError('CLOSED', 'The orchestrator is closing'));
  }
  await queue.idle();
  await handBack(deps);
  await leases.giveBack();
  await deps.executor.close?.();
}

/**
 * Attempts scheduled and never handed out are marked so: nobody need ask whether they took effect. Work that is taken up again by the next
 * start has not cost the process its life.
 */
async function handBack({ runs, owner, inFlight, cutOff, log }: WorkDeps): Promise<void> {
  const marked = (item: OpenItem): OpenItem => {
    if (!('token' in item)) return item;
    const { dispatches = 1 } = item;
    const isUntouched = inFlight.get(item.token)?.isRunning !== true && !cutOff.has(item.token);
    if (item.kind === 'attempt' && dispatches === 1 && isUntouched)
      return { ...item, dispatches: 0 };
    return dispatches > 1 ? { ...item, dispatches: dispatches - 1 } : item;
  };
  const mark = async (run: LiveRun): Promise<void> => {
    const open = run.open.map(marked);
    const isChanged = open.some((item, index) => item !== run.open[index]);
    if (!isChanged || run.state.lease?.owner !== owner) return;
    try {
      await runs.change(run, () => {
        run.open = open;
      });
    } catch (error) {
      log.warn(
        { err: error, runId: run.header.id },
        'work that goes on at the next start could not be marked so',
      );
    }
  };
  // Together, so that thousands cost a few flushes.
  await Promise.all(runs.all().map(mark));
}
