/** What a store that keeps documents has in memory, with the two indexes it answers from. */

import type { JsonObject } from '../../plan/json.ts';
import type { Plan } from '../../plan/plan.ts';
import type {
  BreakerRecord,
  EntityRecord,
  KeyClaim,
  Message,
  RecordPage,
  RememberedResult,
  StoredRecord,
} from '../../ports/store.ts';
import { createKeyIndex, type KeyIndex } from './record-keys.ts';
import { parseRecordId, recordId } from './records.ts';
import type { RunDocument } from './run-document.ts';
import { isSettled } from './run-query.ts';
import { createTable, type Table } from './table.ts';

export interface StoredClaim extends KeyClaim {
  readonly runId: string;
}

export interface StoredMessage {
  /** Grows by one with each message that arrives. */
  readonly arrival: number;
  readonly message: Message;
  readonly answer: JsonObject | null;
}

export interface Tables {
  readonly runs: Table<RunDocument>;
  readonly claims: Table<StoredClaim>;
  readonly messages: Table<StoredMessage>;
  readonly remembered: Table<RememberedResult>;
  readonly breakers: Table<BreakerRecord>;
  /** By {@link entityId}. */
  readonly entities: Table<EntityRecord>;
  readonly plans: Table<Plan>;
  /** By {@link recordId}. */
  readonly records: Table<StoredRecord>;
  /** Keys of the published records. */
  readonly recordKeys: KeyIndex;
  /** Ids of the published runs that are not settled. */
  readonly live: ReadonlySet<string>;
  /** Published messages without an answer, in order of arrival. */
  openMessages(runId: string | null): readonly StoredMessage[];
  hasOpenMessages(runId: string): boolean;
  /** Runs with an unanswered message, whether they exist or not. */
  addressees(): Iterable<string>;
  nextArrival(): number;
  publish(): void;
  discard(): void;
}

export function createTables(): Tables {
  const runs = createTable<RunDocument>();
  const messages = createTable<StoredMessage>();
  const claims = createTable<StoredClaim>();
  const remembered = createTable<RememberedResult>();
  const breakers = createTable<BreakerRecord>();
  const entities = createTable<EntityRecord>();
  const plans = createTable<Plan>();
  const records = createTable<StoredRecord>();
  const recordKeys = createKeyIndex();
  const all = [runs, messages, claims, remembered, breakers, entities, plans, records];
  const live = new Set<string>();
  const open = new Map<string | null, Map<string, StoredMessage>>();
  let arrivals = 0;

  function indexRuns(): void {
    for (const [id, document] of runs.staged) {
      if (document === undefined || isSettled(document.state)) live.delete(id);
      else live.add(id);
    }
  }

  function indexMessages(): void {
    for (const [id, stored] of messages.staged) {
      const runId = (stored ?? messages.published.get(id))?.message.runId ?? null;
      const ofRun = open.get(runId) ?? new Map<string, StoredMessage>();
      if (stored === undefined || stored.answer !== null) ofRun.delete(id);
      else ofRun.set(id, stored);
      if (stored !== undefined) arrivals = Math.max(arrivals, stored.arrival);
      if (ofRun.size === 0) open.delete(runId);
      else open.set(runId, ofRun);
    }
  }

  function indexRecords(): void {
    for (const [id, record] of records.staged) {
      const { collection, key } = parseRecordId(id);
      if (record === undefined) recordKeys.remove(collection, key);
      else if (!records.published.has(id)) recordKeys.add(collection, key);
    }
  }

  return {
    runs,
    messages,
    claims,
    remembered,
    breakers,
    entities,
    plans,
    records,
    recordKeys,
    live,
    openMessages: (runId) => [...(open.get(runId)?.values() ?? [])],
    hasOpenMessages: (runId) => open.has(runId),
    addressees: () => [...open.keys()].filter((runId) => runId !== null),
    nextArrival: () => ++arrivals,
    publish() {
      indexRuns();
      indexMessages();
      indexRecords();
      for (const table of all) table.publish();
    },
    discard() {
      for (const table of all) table.discard();
    },
  };
}

export function recordsOf(
  { records, recordKeys }: Pick<Tables, 'records' | 'recordKeys'>,
  collection: string,
  page: RecordPage,
): readonly StoredRecord[] {
  return recordKeys
    .page(collection, page)
    .flatMap((key) => records.published.get(recordId(collection, key)) ?? []);
}
