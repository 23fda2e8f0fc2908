/** Records of the service: what may be written, and how a group of changes is applied. */
import { SignalboxError } from '../../errors.ts';
import type { RecordChange, RecordPage, StoredRecord } from '../../ports/store.ts';
import { checkLimit } from './run-query.ts';
import { checkName } from './values.ts';

const maxValueBytes = 4 * 1024 * 1024;
const maxCollectionLength = 100;
const maxKeyLength = 500;
const maxChanges = 1_000;
const maxPage = 1_000;

export function recordId(collection: string, key: string): string {
  return JSON.stringify([collection, key]);
}

export function parseRecordId(id: string): { readonly collection: string; readonly key: string } {
  const [collection, key]: readonly [string, string] = JSON.parse(id);
  return { collection, key };
}

/** A change whose value is JSON text: measured, and shared with nobody. */
export interface PreparedChange {
  readonly collection: string;
  readonly key: string;
  readonly expectedRevision: number;
  readonly text: string | null;
}

/** @throws SignalboxError `INPUT_INVALID`, `PAYLOAD_TOO_LARGE` */
export function prepareChanges(changes: readonly RecordChange[]): readonly PreparedChange[] {
  if (changes.length === 0 || changes.length > maxChanges)
    throw new SignalboxError(
      'INPUT_INVALID',
      `${changes.length} changes of records at once; expected 1 to ${maxChanges}`,
      { details: { changes: changes.length, limit: maxChanges } },
    );
  return changes.map(({ collection, key, expectedRevision, value }) => {
    checkLength('collection', collection, maxCollectionLength);
    checkLength('key', key, maxKeyLength);
    const text = value === null ? null : JSON.stringify(value);
    checkSize(collection, key, text);
    return { collection, key, expectedRevision, text };
  });
}

function checkLength(what: string, name: string, limit: number): void {
  checkName(what, name);
  if (name.length <= limit) return;
  throw new SignalboxError(
    'INPUT_INVALID',
    `${what} "${name.slice(0, 40)}…" has ${name.length} characters; expected at most ${limit}`,
    { details: { [what]: name.slice(0, limit), limit } },
  );
}

function checkSize(collection: string, key: string, text: string | null): void {
  const bytes = text === null ? 0 : Buffer.byteLength(text);
  if (bytes <= maxValueBytes) return;
  throw new SignalboxError(
    'PAYLOAD_TOO_LARGE',
    `Record "${key}" of "${collection}" has ${bytes} bytes; a record holds at most ${maxValueBytes}`,
    { details: { collection, key, bytes, limit: maxValueBytes } },
  );
}

/** @throws SignalboxError `INPUT_INVALID` */
export function checkPage({ limit }: RecordPage): void {
  checkLimit(limit, maxPage);
}

/** Puts in place what a change is to write. */
export interface RecordTarget {
  revision(change: PreparedChange): number;
  put(change: PreparedChange, revision: number): void;
  remove(change: PreparedChange): void;
}

/** All of the changes or, if a revision is stale, none. @returns whether they were made */
export function applyChanges(target: RecordTarget, changes: readonly PreparedChange[]): boolean {
  const revisions = new Map<string, number>();
  for (const change of changes) {
    const id = recordId(change.collection, change.key);
    const revision = revisions.get(id) ?? target.revision(change);
    if (revision !== change.expectedRevision) return false;
    revisions.set(id, change.text === null ? 0 : revision + 1);
  }
  for (const change of changes) {
    if (change.text === null) target.remove(change);
    else target.put(change, change.expectedRevision + 1);
  }
  return true;
}

/** The target of stores that keep records in memory. */
export function recordTable(records: {
  get(id: string): StoredRecord | undefined;
  set(id: string, record: StoredRecord): void;
  delete(id: string): void;
}): RecordTarget {
  return {
    revision: ({ collection, key }) => records.get(recordId(collection, key))?.revision ?? 0,
    put: ({ collection, key, text }, revision) =>
      records.set(recordId(collection, key), {
        collection,
        key,
        revision,
        value: JSON.parse(text ?? 'null'),
      }),
    remove: ({ collection, key }) => records.delete(recordId(collection, key)),
  };
}
