/**
 * Deliveries between their arrival and what becomes of them. A delivery is a record before it is acknowledged; it leaves the inbox in the same
 * write that says what was done. Whatever a crash leaves there is taken up at the next start: doing it again under the same key has no second
 * effect.
 */
import { SignalboxError } from '../../errors.ts';
import type { RecordChange, Store } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';
import { createBacklog } from './backlog.ts';
import type { GenuineDelivery } from './genuine.ts';
import type { Origins } from './origins.ts';
import { type Outcome, perform } from './perform.ts';
import {
  deadLettersCollection,
  deliveriesCollection,
  deliveryKeyOf,
  inboxCollection,
  StoredArrival,
  type StoredDelivery,
  seenCollection,
  seenKeyOf,
} from './stored.ts';

export interface Inbox {
  /**
   * Durable when it resolves.
   *
   * @returns its key; `null` if the sender's id was received before
   * @throws SignalboxError `WEBHOOK_BUSY` if too many are waiting, `STORE_UNAVAILABLE`
   */
  accept(
    source: string,
    delivery: GenuineDelivery,
    testedBy: string | null,
  ): Promise<string | null>;
  /** Takes up a delivery that is in the store's inbox. */
  takeUp(deliveryKey: string): void;
  /** Takes up everything that is in the store's inbox. */
  open(): Promise<void>;
  /** Accepted and not done. */
  waiting(): number;
  /** Resolves when nothing can be done now any more. */
  idle(): Promise<void>;
  /** What is being done is done; what is not stays in the store. */
  close(): Promise<void>;
}

export interface InboxLimits {
  /** Deliveries worked on at once. */
  readonly concurrency: number;
  /** Deliveries that may wait; more are answered with 503. */
  readonly maxWaiting: number;
}

/** Deliveries processed at once while senders come one after another: they come first, and yet the work goes on. */
const whileAccepting = 1;
/** Senders that come again at once are between two requests for less than this. */
const quietMs = 100;
/** How often a store that several processes share is asked for what another one has left, and how old that is. */
const takeOverEveryMs = 30_000;
const leftAfterMs = 60_000;
const maxInMemory = 1_000;
const pageSize = 50;
const firstDelayMs = 1_000;
const maxDelayMs = 60_000;

