/** Closing: running attempts end within the grace, the rest are cut off without being judged, leases go back. */
import { SignalboxError } from '../errors.ts';
import type { OpenItem } from './run-body.ts';
import type { WorkDeps } from './work-deps.ts';

export async function shutDown(deps: WorkDeps, graceMs: number): Promise<void> {
  const { clock, drain, inFlight, queue, store } = deps;
  let stopWaiting = () => {};
  const grace = new Promise<boolean>((resolve) => {
    stopWaiting = clock.after(graceMs, () => resolve(true));
  });
  const isOver = await Promise.race([drain().then(() => false), grace]);
  stopWaiting();
  if (isOver) {
    for (const attempt of inFlight.values())
      attempt.abort.abort(new SignalboxError('CLOSED', 'The orchestrator is closing'));
  }
  await queue.idle();
  await handBack(deps);
  if (store.shared) await releaseLeases(deps);
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
  for (const run of runs.all()) {
    const open = run.open.map(marked);
    const isChanged = open.some((item, index) => item !== run.open[index]);
    if (!isChanged || run.state.lease?.owner !== owner) continue;
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
  }
}

async function releaseLeases({ runs, store, owner, log }: WorkDeps): Promise<void> {
  const held = runs.leased();
  if (held.length === 0) return;
  try {
    await store.renew(owner, held, 0);
  } catch (error) {
    log.warn({ err: error }, 'leases were not given back; they expire by themselves');
  }
}
