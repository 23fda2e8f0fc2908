/** Proves an exported history by itself, without the store it came from. */
import type { HistoryEntry } from '../ports/store.ts';
import { type ChainFault, genesisHash, verifyEntry } from './history-entry.ts';

export interface PackReport {
  readonly runId: string;
  /** Sound entries from the beginning. */
  readonly entries: number;
  readonly fault: ChainFault | null;
  /** Hash of the last sound entry. A history that was made anew as a whole has another one than the store. */
  readonly headHash: string;
  /** Entries that hold values which were left out: their place in the chain is proven, what they say is not. */
  readonly unproven: readonly number[];
}

export interface HistoryPack {
  /** `entries`: how many there must be. */
  readonly run: { readonly runId: string; readonly entries: number };
  readonly history: readonly HistoryEntry[];
  /** Entries whose own hash cannot be recomputed, as values it covers are left out. */
  readonly withheld: readonly number[];
}

export function verifyPack({ run, history, withheld }: HistoryPack): PackReport {
  const hidden = new Set(withheld);
  const unproven: number[] = [];
  let previous = { seq: 0, hash: genesisHash };
  const report = (fault: ChainFault | null): PackReport => ({
    runId: run.runId,
    entries: previous.seq,
    fault,
    headHash: previous.hash,
    unproven,
  });
  for (const entry of history) {
    const { output, ...rest } = entry;
    const isSalted = entry.salt !== null;
    const fault = verifyEntry(
      // without the salt nothing can be said about values, and the hash covers only their digests
      isSalted ? entry : { ...rest, inputHash: null },
      previous,
      { isHashKnown: !hidden.has(entry.seq) },
    );
    if (fault !== null) return report(fault);
    if (hidden.has(entry.seq) || (!isSalted && output !== undefined)) unproven.push(entry.seq);
    previous = { seq: entry.seq, hash: entry.hash };
  }
  if (previous.seq === run.entries) return report(null);
  const reason = `the history ends at entry ${previous.seq}, the run counts ${run.entries}`;
  return report({ seq: previous.seq + 1, reason });
}
