/** A session of a command whose store a running service has open. */
import { parsePlan } from '../../plan/parse.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Store } from '../../ports/store.ts';
import { planIn } from '../plan-in.ts';
import type { Session } from '../session.ts';
import { openStore, type StoreLocation } from '../store-location.ts';
import { UsageError } from '../usage-error.ts';
import { clientOf } from './client-of.ts';
import type { FoundService } from './find-service.ts';
import { createRemoteOrchestrator } from './remote-orchestrator.ts';

/** Changes go through the service. What only the store can tell is read from it, unless the service was named and the store is elsewhere. */
export async function openRemoteSession(
  service: FoundService,
  location: StoreLocation,
): Promise<Session> {
  const touched = new Set<string>();
  const orchestrator = createRemoteOrchestrator(service, (runId) => touched.add(runId));
  const store = service.isNamed ? null : await openStore(location, 'read');
  return {
    get store(): Store {
      if (store !== null) return store;
      throw new UsageError(
        'This command reads the store itself',
        'Run it where the store is, with --store and without --url',
      );
    },
    orchestrator,
    machines: { workflows: [], triggers: [], problems: [] },
    touched,
    isForgetful: false,
    isRemote: true,
    async planOf(runId): Promise<Plan | null> {
      if (store !== null) return planIn(store, runId);
      const { workflow, version } = await orchestrator.get(runId);
      const query = { version };
      const found = clientOf(service).workflows.get({ params: { workflow }, query });
      // Of a version that is not loaded the form stays unknown; the service checks the decision all the same.
      return found.then(
        ({ plan }) => parsePlan(plan),
        () => null,
      );
    },
    async close() {
      await store?.close();
    },
  };
}
