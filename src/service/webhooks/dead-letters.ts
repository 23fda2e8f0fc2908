/** Deliveries nothing could be done with: found, replayed, thrown away. */
import { SignalboxError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordChange, Store } from '../../ports/store.ts';
import type { Inbox } from './inbox.ts';
import {
  deadLettersCollection,
  deliveriesCollection,
  inboxCollection,
  StoredArrival,
  StoredDelivery,
} from './stored.ts';

export interface DeadLetterFilter {
  readonly source?: string;
  readonly event?: string;
  readonly code?: string;
}

export interface FoundLetter {
  readonly key: string;
  readonly arrival: StoredArrival;
  readonly delivery: StoredDelivery;
}

export interface DeadLetters {
  /** Newest first; `before`: key of the last one of the page before. */
  page(
    filter: DeadLetterFilter,
    page: { readonly before?: string; readonly limit: number },
  ): Promise<{ readonly letters: readonly FoundLetter[]; readonly isMore: boolean }>;
  /** @throws SignalboxError `DELIVERY_NOT_FOUND` */
  get(key: string): Promise<FoundLetter>;
  /** @throws SignalboxError `DELIVERY_NOT_FOUND` */
  replay(key: string): Promise<void>;
  /** Oldest first. @returns the keys of what was replayed, or would be */
  replayAll(
    filter: DeadLetterFilter,
    options: { readonly limit: number; readonly dryRun: boolean },
  ): Promise<{ readonly keys: readonly string[]; readonly isMore: boolean }>;
  /** @throws SignalboxError `DELIVERY_NOT_FOUND` */
  discard(key: string): Promise<void>;
}

const pageSize = 100;

export function createDeadLetters(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  inbox: Pick<Inbox, 'takeUp'>,
): DeadLetters {
  async function found(key: string): Promise<FoundLetter | null> {
    const [letter, delivery] = await Promise.all([
      store.record(deadLettersCollection, key),
      store.record(deliveriesCollection, key),
    ]);
    return letter === null || delivery === null
      ? null
      : {
          key,
          arrival: StoredArrival.parse(letter.value),
          delivery: StoredDelivery.parse(delivery.value),
        };
  }

  async function* matching(
    filter: DeadLetterFilter,
    order: 'ascending' | 'descending',
    from: string | undefined,
  ): AsyncIterable<FoundLetter> {
    let last = from;
    for (;;) {
      const bound = order === 'ascending' ? { after: last } : { before: last };
      const page = await store.records(deadLettersCollection, {
        order,
        limit: pageSize,
        ...(last === undefined ? {} : (bound as { after: string } | { before: string })),
      });
      for (const { key } of page) {
        const letter = await found(key);
        if (letter !== null && matches(letter, filter)) yield letter;
      }
      last = page.at(-1)?.key;
      if (page.length < pageSize || last === undefined) return;
    }
  }

  async function take<T>(items: AsyncIterable<T>, limit: number) {
    const taken: T[] = [];
    for await (const item of items) {
      if (taken.length === limit) return { taken, isMore: true };
      taken.push(item);
    }
    return { taken, isMore: false };
  }

  /** @returns `false` if it is not there, or changed at the same time */
  async function putBack(key: string): Promise<boolean> {
    const [letter, delivery] = await Promise.all([
      store.record(deadLettersCollection, key),
      store.record(deliveriesCollection, key),
    ]);
    if (letter === null || delivery === null) return false;
    const arrival = StoredArrival.parse(letter.value);
    const value = { ...arrival, enteredAtMs: clock.nowMs(), replays: arrival.replays + 1 };
    const isBack = await store.saveRecords([
      removal(deadLettersCollection, key, letter.revision),
      removal(deliveriesCollection, key, delivery.revision),
      { collection: inboxCollection, key, expectedRevision: 0, value },
    ]);
    if (isBack) inbox.takeUp(key);
    return isBack;
  }

  return {
    async page(filter, { before, limit }) {
      const { taken, isMore } = await take(matching(filter, 'descending', before), limit);
      return { letters: taken, isMore };
    },
    async get(key) {
      const letter = await found(key);
      if (letter === null) throw notFound(key);
      return letter;
    },
    async replay(key) {
      if (!(await putBack(key))) throw notFound(key);
    },
    async replayAll(filter, { limit, dryRun }) {
      const { taken, isMore } = await take(matching(filter, 'ascending', undefined), limit);
      const keys: string[] = [];
      for (const { key } of taken) if (dryRun || (await putBack(key))) keys.push(key);
      return { keys, isMore };
    },
    async discard(key) {
      const letter = await store.record(deadLettersCollection, key);
      const isGone =
        letter !== null &&
        (await store.saveRecords([removal(deadLettersCollection, key, letter.revision)]));
      if (!isGone) throw notFound(key);
    },
  };
}

function matches({ delivery }: FoundLetter, { source, event, code }: DeadLetterFilter): boolean {
  return (
    (source === undefined || delivery.source === source) &&
    (event === undefined || delivery.event === event) &&
    (code === undefined || delivery.problem?.code === code)
  );
}

function removal(collection: string, key: string, expectedRevision: number): RecordChange {
  return { collection, key, expectedRevision, value: null };
}

function notFound(key: string): SignalboxError {
  return new SignalboxError('DELIVERY_NOT_FOUND', `There is no dead letter "${key}"`, {
    details: { deliveryKey: key },
    hint: 'It may have been replayed or discarded; list them again',
  });
}
