import type { ClaimableQuery } from '../shared/scheduling.ts';
import type { Connection } from './connection.ts';
import { integer, text } from './rows.ts';

type Value = 'nowMs' | 'owner' | 'anyLease' | 'limit';
/** A condition, and what its `?` stand for in their order; numbered ones (`?1`) do not work before Node 22.20. */
type Condition = readonly [sql: string, ...values: readonly Value[]];

const active = 'FROM states s CROSS JOIN runs r ON r.n = s.run WHERE s.active = 1';
const due: Condition = [
  'FROM states s CROSS JOIN runs r ON r.n = s.run WHERE s.due_at <= ?',
  'nowMs',
];
const addressed: Condition = [
  `FROM (SELECT DISTINCT run_id FROM messages WHERE answer IS NULL AND run_id IS NOT NULL) m
  CROSS JOIN runs r ON r.id = m.run_id CROSS JOIN states s ON s.run = r.n WHERE 1`,
];
const isFree: Condition = ['(? OR s.lease_expires_at <= ?)', 'anyLease', 'nowMs'];
const isOthers: Condition = [
  's.lease_owner IS NOT ? AND (s.lease_owner IS NULL OR ? OR s.lease_expires_at <= ?)',
  'owner',
  'anyLease',
  'nowMs',
];
const isOwn: Condition = ['s.lease_owner = ?', 'owner'];

/** Each is read through an index and no further than the limit; runs that `owner` does not hold come first. */
const sources: readonly Condition[] = [
  both([active], ['s.lease_owner IS NULL']),
  both([`${active} AND s.lease_owner < ?`, 'owner'], isFree),
  both([`${active} AND s.lease_owner > ?`, 'owner'], isFree),
  both(due, isOthers),
  both(addressed, isOthers),
  both([active], isOwn),
  both(due, isOwn),
  both(addressed, isOwn),
].map(([sql, ...values]) => [`SELECT r.id ${sql} LIMIT ?`, ...values, 'limit']);

function both([a, ...first]: Condition, [b, ...second]: Condition): Condition {
  return [`${a} AND ${b}`, ...first, ...second];
}

export function claimableRuns(connection: Connection, query: ClaimableQuery): readonly string[] {
  const found = new Set<string>();
  const values = { ...query, anyLease: query.anyLease ? 1 : 0 };
  for (const [source, ...names] of sources) {
    if (found.size >= query.limit) break;
    const rows = connection.all(source, ...names.map((name) => values[name]));
    for (const row of rows) found.add(text(row['id']));
  }
  return [...found].slice(0, query.limit);
}

export function earliestDueAtMs(connection: Connection): number | null {
  const earliest = connection.get(
    'SELECT min(due_at) AS at FROM states WHERE due_at IS NOT NULL',
  )?.['at'];
  return earliest === null ? null : integer(earliest);
}

export function renewLeases(
  connection: Connection,
  owner: string,
  runIds: readonly string[],
  expiresAtMs: number,
): readonly string[] {
  const renew =
    'UPDATE states SET lease_expires_at = ? WHERE run = (SELECT n FROM runs WHERE id = ?) AND lease_owner = ?';
  return runIds.filter((runId) => connection.run(renew, expiresAtMs, runId, owner) === 0);
}
