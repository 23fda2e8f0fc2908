/** How far the clock of a store in development is ahead: kept in it, because its runs live in that time. */
import type { Store } from '../../ports/store.ts';

const place = { collection: 'development', key: 'clock' };

/** In milliseconds. */
export async function readAheadMs(store: Store): Promise<number> {
  const record = await store.record(place.collection, place.key);
  const aheadMs = record?.value['aheadMs'];
  return typeof aheadMs === 'number' && aheadMs > 0 ? aheadMs : 0;
}

/** Durable when it resolves. */
export async function keepAheadMs(store: Store, aheadMs: number): Promise<void> {
  for (;;) {
    const record = await store.record(place.collection, place.key);
    const expectedRevision = record?.revision ?? 0;
    if (await store.saveRecords([{ ...place, expectedRevision, value: { aheadMs } }])) return;
  }
}
