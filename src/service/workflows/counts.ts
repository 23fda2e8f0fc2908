/** How many runs stand in which status. */
import type { Store } from '../../ports/store.ts';

export interface CountsByStatus {
  readonly [status: string]: number;
}

/** @param workflow - `null`: of all. @returns by workflow, and in it by hash of the plan */
export async function countRuns(
  store: Store,
  workflow: string | null,
): Promise<ReadonlyMap<string, ReadonlyMap<string, CountsByStatus>>> {
  const counts = new Map<string, Map<string, { [status: string]: number }>>();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      limit: 1_000,
      ...(workflow === null ? {} : { workflow }),
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { header, state } of page.runs) {
      const plans = counts.get(header.workflow) ?? new Map<string, { [status: string]: number }>();
      const statuses = plans.get(header.planHash) ?? {};
      statuses[state.status] = (statuses[state.status] ?? 0) + 1;
      counts.set(header.workflow, plans.set(header.planHash, statuses));
    }
    cursor = page.cursor;
  } while (cursor !== null);
  return counts;
}

export function sumOf(counts: Iterable<CountsByStatus>): CountsByStatus {
  const sum: { [status: string]: number } = {};
  for (const statuses of counts)
    for (const [status, count] of Object.entries(statuses))
      sum[status] = (sum[status] ?? 0) + count;
  return sum;
}
