/** The runs of an engine that looks after its own alone. */
import type { Store } from '../ports/store.ts';

export interface OwnRuns {
  /** Returns whether it was not known. */
  add(runId: string): boolean;
  /** All of them, with the children they have had so far. */
  withChildren(): Promise<readonly string[]>;
}

export function createOwnRuns(store: Pick<Store, 'list'>): OwnRuns {
  const known = new Set<string>();
  const expanded = new Set<string>();

  async function childrenOf(parent: string): Promise<readonly string[]> {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list({ parent, limit: 500, ...(cursor && { cursor }) });
      found.push(...page.runs.map(({ header }) => header.id));
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    return found;
  }

  return {
    add(runId) {
      if (known.has(runId)) return false;
      known.add(runId);
      return true;
    },
    async withChildren() {
      // The set grows while it is walked. Children started later are added by the commit that makes them.
      for (const runId of known) {
        if (expanded.has(runId)) continue;
        expanded.add(runId);
        for (const child of await childrenOf(runId)) known.add(child);
      }
      return [...known];
    },
  };
}
