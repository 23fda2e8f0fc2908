/** Which notice was sent, in the store: what makes a notice of a crashed process go out, and only once. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { NoticeKind, NoticeStatus } from '../../api/identity.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordChange, Store } from '../../ports/store.ts';
import { updateRecord } from '../update-record.ts';

const StoredNotice = z.object({
  runId: z.string(),
  step: z.string(),
  /** Person or group. */
  recipient: z.string(),
  channel: z.string(),
  kind: NoticeKind,
  /** `failed`: given up, for people to look at. `over`: the review was closed before it could be sent. */
  status: NoticeStatus,
  attempts: z.number(),
  /** The process that is at it; absent: nobody is. */
  owner: z.string().exactOptional(),
  /** When it was first to be sent: the links in it are the same at every attempt. */
  issuedAtMs: z.number(),
  /** Until then it is somebody's to send, or to wait. */
  nextAtMs: z.number(),
  error: z.string().nullable(),
});
export type StoredNotice = z.infer<typeof StoredNotice>;
export type Notice = StoredNotice & { readonly id: string };
export type NoticeOf = Pick<StoredNotice, 'runId' | 'step' | 'recipient' | 'channel' | 'kind'>;

export interface Ledger {
  /** Takes a notice for one attempt; `waitMs` if it is not its time, `null` if there is nothing to send any more. */
  claim(id: string, notice: NoticeOf): Promise<Notice | { readonly waitMs: number } | null>;
  sent(id: string): Promise<void>;
  /** @returns when to try again; `null`: never */
  failed(id: string, failure: Failed): Promise<number | null>;
  /** Of nobody who could be told. @returns whether that is news */
  unreachable(id: string, notice: NoticeOf, error: string): Promise<boolean>;
  /** One that was given up has all its attempts before it again. @returns the notice; `null`: there is none that was */
  again(id: string): Promise<Notice | null>;
  list(page: {
    readonly status?: StoredNotice['status'];
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<{ readonly notices: readonly Notice[]; readonly cursor: string | null }>;
  /** Forgets what was settled long ago, but for reviews that are still open; what was still to be sent of closed ones is over. */
  forget(isOpen: (runId: string, step: string) => boolean): Promise<void>;
}

export interface Failed {
  readonly error: string;
  readonly isForGood: boolean;
  /** What the other side asks for. */
  readonly retryAfterMs?: number | undefined;
}

/** Of a notice that reaches nobody. */
export const noChannel = 'none';
const collection = 'notices';
/** For how long an attempt is somebody's. After a crash it goes on then; at once in a store that one process has to itself. */
const leaseMs = 60_000;
const firstRetryMs = 30_000;
const maxRetryMs = 3_600_000;
const maxAttempts = 12;
const forgetAfterMs = 7 * 24 * 3_600_000;
const pageSize = 1_000;
const maxError = 300;

export function createLedger(parts: {
  readonly store: Pick<Store, 'record' | 'records' | 'saveRecords' | 'shared'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Ledger {
  const { store, clock } = parts;
  const owner = randomUUID();

  const change = (id: string, changed: (notice: StoredNotice) => Partial<StoredNotice>) =>
    updateRecord(store, collection, id, (record) => {
      if (record === null) return undefined;
      const notice = StoredNotice.parse(record.value);
      const { owner: _released, ...rest } = notice;
      return { ...rest, ...changed(notice) };
    });

  /** Whoever was at it is gone: this process has the store to itself. */
  const isOrphaned = (notice: StoredNotice) =>
    !store.shared && notice.owner !== undefined && notice.owner !== owner;

  return {
    async claim(id, of) {
      const nowMs = clock.nowMs();
      let claimed: Notice | { readonly waitMs: number } | null = null;
      await updateRecord(store, collection, id, (record) => {
        const known = record === null ? null : StoredNotice.parse(record.value);
        claimed = null;
        if (known !== null && known.status !== 'sending') return undefined;
        if (known !== null && nowMs < known.nextAtMs && !isOrphaned(known)) {
          claimed = { waitMs: known.nextAtMs - nowMs };
          return undefined;
        }
        const notice: StoredNotice = {
          ...(known ?? { ...of, status: 'sending', issuedAtMs: nowMs, error: null }),
          attempts: (known?.attempts ?? 0) + 1,
          owner,
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
    async failed(id, { error, isForGood, retryAfterMs = 0 }) {
      const nowMs = clock.nowMs();
      let nextAtMs: number | null = null;
      await change(id, ({ attempts }) => {
        const isOver = isForGood || attempts >= maxAttempts;
        const waitMs = Math.max(firstRetryMs * 2 ** (attempts - 1), retryAfterMs);
        nextAtMs = isOver ? null : nowMs + Math.min(waitMs, maxRetryMs);
        return {
          status: isOver ? 'failed' : 'sending',
          error: error.slice(0, maxError),
          ...(nextAtMs === null ? {} : { nextAtMs }),
        };
      });
      return nextAtMs;
    },
    async unreachable(id, of, error) {
      const nowMs = clock.nowMs();
      let isNews = false;
      await updateRecord(store, collection, id, (record) => {
        isNews = record === null || StoredNotice.parse(record.value).status === 'over';
        const times = { attempts: 0, issuedAtMs: nowMs, nextAtMs: nowMs };
        return isNews ? { ...of, ...times, status: 'failed', error } : undefined;
      });
      return isNews;
    },
    async again(id) {
      let notice: Notice | null = null;
      await updateRecord(store, collection, id, (record) => {
        const known = record === null ? null : StoredNotice.parse(record.value);
        notice = null;
        if (known?.status !== 'failed') return undefined;
        const next: StoredNotice = {
          ...known,
          // to nobody there is nothing to send: whether somebody is reached by now is looked up anew
          status: known.channel === noChannel ? 'over' : 'sending',
          attempts: 0,
          nextAtMs: clock.nowMs(),
        };
        notice = { id, ...next };
        return next;
      });
      return notice;
    },
    async list({ status, cursor, limit }) {
      const notices: Notice[] = [];
      for (let after = cursor; ; ) {
        const page = await store.records(collection, {
          limit: status === undefined ? limit : pageSize,
          ...(after === undefined ? {} : { after }),
        });
        for (const { key, value } of page) {
          const notice = { id: key, ...StoredNotice.parse(value) };
          if (status === undefined || notice.status === status) notices.push(notice);
          if (notices.length === limit) return { notices, cursor: key };
        }
        after = page.at(-1)?.key;
        if (status === undefined || page.length < pageSize) return { notices, cursor: null };
      }
    },
    async forget(isOpen) {
      const beforeMs = clock.nowMs() - forgetAfterMs;
      for (let after: string | undefined; ; ) {
        const page = await store.records(collection, {
          limit: pageSize,
          ...(after === undefined ? {} : { after }),
        });
        const changes = page.flatMap(({ key, revision, value }): RecordChange[] => {
          const notice = StoredNotice.parse(value);
          const { runId, step, nextAtMs, status } = notice;
          if (isOpen(runId, step)) return [];
          const change = { collection, key, expectedRevision: revision };
          if (nextAtMs < beforeMs) return [{ ...change, value: null }];
          return status === 'sending' && nextAtMs < clock.nowMs()
            ? [{ ...change, value: { ...notice, status: 'over' } }]
            : [];
        });
        if (changes.length > 0) await store.saveRecords(changes);
        after = page.at(-1)?.key;
        if (page.length < pageSize || after === undefined) return;
      }
    },
  };
}
