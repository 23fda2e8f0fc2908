/** What the calls are served with. */
import type { Orchestrator } from '../orchestrator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { Audit } from './audit/audit.ts';
import type { DefinitionsState } from './definitions.ts';
import type { Development } from './development/development.ts';
import type { News } from './runs/news.ts';

export interface ServicePorts {
  readonly orchestrator: Orchestrator;
  /** The orchestrator's. */
  readonly store: Store;
  /** The orchestrator's. */
  readonly clock: Clock;
  /** Default: the system's. */
  readonly ids?: Ids;
  /** Default: none. */
  readonly logger?: Logger;
  /** Default: whatever is registered was loaded without problems. */
  readonly definitions?: DefinitionsState;
  /** What the service calls itself at its address. Default: a random name. */
  readonly instance?: string;
  /** Present: there are calls for development, which change time and end the process. */
  readonly development?: Development;
  /** What sets it to work by itself. Default: none. */
  readonly triggers?: readonly Trigger[];
}

export interface ServiceParts extends Omit<ServicePorts, 'logger'> {
  readonly ids: Ids;
  readonly log: Logger;
  /** Every action of people and programs that no run's history tells. */
  readonly audit: Audit;
  /** Path it is mounted under, as `/signalbox`; empty: none. */
  readonly basePath: string;
  /** What happens to all runs. */
  readonly news: News;
}
