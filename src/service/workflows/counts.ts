/** How many runs stand in which status. */
import type { RunCount, Store } from '../../ports/store.ts';

export interface CountsByStatus {
  readonly [status: string]: number;
}

export function byWorkflow(counts: readonly RunCount[]): ReadonlyMap<string, CountsByStatus> {
  const found = new Map<string, CountsByStatus>();
  for (const { workflow, status, runs } of counts)
    found.set(workflow, { ...found.get(workflow), [status]: runs });
  return found;
}

/** By hash of the plan they are on: a version that was changed without a new number has several. */
export async function countByPlan(
  store: Store,
  workflow: string,
): Promise<ReadonlyMap<string, CountsByStatus>> {
  const counts = new Map<string, { [status: string]: number }>();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      workflow,
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { header, state } of page.runs) {
      const statuses = counts.get(header.planHash) ?? {};
      statuses[state.status] = (statuses[state.status] ?? 0) + 1;
      counts.set(header.planHash, statuses);
    }
    cursor = page.cursor;
  } while (cursor !== null);
  return counts;
}
