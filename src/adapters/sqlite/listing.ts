import type { SQLInputValue } from 'node:sqlite';
import type { RunStatus } from '../../plan/plan.ts';
import type { RunCount, RunFilter, RunPage, RunQuery, StoredRun } from '../../ports/store.ts';
import {
  checkLimit,
  countRuns as countsOf,
  matches,
  parseCursor,
  toCursor,
} from '../shared/run-query.ts';
import type { Connection, Row } from './connection.ts';
import { areColumnsEnough, conditionsOf, isOfStanding } from './listed.ts';
import { integer, runColumns, text, toStoredRun } from './rows.ts';

/** Damaged runs are left out and reported to `onDamaged`. */
export function listRuns(
  connection: Connection,
  query: RunQuery,
  onDamaged: (runId: string, reason: string) => void,
): RunPage {
  checkLimit(query.limit, 1_000);
  const runs: StoredRun[] = [];
  let last = { createdAtMs: 0, tie: '' };
  const damaged: [runId: string, reason: string][] = [];
  let cursor: string | null = null;
  for (const row of rowsOf(connection, query)) {
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
  if (areColumnsEnough(filter)) return countedByColumns(connection, filter);
  function* found(): Generator<StoredRun> {
    for (const row of rowsOf(connection, filter)) {
      const run = toStoredRun(row);
      if (!('damage' in run) && matches(run, filter)) yield run;
    }
  }
  return countsOf(found());
}

function countedByColumns(connection: Connection, filter: RunFilter): readonly RunCount[] {
  const { sql, values } = whereOf([
    ...boundsOf(filter),
    ...statusOf(filter),
    ...conditionsOf(filter),
  ]);
  const rows = connection.all(
    `SELECT s.workflow, s.status, count(*) AS runs FROM states s ${indexToCount(filter)} ${sql} GROUP BY s.status, s.workflow`,
    ...values,
  );
  return rows.map((row) => ({
    workflow: text(row['workflow']),
    status: text(row['status']) as RunStatus,
    runs: integer(row['runs']),
  }));
}

type Query = RunFilter & Pick<Partial<RunQuery>, 'cursor'>;

/** The rows from which {@link matches} chooses, newest first. They are found in an index that holds all that tells, and read one by one. */
function* rowsOf(connection: Connection, query: Query): Generator<Row> {
  const { sql, values } = query.parent === undefined ? placesOf(query) : childrenOf(query);
  const whole = `SELECT ${runColumns} FROM runs r CROSS JOIN states s ON s.run = r.n WHERE r.n = ?`;
  for (const place of connection.iterate(sql, ...values)) {
    const row = connection.get(whole, integer(place['n']));
    if (row !== undefined) yield row;
  }
}

interface Statement {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

function childrenOf(query: Query): Statement {
  const { sql, values } = whereOf([
    { sql: 'r.parent_id = ?', values: [query.parent ?? ''] },
    ...boundsOf(query, 'r.created_at', 'r.n'),
  ]);
  return { sql: `SELECT r.n FROM runs r ${sql} ORDER BY r.created_at DESC, r.n DESC`, values };
}

function placesOf(query: Query): Statement {
  const conditions = conditionsOf(query);
  const isOfHeaders =
    query.status === undefined && conditions.every(({ sql }) => sql === 's.workflow = ?');
  if (isOfHeaders) {
    const ofWorkflow =
      query.workflow === undefined ? [] : [{ sql: 'r.workflow = ?', values: [query.workflow] }];
    const { sql, values } = whereOf([...ofWorkflow, ...boundsOf(query, 'r.created_at', 'r.n')]);
    return { sql: `SELECT r.n FROM runs r ${sql} ORDER BY r.created_at DESC, r.n DESC`, values };
  }
  const inOrder = 'ORDER BY place DESC, n DESC';
  const select = 'SELECT s.run AS n, s.created_at AS place FROM states s';
  const index = indexFor(query);
  if (isOfStanding(query) || query.hasReview === true) {
    const { sql, values } = whereOf([...boundsOf(query), ...statusOf(query), ...conditions]);
    return { sql: `${select} ${index} ${sql} ${inOrder}`, values };
  }
  // one part a status: each is read in the order of the index, and they are merged
  const parts = [...new Set(query.status ?? statuses)].map((status) =>
    whereOf([{ sql: 's.status = ?', values: [status] }, ...boundsOf(query), ...conditions]),
  );
  if (parts.length === 0) return { sql: `${select} WHERE 0`, values: [] };
  const union = parts.map(({ sql }) => `${select} ${index} ${sql}`).join(' UNION ALL ');
  return { sql: `${union} ${inOrder}`, values: parts.flatMap(({ values }) => values) };
}

const statuses: readonly RunStatus[] = [
  'pending',
  'processing',
  'waiting_review',
  'compensating',
  'complete',
  'failed',
  'cancelled',
];

function indexFor(filter: RunFilter): string {
  if (isOfStanding(filter)) return 'INDEXED BY states_standing';
  return `INDEXED BY ${filter.hasReview === true ? 'states_in_review' : 'states_listed'}`;
}

/** The narrowest that holds all that is asked for. */
function indexToCount(filter: RunFilter): string {
  const { version, labels = {}, text: searched } = filter;
  const isWide = version !== undefined || searched !== undefined || Object.keys(labels).length > 0;
  if (isWide || filter.hasReview === true || isOfStanding(filter)) return indexFor(filter);
  return 'INDEXED BY states_counted';
}

function whereOf(conditions: readonly Statement[]): Statement {
  const sql = conditions.map((condition) => condition.sql).join(' AND ');
  return {
    sql: sql === '' ? '' : `WHERE ${sql}`,
    values: conditions.flatMap(({ values }) => values),
  };
}

function boundsOf(query: Query, created = 's.created_at', tie = 's.run'): readonly Statement[] {
  const { createdAfterMs, createdBeforeMs } = query;
  const after = parseCursor(query.cursor);
  return [
    // what the index of standing runs is restricted to
    ...(isOfStanding(query) && query.parent === undefined
      ? [{ sql: 's.waits IS NOT NULL', values: [] }]
      : []),
    ...(createdAfterMs === undefined ? [] : [{ sql: `${created} > ?`, values: [createdAfterMs] }]),
    ...(createdBeforeMs === undefined
      ? []
      : [{ sql: `${created} < ?`, values: [createdBeforeMs] }]),
    ...(after === null
      ? []
      : [{ sql: `(${created}, ${tie}) < (?, ?)`, values: [after.createdAtMs, Number(after.tie)] }]),
  ];
}

function statusOf({ status }: RunFilter): readonly Statement[] {
  if (status === undefined) return [];
  const marks = status.map(() => '?').join(', ');
  return [{ sql: `s.status IN (${marks})`, values: status }];
}
