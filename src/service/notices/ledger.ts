/** Which notice was sent, in the store: what makes a notice of a crashed process go out, and only once. */
import { z } from 'zod';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { updateRecord } from '../update-record.ts';

const StoredNotice = z.object({
  runId: z.string(),
  step: z.string(),
  /** Person or group. */
  recipient: z.string(),
  channel: z.string(),
  kind: z.enum(['opened', 'reminder', 'escalated']),
  status: z.enum(['sending', 'sent', 'failed']),
  attempts: z.number(),
  /** When it was first to be sent: the links in it are the same at every attempt. */
  issuedAtMs: z.number(),
  /** Until then it is somebody's to send, or to wait. */
  nextAtMs: z.number(),
  error: z.string().nullable(),
});
export type StoredNotice = z.infer<typeof StoredNotice>;
export type Notice = StoredNotice & { readonly id: string };
type NoticeOf = Pick<StoredNotice, 'runId' | 'step' | 'recipient' | 'channel' | 'kind'>;

export interface Ledger {
  /** Takes a notice for one attempt; `waitMs` if it is not its time, `null` if there is nothing to send any more. */
  claim(id: string, notice: NoticeOf): Promise<Notice | { readonly waitMs: number } | null>;
  sent(id: string): Promise<void>;
  /** @returns when to try again; `null`: never */
  failed(id: string, error: string, isForGood: boolean): Promise<number | null>;
  list(page: {
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<{ readonly notices: readonly Notice[]; readonly cursor: string | null }>;
  /** Forgets what was settled long ago, but for reviews that are still open. */
  forget(isOpen: (runId: string, step: string) => boolean): Promise<void>;
}

const collection = 'notices';
/** For how long an attempt is somebody's; after a crash it goes on then. */
const leaseMs = 60_000;
const firstRetryMs = 30_000;
const maxRetryMs = 3_600_000;
const maxAttempts = 12;
const forgetAfterMs = 7 * 24 * 3_600_000;
const pageSize = 1_000;
const maxError = 300;

export function createLedger(parts: {
  readonly store: Pick<Store, 'record' | 'records' | 'saveRecords'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Ledger {
  const { store, clock } = parts;

  const change = (id: string, changed: (notice: StoredNotice) => Partial<StoredNotice>) =>
    updateRecord(store, collection, id, (record) => {
      if (record === null) return undefined;
      const notice = StoredNotice.parse(record.value);
      return { ...notice, ...changed(notice) };
    });

  return {
    async claim(id, of) {
      const nowMs = clock.nowMs();
      let claimed: Notice | { readonly waitMs: number } | null = null;
      await updateRecord(store, collection, id, (record) => {
        const known = record === null ? null : StoredNotice.parse(record.value);
        claimed = null;
        if (known !== null && known.status !== 'sending') return undefined;
        if (known !== null && nowMs < known.nextAtMs) {
          claimed = { waitMs: known.nextAtMs - nowMs };
          return undefined;
        }
        const notice: StoredNotice = {
          ...(known ?? { ...of, status: 'sending', issuedAtMs: nowMs, error: null }),
          attempts: (known?.attempts ?? 0) + 1,
          nextAtMs: nowMs + leaseMs,
        };
        claimed = { id, ...notice };
        return { ...notice };
      });
      return claimed;
    },
    async sent(id) {
      await change(id, () => ({ status: 'sent', error: null }));
    },
    async failed(id, error, isForGood) {
      const nowMs = clock.nowMs();
      let nextAtMs: number | null = null;
      await change(id, ({ attempts }) => {
        const isOver = isForGood || attempts >= maxAttempts;
        nextAtMs = isOver ? null : nowMs + Math.min(firstRetryMs * 2 ** (attempts - 1), maxRetryMs);
        return {
          status: isOver ? 'failed' : 'sending',
          error: error.slice(0, maxError),
          ...(nextAtMs === null ? {} : { nextAtMs }),
        };
      });
      return nextAtMs;
    },
    async list({ cursor, limit }) {
      const records = await store.records(collection, {
        limit,
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      return {
        notices: records.map(({ key, value }) => ({ id: key, ...StoredNotice.parse(value) })),
        cursor: records.length < limit ? null : (records.at(-1)?.key ?? null),
      };
    },
    async forget(isOpen) {
      const beforeMs = clock.nowMs() - forgetAfterMs;
      for (let after: string | undefined; ; ) {
        const page = await store.records(collection, {
          limit: pageSize,
          ...(after === undefined ? {} : { after }),
        });
        const old = page.filter(({ value }) => {
          const { runId, step, nextAtMs } = StoredNotice.parse(value);
          return nextAtMs < beforeMs && !isOpen(runId, step);
        });
        if (old.length > 0) {
          await store.saveRecords(
            old.map(({ key, revision }) => ({
              collection,
              key,
              expectedRevision: revision,
              value: null,
            })),
          );
        }
        after = page.at(-1)?.key;
        if (page.length < pageSize || after === undefined) return;
      }
    },
  };
}
