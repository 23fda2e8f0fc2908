/** Records of the service. */
import { SignalboxError } from '../../errors.ts';
import type { RecordPage, Store, StoredRecord } from '../../ports/store.ts';
import { endOfPrefix } from '../shared/code-points.ts';
import { applyChanges, checkPage, prepareChanges, type RecordTarget } from '../shared/records.ts';
import type { Connection, Row } from './connection.ts';
import { integer, text } from './rows.ts';

type Records = Pick<Store, 'record' | 'records' | 'saveRecords'>;
type Work = <T>(work: () => T) => Promise<T>;

export function recordStore(read: Work, write: Work, connection: Connection): Records {
  const target = recordRows(connection);

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
      return write(() => applyChanges(target, prepared));
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

/** @throws SignalboxError `STORE_DAMAGED` */
function toRecord(row: Row): StoredRecord {
  const collection = text(row['collection']);
  const key = text(row['key']);
  try {
    return {
      collection,
      key,
      revision: integer(row['revision']),
      value: JSON.parse(text(row['value'])),
    };
  } catch (error) {
    throw new SignalboxError('STORE_DAMAGED', `Record "${key}" of "${collection}" is damaged`, {
      details: { collection, key },
      hint: 'Keep a copy of the file, then restore the last backup',
      cause: error,
    });
  }
}
