import { genesisHash, verifyEntry } from '../../engine/history-entry.ts';
import type { ExportedRun } from '../../ports/store.ts';

/** Faults of the audit chains. */
export function chainFaults(runs: readonly ExportedRun[]): readonly string[] {
  return runs.flatMap(({ header, state, history }) => {
    let previous = { seq: 0, hash: genesisHash };
    for (const entry of history) {
      const fault = verifyEntry(entry, previous);
      if (fault !== null) return [`${header.id}: ${JSON.stringify(fault)}`];
      previous = entry;
    }
    return previous.seq === state.seq && previous.hash === state.headHash
      ? []
      : [`${header.id}: cut off`];
  });
}
