import type { EntityRecord, ExportedRun, Store } from '../ports/store.ts';

/** Addresses of the blobs of one store that runs and entities refer to, wherever the reference stands in their values. */
export async function usedBlobs(
  store: Pick<Store, 'export' | 'entities'>,
  name: string,
): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  const look = (value: unknown): void => {
    const pending: unknown[] = [value];
    while (pending.length > 0) {
      const next = pending.pop();
      if (typeof next !== 'object' || next === null) continue;
      if ('$blob' in next && 'sha256' in next && next.$blob === name) used.add(String(next.sha256));
      pending.push(...Object.values(next));
    }
  };
  for await (const run of store.export()) look(run satisfies ExportedRun);
  for await (const entity of store.entities()) look(entity satisfies EntityRecord);
  return used;
}
