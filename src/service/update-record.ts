import { SignalboxError } from '../errors.ts';
import type { JsonObject } from '../plan/json.ts';
import type { Store, StoredRecord } from '../ports/store.ts';

const maxAttempts = 20;

/**
 * Changes one record by what it is now, whoever else writes it.
 *
 * @param change - may be asked several times; `undefined` leaves the record as it is, `null` removes it
 * @returns the value that stands in the end, `null` if there is none
 * @throws SignalboxError `STORE_UNAVAILABLE` if others are always faster
 */
export async function updateRecord(
  store: Pick<Store, 'record' | 'saveRecords'>,
  collection: string,
  key: string,
  change: (record: StoredRecord | null) => JsonObject | null | undefined,
): Promise<JsonObject | null> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const record = await store.record(collection, key);
    const value = change(record);
    if (value === undefined || (value === null && record === null)) return record?.value ?? null;
    const expectedRevision = record?.revision ?? 0;
    if (await store.saveRecords([{ collection, key, expectedRevision, value }])) return value;
  }
  throw new SignalboxError(
    'STORE_UNAVAILABLE',
    `Record "${key}" of "${collection}" is written by others all the time; try again`,
    { details: { collection, key } },
  );
}
