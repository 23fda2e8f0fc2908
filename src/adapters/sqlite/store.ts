import type {
  BreakerRecord,
  DamagedRun,
  EntityRecord,
  Fence,
  HistoryEntry,
  MapItem,
  Message,
  RememberedResult,
  Store,
} from '../../ports/store.ts';
import { holds } from '../shared/changes.ts';
import { checkCommit } from '../shared/commit-check.ts';
import { erased } from '../shared/run-document.ts';
import { checkLimit } from '../shared/run-query.ts';
import {
  checkEntity,
  checkName,
  closedError,
  mapTooLargeError,
  readOnlyError,
} from '../shared/values.ts';
import { answerMessage, insertMessages, upsertResult, writeCommit } from './commit.ts';
import type { Connection, ConnectionOptions, Row } from './connection.ts';
import { damagedError, damagedRuns, isolate } from './damage.ts';
import { countRuns, listRuns } from './listing.ts';
import { pruneRuns } from './pruning.ts';
import { recordStore } from './records.ts';
import { integer, runColumns, text, textOrNull, toMapItem, toStoredRun } from './rows.ts';
import { claimableRuns, earliestDueAtMs, renewLeases } from './scheduling.ts';
import { backUp, exportRuns } from './snapshot.ts';

const maxMapItems = 10_000_000;
const runOf = '(SELECT n FROM runs WHERE id = ?)';

