import type { PruneQuery, StoredRun } from '../../ports/store.ts';
import { isPrunable, isUnrestricted } from '../shared/run-query.ts';
import type { Connection } from './connection.ts';
import { integer, runColumns, text, textOrNull, toStoredRun } from './rows.ts';

/** Runs removed per transaction, so that others get in between. */
const chunk = 500;

/** Removes the runs with all of their rows; returns their ids. */
export async function pruneRuns(
  connection: Connection,
  query: PruneQuery,
): Promise<readonly string[]> {
  const removed: string[] = [];
  const find = (runId: string) => findRun(connection, runId);
  let place = { finishedAtMs: Number.MIN_SAFE_INTEGER, run: 0 };
  for (;;) {
    const step = () => {
      const rows = connection.all(
        `SELECT ${runColumns}, r.claimed_key FROM states s CROSS JOIN runs r ON r.n = s.run
          WHERE s.finished_at < ? AND (s.finished_at, s.run) > (?, ?) ORDER BY s.finished_at, s.run LIMIT ${chunk}`,
        query.finishedBeforeMs,
        place.finishedAtMs,
        place.run,
      );
      for (const row of rows) {
        const run = integer(row['n']);
        place = { finishedAtMs: integer(row['finished_at']), run };
        const stored = toStoredRun(row);
        if ('damage' in stored || !isPrunable(stored, query, find)) continue;
        removed.push(text(row['id']));
        if (!query.dryRun)
          removeRun(connection, run, text(row['id']), textOrNull(row['claimed_key'] ?? null));
      }
      return rows.length;
    };
    const found = await (query.dryRun ? connection.read(step) : connection.write(step));
    if (found < chunk) break;
  }
  if (!query.dryRun && isUnrestricted(query))
    await connection.write(() => removeExpired(connection, query.finishedBeforeMs));
  return removed;
}

function findRun(connection: Connection, runId: string): StoredRun | null {
  const row = connection.get(
    `SELECT ${runColumns} FROM runs r JOIN states s ON s.run = r.n WHERE r.id = ?`,
    runId,
  );
  const stored = row === undefined ? null : toStoredRun(row);
  return stored === null || 'damage' in stored ? null : stored;
}

function removeRun(
  connection: Connection,
  run: number,
  runId: string,
  claimedKey: string | null,
): void {
  for (const table of ['history', 'checkpoints', 'items', 'states'])
    connection.run(`DELETE FROM ${table} WHERE run = ?`, run);
  connection.run('DELETE FROM runs WHERE n = ?', run);
  connection.run('DELETE FROM messages WHERE run_id = ?', runId);
  if (claimedKey !== null)
    connection.run('DELETE FROM keys WHERE key = ? AND run_id = ?', claimedKey, runId);
}

function removeExpired(connection: Connection, beforeMs: number): void {
  connection.run('DELETE FROM keys WHERE expires_at < ?', beforeMs);
  connection.run('DELETE FROM remembered WHERE expires_at < ?', beforeMs);
  connection.run(
    'DELETE FROM messages WHERE run_id IS NULL AND answer IS NOT NULL AND at < ?',
    beforeMs,
  );
}
