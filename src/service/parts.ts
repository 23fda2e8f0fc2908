/** What the calls are served with. */
import type { Orchestrator } from '../orchestrator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';

export interface ServiceParts {
  readonly orchestrator: Orchestrator;
  readonly store: Store;
  readonly clock: Clock;
}
