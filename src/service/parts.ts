/** What the calls are served with. */
import type { Orchestrator } from '../orchestrator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { Audit } from './audit/audit.ts';
import type { DefinitionsState } from './definitions.ts';

export interface ServicePorts {
  readonly orchestrator: Orchestrator;
  readonly store: Store;
  readonly clock: Clock;
  /** Default: whatever is registered was loaded without problems. */
  readonly definitions?: DefinitionsState;
}

export interface ServiceParts extends ServicePorts {
  /** Every action of people and programs that no run's history tells. */
  readonly audit: Audit;
}
