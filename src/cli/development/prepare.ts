/** What the orchestrator of a service in development works with: a clock that can be set ahead, a store at whose commits it can die. */
import { createInlineExecutor } from '../../adapters/inline/executor.ts';
import { createAdjustableClock } from '../../adapters/system/adjustable-clock.ts';
import { systemClock } from '../../adapters/system/clock.ts';
import type { Store } from '../../ports/store.ts';
import { readAheadMs } from '../../service/development/clock-record.ts';
import { createMortalStore } from '../../service/development/crash.ts';
import type { Development } from '../../service/development/development.ts';
import type { Prepared } from '../session.ts';

export async function prepareDevelopment(
  store: Store,
  restarts: number,
): Promise<{ readonly development: Development; readonly prepared: Prepared }> {
  const die = () => void process.kill(process.pid, 'SIGKILL');
  const clock = createAdjustableClock(systemClock, await readAheadMs(store));
  const mortal = createMortalStore(store, die);
  return {
    development: { clock, mortal, restarts, die },
    // Limits of attempts that run are no deadlines: they are not skipped.
    prepared: { store: mortal.store, clock, executor: createInlineExecutor(systemClock) },
  };
}
