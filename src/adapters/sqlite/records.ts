/** Records of the service. Writes that come in one turn of the event loop share one transaction, and so one fsync. */
import type { RecordPage, Store, StoredRecord } from '../../ports/store.ts';
import { endOfPrefix } from '../shared/code-points.ts';
import {
  applyChanges,
  checkPage,
  type PreparedChange,
  prepareChanges,
  type RecordTarget,
} from '../shared/records.ts';
import type { Connection, Row } from './connection.ts';
import { integer, text } from './rows.ts';

type Records = Pick<Store, 'record' | 'records' | 'saveRecords'>;
type Work = <T>(work: () => T) => Promise<T>;

interface Waiting {
  readonly changes: readonly PreparedChange[];
  readonly resolve: (isSaved: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export function recordStore(read: Work, write: Work, connection: Connection): Records {
  const target = recordRows(connection);
  let waiting: Waiting[] = [];

  async function writeWaiting(): Promise<void> {
    const group = waiting;
    waiting = [];
    try {
      const saved = await write(() => group.map(({ changes }) => applyChanges(target, changes)));
      for (const [index, { resolve }] of group.entries()) resolve(saved[index] === true);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  return {
    record: (collection, key) =>
      read(() => {
        const find = 'SELECT * FROM records WHERE collection = ? AND key = ?';
        const row = connection.get(find, collection, key);
        return row === undefined ? null : toRecord(row);
      }),
    async records(collection, page) {
      checkPage(page);
      return read(() => listRecords(connection, collection, page));
    },
    async saveRecords(changes) {
      const prepared = prepareChanges(changes);
      return new Promise((resolve, reject) => {
        waiting.push({ changes: prepared, resolve, reject });
        // after the requests that have come in together have been read
        if (waiting.length === 1) setImmediate(() => void writeWaiting());
      });
    },
  };
}

function recordRows(connection: Connection): RecordTarget {
  return {
    revision({ collection, key }) {
      const find = 'SELECT revision FROM records WHERE collection = ? AND key = ?';
      const row = connection.get(find, collection, key);
      return row === undefined ? 0 : integer(row['revision']);
    },
    put({ collection, key, text }, revision) {
      connection.run(
        `INSERT INTO records (collection, key, revision, value) VALUES (?, ?, ?, ?)
          ON CONFLICT (collection, key) DO UPDATE SET revision = excluded.revision, value = excluded.value`,
        collection,
        key,
        revision,
        text,
      );
    },
    remove({ collection, key }) {
      connection.run('DELETE FROM records WHERE collection = ? AND key = ?', collection, key);
    },
  };
}

function listRecords(
  connection: Connection,
  collection: string,
  { prefix = '', after, before, order = 'ascending', limit }: RecordPage,
): readonly StoredRecord[] {
  const end = endOfPrefix(prefix);
  const bounds: readonly (readonly [condition: string, bound: string | null | undefined])[] = [
    ['key >= ?', prefix],
    ['key < ?', end],
    ['key > ?', after],
    ['key < ?', before],
  ];
  const used = bounds.flatMap(([condition, bound]) =>
    bound === undefined || bound === null ? [] : [{ condition, bound }],
  );
  const conditions = ['collection = ?', ...used.map(({ condition }) => condition)].join(' AND ');
  const direction = order === 'ascending' ? 'ASC' : 'DESC';
  const sql = `SELECT * FROM records WHERE ${conditions} ORDER BY key ${direction} LIMIT ?`;
  return connection.all(sql, collection, ...used.map(({ bound }) => bound), limit).map(toRecord);
}

function toRecord(row: Row): StoredRecord {
  return {
    collection: text(row['collection']),
    key: text(row['key']),
    revision: integer(row['revision']),
    value: JSON.parse(text(row['value'])),
  };
}
