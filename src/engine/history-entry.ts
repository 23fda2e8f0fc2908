/**
 * The audit chain. An entry's hash covers the previous entry's hash and everything but the erasable values, which it covers by salted
 * digests: a value can be erased, or kept secret, and the chain still verifies.
 */

import type { Json, JsonObject } from '../plan/json.ts';
import type { RunStatus } from '../plan/plan.ts';
import type { HistoryEntry } from '../ports/store.ts';
import { canonical, sha256 } from './canonical.ts';

export const genesisHash = '0'.repeat(64);

export interface EntryDraft {
  readonly atMs: number;
  readonly event: string;
  readonly actor: string;
  readonly from: RunStatus | null;
  readonly to: RunStatus;
  readonly step?: string | undefined;
  readonly attempt?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly settles?: HistoryEntry['settles'] | undefined;
  readonly inputHash?: string | undefined;
  readonly output?: Json | undefined;
  readonly error?: JsonObject | undefined;
  readonly data?: JsonObject | undefined;
}

/** Where an entry stands in the chain. */
type Place = Pick<HistoryEntry, 'seq' | 'generation' | 'previousHash'>;

/** @param salt - unguessable, one per entry with values */
export function chainEntry(draft: EntryDraft, place: Place, salt: string): HistoryEntry {
  const { output, inputHash } = draft;
  const entry = {
    seq: place.seq,
    generation: place.generation,
    atMs: draft.atMs,
    event: draft.event,
    actor: draft.actor,
    from: draft.from,
    to: draft.to,
    step: draft.step ?? null,
    attempt: draft.attempt ?? null,
    durationMs: draft.durationMs ?? null,
    settles: draft.settles ?? null,
    inputHash: inputHash ?? null,
    inputDigest: inputHash === undefined ? null : sha256(`${salt}${inputHash}`),
    outputDigest: output === undefined ? null : sha256(`${salt}${canonical(output)}`),
    salt: output === undefined && inputHash === undefined ? null : salt,
    error: draft.error ?? null,
    data: draft.data ?? null,
    previousHash: place.previousHash,
  };
  const hash = hashOf(entry);
  return output === undefined ? { ...entry, hash } : { ...entry, output, hash };
}

/** Keys stand in canonical order already; only the two open-ended values need sorting. */
function hashOf(entry: Omit<HistoryEntry, 'hash'>): string {
  return sha256(
    `{"actor":${JSON.stringify(entry.actor)},"atMs":${entry.atMs},"attempt":${entry.attempt},"data":${canonical(entry.data)},"durationMs":${entry.durationMs}` +
      `,"error":${canonical(entry.error)},"event":${JSON.stringify(entry.event)},"from":${JSON.stringify(entry.from)},"generation":${entry.generation}` +
      `,"inputDigest":${JSON.stringify(entry.inputDigest)},"outputDigest":${JSON.stringify(entry.outputDigest)},"previousHash":"${entry.previousHash}"` +
      `,"seq":${entry.seq},"settles":${JSON.stringify(entry.settles)},"step":${JSON.stringify(entry.step)},"to":${JSON.stringify(entry.to)}}`,
  );
}

export interface ChainFault {
  /** Sequence number at which the chain breaks first. */
  readonly seq: number;
  readonly reason: string;
}

/**
 * Checks one more entry against what stands before it; `null` if it is sound.
 *
 * @param options - `isHashKnown`: everything its hash covers is at hand. Default: it is
 */
export function verifyEntry(
  entry: HistoryEntry,
  previous: { readonly seq: number; readonly hash: string },
  { isHashKnown = true }: { readonly isHashKnown?: boolean } = {},
): ChainFault | null {
  const fault = (reason: string): ChainFault => ({ seq: entry.seq, reason });
  if (entry.seq !== previous.seq + 1)
    return { seq: previous.seq + 1, reason: `entry ${previous.seq + 1} is missing` };
  if (entry.previousHash !== previous.hash) return fault('does not follow the entry before it');
  if (isHashKnown && hashOf(entry) !== entry.hash) return fault('was changed after it was written');
  // Erased along with its salt, or never there; a value that is there must have one.
  const isSound = (value: string, digest: string | null) =>
    entry.salt !== null && sha256(`${entry.salt}${value}`) === digest;
  if (entry.output !== undefined && !isSound(canonical(entry.output), entry.outputDigest))
    return fault('its output was changed');
  if (entry.inputHash !== null && !isSound(entry.inputHash, entry.inputDigest))
    return fault('its input hash was changed');
  return null;
}
