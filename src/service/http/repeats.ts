/**
 * The header `Idempotency-Key`: a repetition gets the first answer, whatever has become of the connection in between. That a call is under way is
 * written before it begins, so that after a crash nobody takes it for one that never came.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonical } from '../../engine/canonical.ts';
import { SignalboxError } from '../../errors.ts';
import type { JsonObject } from '../../plan/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { RecordChange, Store } from '../../ports/store.ts';

export interface Answer {
  readonly status: number;
  /** As it was sent; `null`: without a body. */
  readonly body: string | null;
}

export interface RepeatableCall {
  readonly key: string;
  /** Whose key it is: two people may choose the same. */
  readonly caller: string;
  /** Which call, as `POST /api/v1/runs`. */
  readonly call: string;
  readonly body: unknown;
}

export interface Repeats {
  /**
   * @param perform - makes the call; what it throws is thrown
   * @returns the first answer, and whether this is a repetition
   * @throws SignalboxError `IDEMPOTENCY_CONFLICT` if the key came with another body, `IDEMPOTENCY_UNKNOWN` if nobody knows what became of the call (one that
   *   another process is at is waited for, for ten seconds after it began),
   *   `REQUEST_INVALID` for a key that is none
   */
  answer(
    call: RepeatableCall,
    perform: () => Promise<Answer>,
  ): Promise<Answer & { readonly isRepetition: boolean }>;
  close(): void;
}

interface RepeatsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

const collection = 'idempotency';
/** Keys are the time at which a record expires, and its own key. */
const expiries = 'idempotency-expiry';
const keptMs = 24 * 60 * 60 * 1_000;
const sweepMs = 60 * 60 * 1_000;
/** A call that another process has begun longer ago than this is not waited for. */
const patienceMs = 10_000;
const pollMs = 100;
const maxAnswerBytes = 256 * 1024;

const Kept = z.object({
  fingerprint: z.string(),
  expiresAtMs: z.number(),
  answer: z.object({ status: z.number(), body: z.string().nullable() }).nullable(),
});
type Kept = z.infer<typeof Kept>;

interface Begun {
  /** Before it began. */
  readonly revision: number;
  readonly begun: Kept;
}

export function createRepeats({ store, clock, log }: RepeatsDeps): Repeats {
  const underWay = new Map<string, { fingerprint: string; answer: Promise<Answer> }>();
  const sweep = createSweep({ store, clock, log });

  /** Puts on record that the call begins, or finds what it was answered before, by another process that is at it as well. */
  async function begin(key: string, fingerprint: string): Promise<Begun> {
    for (;;) {
      const record = await store.record(collection, key);
      const kept = record === null ? null : Kept.parse(record.value);
      const revision = record?.revision ?? 0;
      if (kept !== null && kept.expiresAtMs > clock.nowMs()) {
        if (kept.fingerprint !== fingerprint) throw conflict();
        if (kept.answer !== null) return { revision, begun: kept };
        const begunAtMs = kept.expiresAtMs - keptMs;
        const isOld = Math.abs(clock.nowMs() - begunAtMs) >= patienceMs;
        if (!store.shared || isOld) throw unknown();
        await new Promise<void>((resolve) => clock.after(pollMs, resolve));
        continue;
      }
      const expiresAtMs = clock.nowMs() + keptMs;
      const begun: Kept = { fingerprint, expiresAtMs, answer: null };
      const mark = `${new Date(expiresAtMs).toISOString()}-${key}`;
      const isMarked = (await store.record(expiries, mark)) !== null;
      const isFirst = await store.saveRecords([
        change(collection, key, revision, begun),
        ...(isMarked ? [] : [change(expiries, mark, 0, {})]),
      ]);
      if (isFirst) return { revision, begun };
    }
  }

  async function first(
    key: string,
    fingerprint: string,
    perform: () => Promise<Answer>,
  ): Promise<Answer & { readonly isRepetition: boolean }> {
    const { revision, begun } = await begin(key, fingerprint);
    if (begun.answer !== null) return { ...begun.answer, isRepetition: true };
    try {
      const answer = await perform();
      await settle(key, revision + 1, { ...begun, answer: kept_(answer) });
      return { ...answer, isRepetition: false };
    } catch (error) {
      // refused before anything was done: it may be asked again
      if (error instanceof SignalboxError) await settle(key, revision + 1, null);
      throw error;
    }
  }

  /** What was done is done: that it cannot be noted must not turn its answer into a failure. */
  async function settle(key: string, revision: number, value: Kept | null): Promise<void> {
    try {
      await store.saveRecords([change(collection, key, revision, value)]);
    } catch (error) {
      log.warn({ err: error }, 'the answer to a call with an idempotency key was not kept');
    }
  }

  return {
    async answer({ key, caller, call, body }, perform) {
      if (!/^[\x21-\x7e]{1,255}$/.test(key))
        throw new SignalboxError(
          'REQUEST_INVALID',
          'Idempotency-Key is not 1 to 255 visible ASCII characters',
        );
      const id = sha256(JSON.stringify([caller, key]));
      const fingerprint = sha256(`${call}\n${canonical(body ?? null)}`);
      const known = underWay.get(id);
      if (known !== undefined) {
        if (known.fingerprint !== fingerprint) throw conflict();
        return { ...(await known.answer), isRepetition: true };
      }
      const answer = first(id, fingerprint, perform);
      underWay.set(id, { fingerprint, answer });
      try {
        return await answer;
      } finally {
        underWay.delete(id);
      }
    },
    close: sweep.close,
  };
}

function unknown(): SignalboxError {
  return new SignalboxError(
    'IDEMPOTENCY_UNKNOWN',
    'A call with this Idempotency-Key has begun, and nobody here knows what became of it',
    { hint: 'Look whether it took effect; then, if it did not, take another key' },
  );
}

/** An answer that is too large to keep stays unknown to repetitions. */
function kept_(answer: Answer): Answer | null {
  return Buffer.byteLength(answer.body ?? '') > maxAnswerBytes ? null : answer;
}

function conflict(): SignalboxError {
  return new SignalboxError(
    'IDEMPOTENCY_CONFLICT',
    'This Idempotency-Key came with another call or body before',
    { hint: 'Take a new key for a new call' },
  );
}

function change(
  name: string,
  key: string,
  expectedRevision: number,
  value: JsonObject | Kept | null,
): RecordChange {
  return { collection: name, key, expectedRevision, value };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Removes what has expired: at once, and every hour. */
function createSweep({ store, clock, log }: RepeatsDeps): { readonly close: () => void } {
  let isClosed = false;
  let cancel = () => {};

  async function sweep(): Promise<void> {
    const now = new Date(clock.nowMs()).toISOString();
    for (;;) {
      if (isClosed) return;
      const expired = await store.records(expiries, { before: now, limit: 100 });
      for (const { key, revision } of expired) {
        const id = key.slice(now.length + 1);
        const record = await store.record(collection, id);
        const isOver = record !== null && Kept.parse(record.value).expiresAtMs <= clock.nowMs();
        await store.saveRecords([
          change(expiries, key, revision, null),
          ...(isOver ? [change(collection, id, record.revision, null)] : []),
        ]);
      }
      if (expired.length < 100) return;
    }
  }

  function again(): void {
    if (isClosed) return;
    cancel = clock.after(sweepMs, run);
  }
  function run(): void {
    sweep()
      .catch((error: unknown) => log.warn({ err: error }, 'expired idempotency keys stay for now'))
      .finally(again);
  }
  if (!store.readOnly) run();
  return {
    close() {
      isClosed = true;
      cancel();
    },
  };
}
