/** The writes of the store port as changes of the tables; nothing here does any input or output. */
import type {
  BreakerRecord,
  CommitOutcome,
  EntityRecord,
  Fence,
  Message,
  MessageAnswer,
  RememberedResult,
  RunCommit,
} from '../../ports/store.ts';
import { createRunDocument, withCommit } from './run-document.ts';
import type { Tables } from './tables.ts';

export function applyCommit(tables: Tables, commit: RunCommit): CommitOutcome {
  const document = tables.runs.get(commit.runId);
  if (commit.header !== null && commit.expectedRevision === 0) {
    if (document !== undefined) return { outcome: 'conflict' };
    const held = commit.claim === null ? undefined : tables.claims.get(commit.claim.key);
    if (commit.claim !== null) {
      if (held !== undefined && held.expiresAtMs > commit.claim.atMs) {
        return { outcome: 'duplicate', runId: held.runId, payloadHash: held.payloadHash };
      }
      tables.claims.set(commit.claim.key, { ...commit.claim, runId: commit.runId });
    }
    tables.runs.set(commit.runId, createRunDocument(commit.header, commit));
  } else {
    if (
      document?.state.revision !== commit.expectedRevision ||
      document.state.epoch !== commit.expectedEpoch
    )
      return { outcome: 'conflict' };
    tables.runs.set(commit.runId, withCommit(document, commit));
  }
  applyMessages(tables, commit.messages);
  for (const answer of commit.answers) applyAnswer(tables, answer);
  for (const result of commit.remember) tables.remembered.set(result.key, result);
  return { outcome: 'committed' };
}

/** Returns the ids that were known already. */
export function applyMessages(tables: Tables, messages: readonly Message[]): readonly string[] {
  const known: string[] = [];
  for (const message of messages) {
    if (tables.messages.get(message.id) === undefined)
      tables.messages.set(message.id, { arrival: tables.nextArrival(), message, answer: null });
    else known.push(message.id);
  }
  return known;
}

/** The first answer stays; an unknown id changes nothing. */
export function applyAnswer(tables: Tables, { id, answer }: MessageAnswer): void {
  const stored = tables.messages.get(id);
  if (stored !== undefined && stored.answer === null)
    tables.messages.set(id, { ...stored, answer });
}

/** Returns what holds the key, or `null` once it is claimed. */
export function applyResultClaim(
  tables: Tables,
  result: RememberedResult,
  nowMs: number,
): RememberedResult | null {
  const held = tables.remembered.get(result.key);
  if (held !== undefined && holds(held, result.claimant, nowMs)) return held;
  tables.remembered.set(result.key, result);
  return null;
}

/** A claimant may renew its own claim; a result keeps everybody out until it expires. */
export function holds(held: RememberedResult, claimant: string, nowMs: number): boolean {
  return held.expiresAtMs > nowMs && (held.output !== undefined || held.claimant !== claimant);
}

export function applyResultRelease(tables: Tables, key: string, claimant: string): void {
  const held = tables.remembered.get(key);
  if (held?.claimant === claimant && held.output === undefined) tables.remembered.delete(key);
}

export function applyBreaker(tables: Tables, record: BreakerRecord): boolean {
  if ((tables.breakers.get(record.name)?.revision ?? 0) !== record.revision - 1) return false;
  tables.breakers.set(record.name, record);
  return true;
}

export function entityId(name: string, key: string): string {
  return JSON.stringify([name, key]);
}

export function applyEntity(
  tables: Tables,
  record: EntityRecord,
  fence: Fence,
): 'saved' | 'conflict' | 'stale' {
  if (isStale(tables, fence)) return 'stale';
  const id = entityId(record.name, record.key);
  if ((tables.entities.get(id)?.revision ?? 0) !== record.revision - 1) return 'conflict';
  tables.entities.set(id, record);
  return 'saved';
}

export function isStale(tables: Tables, fence: Fence): boolean {
  return tables.runs.get(fence.runId)?.state.epoch !== fence.epoch;
}
