/** Calls for development alone: a clock that can be set ahead, a worker that can be killed. */
import { api } from '../../api/api.ts';
import { SignalboxError } from '../../errors.ts';
import type { Bind } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import { keepAheadMs } from './clock-record.ts';
import type { Development } from './development.ts';

/** An answer is on its way before the process dies. */
const lastWordsMs = 50;

export function serveDevelopment(
  bind: Bind,
  {
    orchestrator,
    store,
    instance,
  }: Pick<ServiceParts, 'orchestrator' | 'store'> & { readonly instance: string },
  { clock, mortal, ...worker }: Development,
): void {
  async function clockNow() {
    const nextDueMs = await store.nextDueAtMs();
    return {
      now: new Date(clock.nowMs()).toISOString(),
      aheadMs: clock.aheadMs,
      nextDue: nextDueMs === null ? null : new Date(nextDueMs).toISOString(),
    };
  }

  async function dueMsOf(runId: string): Promise<number | null> {
    const run = await store.load(runId);
    if (run === null)
      throw new SignalboxError('RUN_NOT_FOUND', `There is no run "${runId}"`, {
        details: { runId },
      });
    return run.state.pausedAtMs === null ? run.state.dueAtMs : null;
  }

  bind(api.development.get, async () => ({
    clock: await clockNow(),
    instance,
    pid: process.pid,
    restarts: worker.restarts,
    commits: mortal.commits,
    crash: mortal.planned,
  }));

  bind(api.development.skip, async ({ body: { runId, byMs } }) => {
    const nowMs = clock.nowMs();
    const dueMs = runId === undefined ? await store.nextDueAtMs() : await dueMsOf(runId);
    const skippedMs = byMs ?? Math.max(0, (dueMs ?? nowMs) - nowMs);
    if (skippedMs > 0) {
      // Runs that are moved by it must not wake up before their time after a restart.
      await keepAheadMs(store, clock.aheadMs + skippedMs);
      clock.advance(skippedMs);
    }
    await orchestrator.sweep();
    return { skippedMs, clock: await clockNow() };
  });

  bind(api.development.crash, ({ body: { commit, moment, runId = null } }) => {
    if (commit === 0) setTimeout(() => worker.die(), lastWordsMs);
    else mortal.plan({ commitsLeft: commit, moment, runId });
    return { instance, crash: mortal.planned };
  });

  bind(api.development.disarm, () => mortal.plan(null));
}
