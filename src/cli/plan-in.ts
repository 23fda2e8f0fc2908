import type { Plan } from '../plan/plan.ts';
import type { Store } from '../ports/store.ts';

/** The plan a stored run goes on with; `null` if the store does not have it. */
export async function planIn(
  store: Pick<Store, 'load' | 'plan'>,
  runId: string,
): Promise<Plan | null> {
  const stored = await store.load(runId);
  if (stored === null) return null;
  const { workflow, version, planHash } = stored.header;
  return store.plan(workflow, version, planHash);
}
