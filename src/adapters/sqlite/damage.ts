import { SignalboxError } from '../../errors.ts';
import type { DamagedRun } from '../../ports/store.ts';
import type { Connection } from './connection.ts';
import { integer, text } from './rows.ts';

/** Moves the run's rows aside: it is in no list and no index any more, and no commit can overwrite what is left of it. */
export function isolate(connection: Connection, runId: string, reason: string): void {
  const row = connection.get(
    'SELECT r.n, r.header, s.state FROM runs r JOIN states s ON s.run = r.n WHERE r.id = ?',
    runId,
  );
  if (row === undefined) return;
  const run = integer(row['n']);
  const keep = 'INSERT OR IGNORE INTO damaged (run_id, reason, header, state) VALUES (?, ?, ?, ?)';
  connection.run(keep, runId, reason, row['header'] ?? null, row['state'] ?? null);
  connection.run('DELETE FROM awaits WHERE run = ?', run);
  connection.run('DELETE FROM states WHERE run = ?', run);
}

export function damagedRuns(connection: Connection): readonly DamagedRun[] {
  return connection.all('SELECT run_id, reason FROM damaged').map((row) => ({
    runId: text(row['run_id']),
    reason: text(row['reason']),
    location: `table "damaged" of ${connection.file}`,
  }));
}

export function damagedError(file: string, runId: string, reason: string): SignalboxError {
  return new SignalboxError(
    'RUN_DAMAGED',
    `Run "${runId}" in "${file}" cannot be trusted: ${reason}`,
    {
      details: { runId, file },
      hint: 'Its rows are kept in the table "damaged"; the other runs are not affected',
    },
  );
}
