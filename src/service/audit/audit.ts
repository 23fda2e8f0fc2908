/** The audit log of the service: what people and programs did to anything but runs, whose own history says so. */
import { z } from 'zod';
import { AnyObject } from '../../api/parts.ts';
import { SignalboxError } from '../../errors.ts';
import type { JsonObject } from '../../plan/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordChange, Store } from '../../ports/store.ts';
import {
  type AuditDraft,
  type AuditEntry,
  type AuditHead,
  chainAfter,
  emptyHead,
  faultAfter,
} from './chain.ts';

export interface Audit {
  /**
   * Adds an entry; durable when it resolves. Call it for what was done after it is done, and for what was refused before the refusal is answered.
   *
   * @param caller - who did it; its name is the actor
   * @param action - a noun and what became of it, as `schedule.paused`
   * @param subject - what it was done to, as `schedule/nightly`
   * @param details - no secrets: they are shown to every administrator
   */
  record(
    caller: { readonly name: string },
    action: string,
    subject: string,
    details?: JsonObject,
    outcome?: 'done' | 'refused',
  ): Promise<void>;
  /** @param page - sequence numbers, exclusive */
  read(page: {
    readonly after?: number;
    readonly before?: number;
    readonly order: 'ascending' | 'descending';
    readonly limit: number;
  }): Promise<readonly AuditEntry[]>;
  verify(): Promise<AuditReport>;
}

export interface AuditReport {
  /** Sound entries from the beginning. */
  readonly entries: number;
  readonly fault: { readonly seq: number; readonly reason: string } | null;
  readonly headHash: string;
}

const entries = 'audit';
const heads = 'audit-head';
const headKey = 'head';
/** Written at once; with the head they are one group of records. */
const maxBatch = 200;
const maxAttempts = 20;
const pageSize = 1_000;

const StoredHead = z.object({ seq: z.int().nonnegative(), hash: z.string() });
const StoredEntry = z.object({
  seq: z.int().positive(),
  atMs: z.number(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  outcome: z.enum(['done', 'refused']),
  details: AnyObject,
  previousHash: z.string(),
  hash: z.string(),
});

interface Waiting {
  readonly draft: AuditDraft;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createAudit(parts: {
  readonly store: Pick<Store, 'record' | 'records' | 'saveRecords'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Audit {
  const { store, clock } = parts;
  const waiting: Waiting[] = [];
  let isWriting = false;

  async function head(): Promise<{ readonly revision: number; readonly head: AuditHead }> {
    const record = await store.record(heads, headKey);
    return record === null
      ? { revision: 0, head: emptyHead }
      : { revision: record.revision, head: StoredHead.parse(record.value) };
  }

  /** @throws SignalboxError `STORE_UNAVAILABLE` if others are always faster */
  async function append(drafts: readonly AuditDraft[]): Promise<void> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const { revision, head: before } = await head();
      let last = before;
      const changes: RecordChange[] = drafts.map((draft) => {
        const entry = chainAfter(last, draft);
        last = { seq: entry.seq, hash: entry.hash };
        return {
          collection: entries,
          key: keyOf(entry.seq),
          expectedRevision: 0,
          value: { ...entry },
        };
      });
      changes.push({
        collection: heads,
        key: headKey,
        expectedRevision: revision,
        value: { ...last },
      });
      if (await store.saveRecords(changes)) return;
    }
    throw new SignalboxError('STORE_UNAVAILABLE', 'The audit log could not be written', {
      hint: 'Several processes write to it all the time; try again',
    });
  }

  async function write(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch);
      try {
        await append(batch.map(({ draft }) => draft));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isWriting = false;
  }

  async function read(page: Parameters<Audit['read']>[0]): Promise<readonly AuditEntry[]> {
    const { after, before, ...rest } = page;
    const records = await store.records(entries, {
      ...rest,
      ...(after === undefined ? {} : { after: keyOf(after) }),
      ...(before === undefined ? {} : { before: keyOf(before) }),
    });
    return records.map(({ value }) => StoredEntry.parse(value));
  }

  return {
    record({ name: actor }, action, subject, details = {}, outcome = 'done') {
      return new Promise((resolve, reject) => {
        const draft = { atMs: clock.nowMs(), actor, action, subject, outcome, details };
        waiting.push({ draft, resolve, reject });
        if (!isWriting) void write();
      });
    },
    read,
    async verify() {
      const end = (await head()).head;
      let last = emptyHead;
      for (;;) {
        const page = await read({ after: last.seq, order: 'ascending', limit: pageSize });
        for (const entry of page) {
          const reason = faultAfter(last, entry);
          if (reason !== null) {
            const fault = { seq: last.seq + 1, reason };
            return { entries: last.seq, fault, headHash: end.hash };
          }
          last = { seq: entry.seq, hash: entry.hash };
        }
        if (page.length < pageSize) break;
      }
      // entries may have been added meanwhile
      const fault =
        last.seq < end.seq
          ? { seq: last.seq + 1, reason: `entries up to ${end.seq} were written and are missing` }
          : last.seq === end.seq && last.hash !== end.hash
            ? { seq: last.seq, reason: 'it is not the entry that was written last' }
            : null;
      return { entries: last.seq, fault, headHash: end.hash };
    },
  };
}

/** Sorts as the number does. */
function keyOf(seq: number): string {
  return String(seq).padStart(16, '0');
}
