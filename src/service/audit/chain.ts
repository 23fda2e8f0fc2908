/** The chain of the audit log: every entry covers the one before it. */
import { digest } from '../../engine/canonical.ts';
import type { JsonObject } from '../../plan/json.ts';

export interface AuditDraft {
  readonly atMs: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: 'done' | 'refused';
  readonly details: JsonObject;
}

export interface AuditEntry extends AuditDraft {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly previousHash: string;
  /** SHA-256, hex, of the canonical JSON (RFC 8785) of everything else. */
  readonly hash: string;
}

export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** Of a log without entries. */
export const emptyHead: AuditHead = { seq: 0, hash: '0'.repeat(64) };

export function chainAfter(head: AuditHead, draft: AuditDraft): AuditEntry {
  const { atMs, actor, action, subject, outcome, details } = draft;
  const entry = {
    seq: head.seq + 1,
    atMs,
    actor,
    action,
    subject,
    outcome,
    details,
    previousHash: head.hash,
  };
  return { ...entry, hash: digest(entry) };
}

/** @returns what is wrong with the entry that follows `head`, or `null` */
export function faultAfter(head: AuditHead, entry: AuditEntry): string | null {
  if (entry.seq !== head.seq + 1) return `entry ${head.seq + 1} is missing`;
  if (entry.previousHash !== head.hash) return 'it does not follow the entry before it';
  return chainAfter(head, entry).hash === entry.hash ? null : 'it was changed after it was written';
}