export function createInbox(
  { store, clock, ids, log, orchestrator }: ServiceParts,
  origins: Origins,
  { concurrency, maxWaiting }: InboxLimits,
): Inbox {
  const backlog = createBacklog({
    storedKeys: () => keysOf(store),
    maxInMemory,
    onFilled: workOff,
    onFailed(error) {
      log.error({ err: error }, 'webhooks that wait could not be read now');
      workLater(inboxCollection, firstDelayMs);
    },
  });
  const failures = new Map<string, number>();
  const timers = new Map<string, () => void>();
  const working = new Set<Promise<void>>();
  /** Deliveries that wait for their answer. */
  let accepting = 0;
  /** When the last of them got it, by the monotonic clock. */
  let acceptedAtMs = Number.NEGATIVE_INFINITY;
  let isClosed = false;

  function takeUp(key: string): void {
    if (isClosed) return;
    backlog.add(key);
    workOff();
  }

  function workOff(): void {
    if (isClosed) return;
    const isQuiet = accepting === 0 && clock.monotonicMs() - acceptedAtMs >= quietMs;
    const limit = isQuiet ? concurrency : Math.min(concurrency, whileAccepting);
    while (working.size < limit) {
      const key = backlog.next();
      if (key === undefined) return;
      const work = attempt(key).finally(() => {
        working.delete(work);
        workOff();
      });
      working.add(work);
    }
  }

  async function attempt(key: string): Promise<void> {
    try {
      const record = await store.record(inboxCollection, key);
      if (record !== null) {
        const arrival = StoredArrival.parse(record.value);
        const nowMs = clock.nowMs();
        const outcome = await perform(orchestrator, origins.get(arrival.source), arrival, nowMs);
        if (outcome.status === 'later') {
          log.warn({ delivery: key, problem: outcome.problem.code }, 'a webhook has to wait');
          return tryLater(key);
        }
        await settle(key, record.revision, arrival, outcome);
      }
      backlog.done(key);
      failures.delete(key);
    } catch (error) {
      log.error({ err: error, delivery: key }, 'a webhook could not be processed now');
      tryLater(key);
    }
  }

  function tryLater(key: string): void {
    if (isClosed) return;
    const failed = (failures.get(key) ?? 0) + 1;
    failures.set(key, failed);
    const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(failed - 1, 10));
    const jittered = delayMs * (0.5 + ids.random() / 2);
    workLater(key, jittered, () => backlog.repeat(key));
  }

  /** @param what - a delivery, or what else is tried again */
  function workLater(what: string, delayMs: number, prepare = () => {}): void {
    const cancel = clock.after(delayMs, () => {
      timers.delete(what);
      prepare();
      workOff();
    });
    timers.set(what, cancel);
  }

  /** Who accepted it may be gone. */
  async function takeOver(): Promise<void> {
    const before = new Date(clock.nowMs() - leftAfterMs).toISOString();
    for await (const key of keysOf(store, before)) backlog.find(key);
  }

  function takeOverLater(): void {
    if (isClosed) return;
    workLater('others', takeOverEveryMs, () => {
      takeOver()
        .catch((error: unknown) => log.error({ err: error }, 'webhooks cannot be read now'))
        .finally(() => {
          workOff();
          takeOverLater();
        });
    });
  }

  /** `false` from the store: another process was faster. */
  async function settle(
    key: string,
    revision: number,
    arrival: StoredArrival,
    outcome: Exclude<Outcome, { readonly status: 'later' }>,
  ): Promise<void> {
    const { source, deliveryId, event, receivedAtMs, testedBy } = arrival;
    const problem = outcome.status === 'dead' ? outcome.problem : null;
    const delivery: StoredDelivery = {
      source,
      deliveryId,
      event,
      receivedAtMs,
      processedAtMs: clock.nowMs(),
      status: outcome.status,
      target: outcome.rule?.target ?? null,
      runId: outcome.status === 'done' ? outcome.runId : null,
      testedBy,
      problem,
    };
    const changes: RecordChange[] = [
      { collection: inboxCollection, key, expectedRevision: revision, value: null },
      { collection: deliveriesCollection, key, expectedRevision: 0, value: delivery },
    ];
    if (problem !== null) {
      log.warn({ delivery: key, source, problem: problem.code }, 'a webhook became a dead letter');
      changes.push({
        collection: deadLettersCollection,
        key,
        expectedRevision: 0,
        value: arrival,
      });
    }
    await store.saveRecords(changes);
  }

  return {
    takeUp,
    async accept(source, delivery, testedBy) {
      if (backlog.count() >= maxWaiting) {
        throw new SignalboxError(
          'WEBHOOK_BUSY',
          `${backlog.count()} webhooks are waiting to be processed; no more are accepted`,
          { details: { waiting: backlog.count() }, hint: 'Send it again later' },
        );
      }
      const nowMs = clock.nowMs();
      const key = deliveryKeyOf(nowMs, ids.token());
      const seenKey = seenKeyOf(source, delivery.deliveryId);
      const arrival: StoredArrival = {
        source,
        ...delivery,
        headers: { ...delivery.headers },
        receivedAtMs: nowMs,
        enteredAtMs: nowMs,
        testedBy,
        replays: 0,
      };
      accepting += 1;
      const isNew = await store
        .saveRecords([
          {
            collection: seenCollection,
            key: seenKey,
            expectedRevision: 0,
            value: { delivery: key, atMs: nowMs },
          },
          { collection: inboxCollection, key, expectedRevision: 0, value: arrival },
        ])
        .finally(() => {
          accepting -= 1;
          acceptedAtMs = clock.monotonicMs();
          workOff();
        });
      if (!isNew) return null;
      takeUp(key);
      return key;
    },
    async open() {
      for await (const key of keysOf(store)) takeUp(key);
      if (store.shared) takeOverLater();
    },
    waiting: () => backlog.count(),
    async idle() {
      while (working.size > 0) await Promise.all(working);
    },
    async close() {
      isClosed = true;
      for (const cancel of timers.values()) cancel();
      await Promise.all([...working, backlog.settled()]);
    },
  };
}

/** @param before - only those that came before */
async function* keysOf(store: Pick<Store, 'records'>, before?: string): AsyncIterable<string> {
  let after: string | undefined;
  do {
    const page = await store.records(inboxCollection, {
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      limit: pageSize,
    });
    for (const { key } of page) yield key;
    after = page.length < pageSize ? undefined : page.at(-1)?.key;
  } while (after !== undefined);
}
