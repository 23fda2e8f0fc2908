import type { ClaimableQuery } from '../shared/scheduling.ts';
import type { Connection } from './connection.ts';
import { integer, text } from './rows.ts';

/** ?1: time, ?2: owner, ?3: whether leases are ignored, ?4: limit */
const active = 'FROM states s CROSS JOIN runs r ON r.n = s.run WHERE s.active = 1';
const due = 'FROM states s CROSS JOIN runs r ON r.n = s.run WHERE s.due_at <= ?1';
const addressed = `FROM (SELECT DISTINCT run_id FROM messages WHERE answer IS NULL AND run_id IS NOT NULL) m
  CROSS JOIN runs r ON r.id = m.run_id CROSS JOIN states s ON s.run = r.n WHERE 1`;
const isOthers =
  's.lease_owner IS NOT ?2 AND (s.lease_owner IS NULL OR ?3 OR s.lease_expires_at <= ?1)';
const isOwn = 's.lease_owner = ?2';

/** Each is read through an index and no further than the limit; runs that `owner` does not hold come first. */
const sources: readonly string[] = [
  `${active} AND s.lease_owner IS NULL`,
  `${active} AND s.lease_owner < ?2 AND (?3 OR s.lease_expires_at <= ?1)`,
  `${active} AND s.lease_owner > ?2 AND (?3 OR s.lease_expires_at <= ?1)`,
  `${due} AND ${isOthers}`,
  `${addressed} AND ${isOthers}`,
  `${active} AND ${isOwn}`,
  `${due} AND ${isOwn}`,
  `${addressed} AND ${isOwn}`,
].map((source) => `SELECT r.id ${source} LIMIT ?4`);

export function claimableRuns(connection: Connection, query: ClaimableQuery): readonly string[] {
  const found = new Set<string>();
  const values = [query.nowMs, query.owner, query.anyLease ? 1 : 0, query.limit];
  for (const source of sources) {
    if (found.size >= query.limit) break;
    for (const row of connection.all(source, ...values)) found.add(text(row['id']));
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
