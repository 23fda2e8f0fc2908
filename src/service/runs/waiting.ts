import type { ServiceParts } from '../parts.ts';

interface Wait {
  readonly until: 'waiting' | 'finished';
  readonly timeoutMs: number;
  /** Ends when the caller has hung up, or the service is closing. */
  readonly signal: AbortSignal;
}

/** Never longer than its time: what has not come by then is answered as the run stands. */
export async function waitFor(
  { orchestrator, clock }: ServiceParts,
  runId: string,
  { until, timeoutMs, signal }: Wait,
) {
  await orchestrator.get(runId);
  let stop = () => {};
  const timeIsUp = new Promise<null>((resolve) => {
    const cancel = clock.after(timeoutMs, () => resolve(null));
    const hungUp = () => resolve(null);
    signal.addEventListener('abort', hungUp, { once: true });
    stop = () => {
      cancel();
      signal.removeEventListener('abort', hungUp);
    };
  });
  const driven = orchestrator.drive(runId, until);
  // nobody waits for it any more once the time is up
  driven.catch(() => {});
  try {
    const run = await Promise.race([driven, timeIsUp]);
    return { reached: run !== null, run: run ?? (await orchestrator.get(runId)) };
  } finally {
    stop();
  }
}
