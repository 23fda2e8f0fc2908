import type { AdjustableClock } from '../../adapters/system/adjustable-clock.ts';
import type { MortalStore } from './crash.ts';

/** What a service has that was started for development. */
export interface Development {
  /** The orchestrator's. */
  readonly clock: AdjustableClock;
  /** The orchestrator's store, which can be told to take the process with it. */
  readonly mortal: MortalStore;
  readonly restarts: number;
  /** Ends the process as a power cut would. */
  die(): void;
}