export function createStore(
  connection: Connection,
  { readOnly, busyTimeoutMs }: ConnectionOptions,
): Store {
  let isClosed = false;

  async function read<T>(work: () => T): Promise<T> {
    if (isClosed) throw closedError('sqlite');
    return connection.read(work);
  }

  async function write<T>(work: () => T, synced = true): Promise<T> {
    if (isClosed) throw closedError('sqlite');
    if (readOnly) throw readOnlyError('sqlite', connection.file);
    return connection.write(work, synced);
  }

  async function writeSoon<T>(work: () => T): Promise<T> {
    if (isClosed) throw closedError('sqlite');
    if (readOnly) throw readOnlyError('sqlite', connection.file);
    return connection.writeSoon(work);
  }

  async function setAside(runs: readonly DamagedRun[]): Promise<void> {
    if (readOnly || runs.length === 0) return;
    await write(() => {
      for (const { runId, reason } of runs) isolate(connection, runId, reason);
    });
  }

  /** The run's number in the tables, or `null` if the fence is stale. */
  function fenced({ runId, epoch }: Fence): number | null {
    const row = connection.get(
      'SELECT s.run FROM runs r JOIN states s ON s.run = r.n WHERE r.id = ? AND s.epoch = ?',
      runId,
      epoch,
    );
    return row === undefined ? null : integer(row['run']);
  }

  return {
    kind: 'sqlite',
    shared: true,
    readOnly,
    limits: { mapItems: maxMapItems },

    async commit(batch) {
      for (const commit of batch) checkCommit(commit);
      return write(
        () => batch.map((commit) => writeCommit(connection, commit)),
        batch.some(({ durability }) => durability === 'durable'),
      );
    },

    async load(runId) {
      const find = `SELECT ${runColumns} FROM runs r JOIN states s ON s.run = r.n WHERE r.id = ?`;
      const row = await read(() => connection.get(find, runId));
      if (row === undefined) {
        const damaged = await read(() =>
          connection.get('SELECT reason FROM damaged WHERE run_id = ?', runId),
        );
        if (damaged !== undefined)
          throw damagedError(connection.file, runId, text(damaged['reason']));
        return null;
      }
      const run = toStoredRun(row);
      // an id that is no well-formed text finds the run of one that is
      if (!('damage' in run)) return run.header.id === runId ? run : null;
      await setAside([{ runId, reason: run.damage, location: connection.file }]);
      throw damagedError(connection.file, runId, run.damage);
    },

    async history(runId, { afterSeq, limit }) {
      checkLimit(limit, 10_000);
      const sql = `SELECT entry FROM history WHERE run = ${runOf} AND seq > ? ORDER BY seq LIMIT ?`;
      return read(() => connection.all(sql, runId, afterSeq, limit).map(toHistoryEntry));
    },

    async settled(runId, generation, steps) {
      const all = `SELECT entry FROM history WHERE run = ${runOf} AND generation = ? AND settles IS NOT NULL`;
      return read(() =>
        steps === undefined
          ? connection.all(`${all} ORDER BY seq`, runId, generation).map(toHistoryEntry)
          : connection
              .all(
                `${all} AND step IN (SELECT value FROM json_each(?)) ORDER BY seq`,
                runId,
                generation,
                JSON.stringify(steps),
              )
              .map(toHistoryEntry),
      );
    },

    async list(query) {
      const damaged: DamagedRun[] = [];
      const page = await read(() =>
        listRuns(connection, query, (runId, reason) =>
          damaged.push({ runId, reason, location: connection.file }),
        ),
      );
      await setAside(damaged);
      return page;
    },

    count: (filter) => read(() => countRuns(connection, filter)),
    damaged: () => read(() => damagedRuns(connection)),
    claimable: (query) => read(() => claimableRuns(connection, query)),
    nextDueAtMs: () => read(() => earliestDueAtMs(connection)),
    renew: (owner, runIds, expiresAtMs) =>
      write(() => renewLeases(connection, owner, runIds, expiresAtMs)),
    awaiting: (event) =>
      read(() =>
        connection
          .all(
            'SELECT r.id FROM awaits a JOIN runs r ON r.n = a.run WHERE a.event = ? ORDER BY a.run',
            event,
          )
          .map((row) => text(row['id'])),
      ),

    async send(messages) {
      for (const { id } of messages) checkName('messageId', id);
      return write(() => insertMessages(connection, messages));
    },
    inbox: (runId) =>
      read(() =>
        connection
          .all(
            'SELECT message FROM messages WHERE run_id IS ? AND answer IS NULL ORDER BY n',
            runId,
          )
          .map(toMessage),
      ),
    answer: (messageId) =>
      read(() => {
        const row = connection.get('SELECT answer FROM messages WHERE id = ?', messageId);
        return row === undefined
          ? null
          : { answer: row['answer'] === null ? null : JSON.parse(text(row['answer'])) };
      }),
    settleMessage: (answer) => write(() => answerMessage(connection, answer)),

    key: (key, nowMs) =>
      read(() => {
        const row = connection.get(
          'SELECT * FROM keys WHERE key = ? AND expires_at > ?',
          key,
          nowMs,
        );
        if (row === undefined) return null;
        const [atMs, expiresAtMs] = [integer(row['at']), integer(row['expires_at'])];
        return {
          key,
          payloadHash: text(row['payload_hash']),
          atMs,
          expiresAtMs,
          runId: text(row['run_id']),
        };
      }),

    async claimResult(result, nowMs) {
      checkName('key', result.key);
      return write(() => {
        const row = connection.get('SELECT * FROM remembered WHERE key = ?', result.key);
        const held = row === undefined ? null : toRemembered(row);
        if (held !== null && holds(held, result.claimant, nowMs)) return held;
        upsertResult(connection, result);
        return null;
      });
    },
    async releaseResult(key, claimant) {
      await write(() =>
        connection.run(
          'DELETE FROM remembered WHERE key = ? AND claimant = ? AND output IS NULL',
          key,
          claimant,
        ),
      );
    },

    breakers: () =>
      read(() =>
        connection
          .all('SELECT record FROM breakers ORDER BY name')
          .map((row): BreakerRecord => JSON.parse(text(row['record']))),
      ),
    async saveBreaker(record) {
      checkName('breaker', record.name);
      return write(() => {
        const row = connection.get('SELECT revision FROM breakers WHERE name = ?', record.name);
        if ((row === undefined ? 0 : integer(row['revision'])) !== record.revision - 1)
          return false;
        connection.run(
          'INSERT OR REPLACE INTO breakers (name, revision, record) VALUES (?, ?, ?)',
          record.name,
          record.revision,
          JSON.stringify(record),
        );
        return true;
      });
    },

    async savePlan(plan) {
      const insert = 'INSERT OR REPLACE INTO plans (name, version, hash, plan) VALUES (?, ?, ?, ?)';
      await write(() =>
        connection.run(insert, plan.name, plan.version, plan.hash, JSON.stringify(plan)),
      );
    },
    plan: (name, version, hash) =>
      read(() => {
        const row = connection.get(
          'SELECT plan FROM plans WHERE name = ? AND version = ? AND hash = ?',
          name,
          version,
          hash,
        );
        return row === undefined ? null : JSON.parse(text(row['plan']));
      }),
    plans: () =>
      read(() =>
        connection
          .all('SELECT name, version, hash FROM plans ORDER BY name, version')
          .map((row) => ({
            name: text(row['name']),
            version: integer(row['version']),
            hash: text(row['hash']),
          })),
      ),

    async saveCheckpoint({ generation, path, name, value }, fence) {
      checkName('checkpoint', name);
      return write(() => {
        const run = fenced(fence);
        if (run === null) return false;
        const upsert =
          'INSERT OR REPLACE INTO checkpoints (run, generation, path, name, value) VALUES (?, ?, ?, ?, ?)';
        connection.run(upsert, run, generation, path, name, JSON.stringify(value));
        return true;
      });
    },
    checkpoints: (runId, generation, path) =>
      read(() =>
        connection
          .all(
            `SELECT name, value FROM checkpoints WHERE run = ${runOf} AND generation = ? AND path = ? ORDER BY rowid`,
            runId,
            generation,
            path,
          )
          .map((row) => ({
            runId,
            generation,
            path,
            name: text(row['name']),
            value: JSON.parse(text(row['value'])),
          })),
      ),

    async saveItems(items, fence) {
      const tooLarge = items.find(({ index }) => index >= maxMapItems);
      if (tooLarge !== undefined)
        throw mapTooLargeError(fence.runId, tooLarge.step, tooLarge.index, maxMapItems);
      return write(() => {
        const run = fenced(fence);
        if (run === null) return false;
        for (const item of items) upsertItem(connection, run, item);
        return true;
      });
    },
    items: (runId, generation, step, { afterIndex, limit }) =>
      read(() =>
        connection
          .all(
            `SELECT * FROM items WHERE run = ${runOf} AND generation = ? AND step = ? AND position > ? ORDER BY position LIMIT ?`,
            runId,
            generation,
            step,
            afterIndex,
            limit,
          )
          .map((row) => toMapItem(row, runId)),
      ),

    entity: (name, key) =>
      read(() => {
        const row = connection.get('SELECT * FROM entities WHERE name = ? AND key = ?', name, key);
        return row === undefined ? null : toEntity(row);
      }),
    async saveEntity(record, fence) {
      checkEntity(record);
      const { name, key, revision, state, applied } = record;
      return write(() => {
        if (fenced(fence) === null) return 'stale';
        const find = 'SELECT revision FROM entities WHERE name = ? AND key = ?';
        const row = connection.get(find, name, key);
        if ((row === undefined ? 0 : integer(row['revision'])) !== revision - 1) return 'conflict';
        connection.run(
          'INSERT OR REPLACE INTO entities (name, key, revision, state, applied) VALUES (?, ?, ?, ?, ?)',
          name,
          key,
          revision,
          JSON.stringify(state),
          JSON.stringify(applied),
        );
        return 'saved';
      });
    },
    async *entities() {
      const page = 'SELECT * FROM entities WHERE (name, key) > (?, ?) ORDER BY name, key LIMIT 100';
      let rows: readonly EntityRecord[] = [];
      do {
        const last = rows.at(-1);
        rows = await read(() =>
          connection.all(page, last?.name ?? '', last?.key ?? '').map(toEntity),
        );
        yield* rows;
      } while (rows.length > 0);
    },

    ...recordStore(read, writeSoon, connection),

    erase: (runId, seqs) =>
      write(() => {
        for (const seq of seqs) {
          const row = connection.get(
            `SELECT rowid, entry FROM history WHERE run = ${runOf} AND seq = ?`,
            runId,
            seq,
          );
          if (row === undefined) continue;
          connection.run(
            'UPDATE history SET entry = ? WHERE rowid = ?',
            JSON.stringify(erased(toHistoryEntry(row))),
            integer(row['rowid']),
          );
        }
      }),

    async prune(query) {
      if (isClosed) throw closedError('sqlite');
      if (readOnly && !query.dryRun) throw readOnlyError('sqlite', connection.file);
      return pruneRuns(connection, query);
    },
    async *export() {
      if (isClosed) throw closedError('sqlite');
      yield* exportRuns(connection.file, busyTimeoutMs);
    },
    async backup(destination) {
      if (isClosed) throw closedError('sqlite');
      await backUp(connection, destination);
    },
    async close() {
      isClosed = true;
      connection.close();
    },
  };
}

function upsertItem(
  connection: Connection,
  run: number,
  { generation, step, index, status, state }: MapItem,
): void {
  const upsert =
    'INSERT OR REPLACE INTO items (run, generation, step, position, status, state) VALUES (?, ?, ?, ?, ?, ?)';
  connection.run(upsert, run, generation, step, index, status, JSON.stringify(state));
}

function toHistoryEntry(row: Row): HistoryEntry {
  return JSON.parse(text(row['entry']));
}

function toEntity(row: Row): EntityRecord {
  return {
    name: text(row['name']),
    key: text(row['key']),
    revision: integer(row['revision']),
    state: JSON.parse(text(row['state'])),
    applied: JSON.parse(text(row['applied'])),
  };
}

function toMessage(row: Row): Message {
  return JSON.parse(text(row['message']));
}

function toRemembered(row: Row): RememberedResult {
  const output = textOrNull(row['output'] ?? null);
  return {
    key: text(row['key']),
    claimant: text(row['claimant']),
    expiresAtMs: integer(row['expires_at']),
    ...(output === null ? {} : { output: JSON.parse(output) }),
  };
}
