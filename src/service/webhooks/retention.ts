/** What has been processed is remembered for a while: so long the same delivery has no second effect. */
import type { RecordChange, StoredRecord } from '../../ports/store.ts';
import type { ServiceParts } from '../parts.ts';
import {
  deadLettersCollection,
  deliveriesCollection,
  StoredDelivery,
  seenCollection,
  seenKeyOf,
} from './stored.ts';

export interface Retention {
  /** Removes what is too old now. @returns how many deliveries were forgotten */
  sweep(): Promise<number>;
  close(): void;
}

export interface RetentionOptions {
  /** Of deliveries that were processed, and of the ids by which a repetition is known. */
  readonly deliveriesMs: number;
  /** Of dead letters, which somebody should have looked at by then. */
  readonly deadLettersMs: number;
}

const everyMs = 60 * 60 * 1000;
const pageSize = 200;

export function createRetention(
  { store, clock, log }: Pick<ServiceParts, 'store' | 'clock' | 'log'>,
  { deliveriesMs, deadLettersMs }: RetentionOptions,
): Retention {
  let cancel = () => {};
  let isClosed = false;

  async function forget(before: string, isWithLetters: boolean): Promise<number> {
    let forgotten = 0;
    let after: string | undefined;
    for (;;) {
      const page = await store.records(deliveriesCollection, {
        before,
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      const gone = page.filter(
        ({ value }) => isWithLetters || StoredDelivery.parse(value).status !== 'dead',
      );
      for (const record of gone) if (await remove(record)) forgotten += 1;
      after = page.at(-1)?.key;
      if (page.length < pageSize) return forgotten;
    }
  }

  async function remove(record: StoredRecord): Promise<boolean> {
    const { key } = record;
    const { source, deliveryId, status } = StoredDelivery.parse(record.value);
    const others = await Promise.all([
      store.record(seenCollection, seenKeyOf(source, deliveryId)),
      status === 'dead' ? store.record(deadLettersCollection, key) : null,
    ]);
    if (others[1] !== null) log.warn({ delivery: key, source }, 'an old dead letter is forgotten');
    const changes = [record, ...others].flatMap((one) => (one === null ? [] : [removal(one)]));
    return store.saveRecords(changes);
  }

  async function sweep(): Promise<number> {
    const nowMs = clock.nowMs();
    const timeOf = (ageMs: number) => new Date(Math.max(0, nowMs - ageMs)).toISOString();
    return (
      (await forget(timeOf(deliveriesMs), false)) + (await forget(timeOf(deadLettersMs), true))
    );
  }

  function again(): void {
    if (isClosed) return;
    cancel = clock.after(everyMs, () => {
      sweep()
        .catch((error: unknown) => log.error({ err: error }, 'old webhooks could not be removed'))
        .finally(again);
    });
  }

  again();
  return {
    sweep,
    close() {
      isClosed = true;
      cancel();
    },
  };
}

function removal({ collection, key, revision }: StoredRecord): RecordChange {
  return { collection, key, expectedRevision: revision, value: null };
}
