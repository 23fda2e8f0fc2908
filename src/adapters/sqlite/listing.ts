import type { SQLInputValue } from 'node:sqlite';
import type { RunCount, RunFilter, RunPage, RunQuery, StoredRun } from '../../ports/store.ts';
import {
  checkLimit,
  countRuns as countsOf,
  matches,
  parseCursor,
  toCursor,
} from '../shared/run-query.ts';
import type { Connection } from './connection.ts';
import { integer, runColumns, text, toStoredRun } from './rows.ts';

/** Damaged runs are left out and reported to `onDamaged`. */
export function listRuns(
  connection: Connection,
  query: RunQuery,
  onDamaged: (runId: string, reason: string) => void,
): RunPage {
  checkLimit(query.limit, 1_000);
  const { sql, values } = toSql(query);
  const runs: StoredRun[] = [];
  let last = { createdAtMs: 0, tie: '' };
  const damaged: [runId: string, reason: string][] = [];
  let cursor: string | null = null;
  for (const row of connection.iterate(sql, ...values)) {
    const run = toStoredRun(row);
    if ('damage' in run) damaged.push([text(row['id']), run.damage]);
    else if (matches(run, query)) {
      if (runs.length === query.limit) {
        cursor = toCursor(last);
        break;
      }
      runs.push(run);
      last = { createdAtMs: run.header.createdAtMs, tie: String(integer(row['n'])) };
    }
  }
  for (const [runId, reason] of damaged) onDamaged(runId, reason);
  return { runs, cursor };
}

export function countRuns(connection: Connection, filter: RunFilter): readonly RunCount[] {
  const { sql, values } = toSql(filter);
  function* found(): Generator<StoredRun> {
    for (const row of connection.iterate(sql, ...values)) {
      const run = toStoredRun(row);
      if (!('damage' in run) && matches(run, filter)) yield run;
    }
  }
  return countsOf(found());
}

/**
 * The rows from which {@link matches} chooses, newest first, through the index of the most telling condition. `CROSS JOIN` keeps SQLite
 * from reordering the tables.
 */
function toSql(query: RunFilter & Pick<Partial<RunQuery>, 'cursor'>): {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
} {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const isByState =
    query.parent === undefined && (query.status !== undefined || query.hasReview === true);
  const [created, tie] = isByState ? ['s.created_at', 's.run'] : ['r.created_at', 'r.n'];
  const where = (condition: string, ...bound: readonly SQLInputValue[]) => {
    conditions.push(condition);
    values.push(...bound);
  };

  if (query.parent !== undefined) where('r.parent_id = ?', query.parent);
  else if (query.hasReview === true) where('s.has_review = 1');
  else if (query.status === undefined && query.workflow !== undefined)
    where('r.workflow = ?', query.workflow);
  if (query.createdAfterMs !== undefined) where(`${created} > ?`, query.createdAfterMs);
  if (query.createdBeforeMs !== undefined) where(`${created} < ?`, query.createdBeforeMs);
  const after = parseCursor(query.cursor);
  if (after !== null) where(`(${created}, ${tie}) < (?, ?)`, after.createdAtMs, Number(after.tie));

  const tables = isByState
    ? 'states s CROSS JOIN runs r ON r.n = s.run'
    : 'runs r CROSS JOIN states s ON s.run = r.n';
  const select = (more: readonly string[]) => {
    const all = [...conditions, ...more];
    return `SELECT ${runColumns}, ${created} AS place FROM ${tables} ${all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`}`;
  };
  if (!isByState || query.hasReview === true || query.status === undefined) {
    return { sql: `${select([])} ORDER BY ${created} DESC, ${tie} DESC`, values };
  }
  // one part a status: each is read in the order of the index, and they are merged
  const statuses = [...new Set(query.status)];
  if (statuses.length === 0) return { sql: select(['0']), values };
  const parts = statuses.map(() => select(['s.status = ?']));
  return {
    sql: `${parts.join(' UNION ALL ')} ORDER BY place DESC, n DESC`,
    values: statuses.flatMap((status) => [...values, status]),
  };
}
