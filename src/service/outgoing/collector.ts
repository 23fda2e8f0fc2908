/**
 * Makes deliveries of what the histories of runs say. Up to which entry a run has been told of stands in the store, and is written together with the
 * deliveries: whatever a crash keeps from being told is told at the next start. An event that is derived twice has the same key, and is one delivery.
 */

import type { RunView } from '../../engine/views.ts';
import { SignalboxError } from '../../errors.ts';
import type { RunStatus } from '../../plan/plan.ts';
import type { HistoryEntry, RecordChange, StoredRecord } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';
import { updateRecord } from '../update-record.ts';
import type { Endpoints, KnownEndpoint } from './endpoints.ts';
import { bodyOf, eventsOfEntry, eventsOfReviews, type Told } from './events.ts';
import type { Sender } from './sender.ts';
import {
  cursorsCollection,
  deliveryKeyOf,
  removal,
  StoredCursor,
  type StoredDelivery,
  settledCollection,
  waitingCollection,
} from './stored.ts';

export interface Collector {
  /** Listens as soon as there is somebody to tell, and looks meanwhile at runs a process before left untold. */
  listen(): void;
  /** Makes a delivery of an event to one endpoint. @returns its key, `null` if it is known */
  deliver(endpointId: string, told: Told): Promise<string | null>;
  /** Forgets where runs stood that are over. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

const live: readonly RunStatus[] = ['pending', 'processing', 'waiting_review', 'compensating'];
/** Of these there is nothing to tell. */
const passedOver: ReadonlySet<string> = new Set(['RUN_NOT_FOUND', 'RUN_DAMAGED', 'CLOSED']);
const pageSize = 500;
const maxAtOnce = 4;
const againAfterMs = 60_000;
/** Runs created this long before the last look are looked at again: clocks jump. */
const slackMs = 60_000;
/** Beside the runs', which hold only their own alphabet. */
const markKey = '#mark';

export function createCollector(
  { orchestrator, store, clock, log }: ServiceParts,
  endpoints: Endpoints,
  sender: Pick<Sender, 'schedule'>,
  keepForMs: number,
): Collector {
  const waiting = new Set<string>();
  const working = new Set<Promise<void>>();
  const timers = new Set<() => void>();
  let isClosed = false;
  let hasLooked = false;
  let unsubscribe: (() => void) | null = null;

  function add(runId: string): void {
    if (isClosed) return;
    waiting.add(runId);
    workOff();
  }

  function workOff(): void {
    if (isClosed) return;
    for (const runId of waiting) {
      if (working.size >= maxAtOnce) return;
      waiting.delete(runId);
      const work = tell(runId)
        .catch((error: unknown) => {
          if (error instanceof SignalboxError && passedOver.has(error.code)) return;
          log.error({ err: error, runId }, 'nobody could be told of a run now');
          const cancel = clock.after(againAfterMs, () => {
            timers.delete(cancel);
            add(runId);
          });
          timers.add(cancel);
        })
        .finally(() => {
          working.delete(work);
          workOff();
        });
      working.add(work);
    }
  }

  async function tell(runId: string): Promise<void> {
    await endpoints.refresh();
    if (endpoints.all().length === 0) return;
    const record = await store.record(cursorsCollection, runId);
    const seq = record === null ? 0 : StoredCursor.parse(record.value).seq;
    const entries: HistoryEntry[] = [];
    for (;;) {
      const page = await orchestrator.history(runId, {
        afterSeq: entries.at(-1)?.seq ?? seq,
        limit: pageSize,
      });
      entries.push(...page);
      if (page.length < pageSize) break;
    }
    const run = await orchestrator.get(runId);
    const sinceMs = record === null ? await knownSinceMs(run) : Number.NEGATIVE_INFINITY;
    const told = [
      ...entries.flatMap((entry) => eventsOfEntry(run, entry)),
      ...eventsOfReviews(run),
    ].filter(({ atMs }) => atMs >= sinceMs);
    const last = entries.at(-1);
    const changes: RecordChange[] = [];
    const made: string[] = [];
    for (const { key, change } of await newDeliveries(told)) {
      changes.push(change);
      made.push(key);
    }
    const isOver = last !== undefined && !live.includes(last.to);
    if (last !== undefined && (record === null || told.length > 0 || isOver)) {
      changes.push({
        collection: cursorsCollection,
        key: runId,
        expectedRevision: record?.revision ?? 0,
        value: { seq: last.seq, isOver },
      });
    }
    if (changes.length === 0) return;
    if (await store.saveRecords(changes)) for (const key of made) sender.schedule(key, 0);
    // another look, or another process, was faster
    else add(runId);
  }

  /** Of a run that was over, and goes on: what is older was told, and nobody knows any more that it was. */
  async function knownSinceMs({ createdAt }: Pick<RunView, 'createdAt'>): Promise<number> {
    const mark = await store.record(cursorsCollection, markKey);
    const isForgotten = mark !== null && Date.parse(createdAt) < Number(mark.value['atMs']);
    return isForgotten ? clock.nowMs() - keepForMs : Number.NEGATIVE_INFINITY;
  }

  async function newDeliveries(told: readonly Told[]) {
    const made: { readonly key: string; readonly change: RecordChange }[] = [];
    for (const endpoint of endpoints.all()) {
      for (const event of told) {
        if (!isFor(endpoint, event)) continue;
        const one = await newDelivery(endpoint.id, event);
        if (one !== null) made.push(one);
      }
    }
    return made;
  }

  async function newDelivery(endpointId: string, told: Told) {
    const key = deliveryKeyOf(endpointId, told.atMs, told.id);
    const known = await Promise.all([
      store.record(waitingCollection, key),
      store.record(settledCollection, key),
    ]);
    if (known.some((record) => record !== null)) return null;
    const value: StoredDelivery = {
      eventId: told.id,
      type: told.type,
      runId: told.runId,
      atMs: told.atMs,
      body: bodyOf(told),
      status: 'waiting',
      attempts: 0,
      nextAtMs: clock.nowMs(),
      lastStatus: null,
      lastError: null,
    };
    const change = { collection: waitingCollection, key, expectedRevision: 0, value };
    return { key, change };
  }

  /** Runs that live, runs created since the last look, and runs whose end was not told. */
  async function lookThrough(): Promise<void> {
    const mark = await store.record(cursorsCollection, markKey);
    const nowMs = clock.nowMs();
    const sinceMs = mark === null ? nowMs : Number(mark.value['atMs']) - slackMs;
    await addAll({ status: live });
    await addAll({ createdAfterMs: sinceMs });
    for await (const { key, value } of cursors()) {
      if (!StoredCursor.parse(value).isOver) add(key);
    }
    await idle();
    await saveMark(nowMs);
  }

  async function* cursors(): AsyncIterable<StoredRecord> {
    let after: string | undefined;
    do {
      const page = await store.records(cursorsCollection, {
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      for (const record of page) if (record.key !== markKey) yield record;
      after = page.length < pageSize ? undefined : page.at(-1)?.key;
    } while (after !== undefined);
  }

  /** All that was created before has been told of, or has a cursor. */
  async function saveMark(atMs: number): Promise<void> {
    if (waiting.size > 0 || working.size > 0) return;
    await updateRecord(store, cursorsCollection, markKey, () => ({ atMs }));
  }

  async function addAll(query: {
    readonly status?: readonly RunStatus[];
    readonly createdAfterMs?: number;
  }): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await store.list({
        ...query,
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { header } of page.runs) add(header.id);
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** As long as nobody is told, nothing is listened to; but another process may add somebody. */
  function listen(): void {
    if (isClosed) return;
    const isAnybodyTold = endpoints.all().length > 0;
    if (isAnybodyTold || store.shared) {
      unsubscribe ??= orchestrator.subscribe(({ runId }) => add(runId));
    }
    if (!isAnybodyTold || hasLooked) return;
    hasLooked = true;
    lookThrough().catch((error: unknown) => {
      hasLooked = false;
      if (!isClosed) log.error({ err: error }, 'runs could not be looked through');
    });
  }

  async function idle(): Promise<void> {
    while (working.size > 0) await Promise.all(working);
  }

  return {
    listen,
    async tidy() {
      if (unsubscribe === null) return;
      await saveMark(clock.nowMs());
      for await (const record of cursors()) {
        // nobody looks at a run that is over and was created before the mark
        if (StoredCursor.parse(record.value).isOver) await store.saveRecords([removal(record)]);
      }
    },
    async deliver(endpointId, told) {
      const one = await newDelivery(endpointId, told);
      if (one === null || !(await store.saveRecords([one.change]))) return null;
      sender.schedule(one.key, 0);
      return one.key;
    },
    async close() {
      isClosed = true;
      unsubscribe?.();
      for (const cancel of timers) cancel();
      await idle();
      if (unsubscribe !== null) await saveMark(clock.nowMs());
    },
  };
}

function isFor({ events, workflows, createdAtMs, isFixed }: KnownEndpoint, told: Told): boolean {
  return (
    events.some((type) => type === told.type) &&
    (isFixed || told.atMs >= createdAtMs) &&
    (workflows === null || told.workflow === null || workflows.includes(told.workflow))
  );
}
