/** The write of a batch; runs inside one transaction. */
import type {
  CommitOutcome,
  HistoryEntry,
  KeyClaim,
  Message,
  MessageAnswer,
  RememberedResult,
  RunCommit,
  RunHeader,
  RunState,
} from '../../ports/store.ts';
import { dueAtMsOf } from '../shared/run-query.ts';
import type { Connection, Row } from './connection.ts';
import { searchColumn, standingColumns } from './listed.ts';
import { checksum, integer, text } from './rows.ts';

export function writeCommit(connection: Connection, commit: RunCommit): CommitOutcome {
  const outcome =
    commit.header !== null && commit.expectedRevision === 0
      ? createRun(connection, commit, commit.header)
      : updateRun(connection, commit);
  if (outcome.outcome !== 'committed') return outcome;
  insertMessages(connection, commit.messages);
  for (const answer of commit.answers) answerMessage(connection, answer);
  for (const result of commit.remember) upsertResult(connection, result);
  return outcome;
}

function createRun(
  connection: Connection,
  { runId, state, history, claim }: RunCommit,
  header: RunHeader,
): CommitOutcome {
  const content = JSON.stringify(header);
  const run = connection.insert(
    `INSERT INTO runs (id, workflow, created_at, parent_id, claimed_key, header, crc) SELECT ?, ?, ?, ?, ?, ?, ?
      WHERE NOT EXISTS (SELECT 1 FROM damaged WHERE run_id = ?) ON CONFLICT (id) DO NOTHING`,
    runId,
    header.workflow,
    header.createdAtMs,
    header.parent?.runId ?? null,
    claim?.key ?? null,
    content,
    checksum(content),
    runId,
  );
  if (run === null) return { outcome: 'conflict' };
  const held = claim === null ? null : claimKey(connection, claim, runId);
  if (held !== null) {
    connection.run('DELETE FROM runs WHERE n = ?', run);
    return held;
  }
  const stateText = JSON.stringify(state);
  connection.run(
    `INSERT INTO states (run, revision, epoch, lease_owner, lease_expires_at, status, created_at, finished_at, active, due_at, has_review,
      awaits, state, crc, workflow, version, search, waits, waits_since, paths) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    run,
    state.revision,
    state.epoch,
    state.lease?.owner ?? null,
    state.lease?.expiresAtMs ?? null,
    state.status,
    header.createdAtMs,
    state.finishedAtMs,
    state.active ? 1 : 0,
    dueAtMsOf(state),
    state.reviews.length > 0 ? 1 : 0,
    JSON.stringify(state.awaits),
    stateText,
    checksum(stateText),
    header.workflow,
    header.version,
    searchColumn(header),
    ...standingColumns(state),
  );
  for (const event of state.awaits)
    connection.run('INSERT OR IGNORE INTO awaits (event, run) VALUES (?, ?)', event, run);
  insertHistory(connection, run, history);
  return { outcome: 'committed' };
}

function claimKey(connection: Connection, claim: KeyClaim, runId: string): CommitOutcome | null {
  const held = connection.get(
    'SELECT run_id, payload_hash FROM keys WHERE key = ? AND expires_at > ?',
    claim.key,
    claim.atMs,
  );
  if (held !== undefined)
    return {
      outcome: 'duplicate',
      runId: text(held['run_id']),
      payloadHash: text(held['payload_hash']),
    };
  connection.run(
    'INSERT OR REPLACE INTO keys (key, run_id, payload_hash, at, expires_at) VALUES (?, ?, ?, ?, ?)',
    claim.key,
    runId,
    claim.payloadHash,
    claim.atMs,
    claim.expiresAtMs,
  );
  return null;
}

function updateRun(
  connection: Connection,
  { runId, expectedRevision, expectedEpoch, header, state, history }: RunCommit,
): CommitOutcome {
  const before = connection.get(
    `SELECT s.run, s.lease_owner, s.status, s.finished_at, s.active, s.due_at, s.has_review, s.awaits,
        s.waits, s.waits_since, s.paths
      FROM runs r JOIN states s ON s.run = r.n WHERE r.id = ? AND s.revision = ? AND s.epoch = ?`,
    runId,
    expectedRevision,
    expectedEpoch,
  );
  if (before === undefined) return { outcome: 'conflict' };
  const run = integer(before['run']);
  if (header !== null) updateHeader(connection, run, header);
  updateState(connection, run, state, isIndexedAs(before, state));
  const awaits = JSON.stringify(state.awaits);
  if (awaits !== before['awaits'])
    updateAwaits(connection, run, text(before['awaits']), state.awaits);
  insertHistory(connection, run, history);
  return { outcome: 'committed' };
}

/** Of what is indexed of a header, a move to another version changes the version alone. */
function updateHeader(connection: Connection, run: number, header: RunHeader): void {
  const content = JSON.stringify(header);
  connection.run(
    'UPDATE runs SET header = ?, crc = ? WHERE n = ?',
    content,
    checksum(content),
    run,
  );
  connection.run('UPDATE states SET version = ? WHERE run = ?', header.version, run);
}

function isIndexedAs(before: Row, state: RunState): boolean {
  const [waits, waitsSince, paths] = standingColumns(state);
  return (
    before['status'] === state.status &&
    before['active'] === (state.active ? 1 : 0) &&
    before['due_at'] === dueAtMsOf(state) &&
    before['lease_owner'] === (state.lease?.owner ?? null) &&
    before['finished_at'] === state.finishedAtMs &&
    before['has_review'] === (state.reviews.length > 0 ? 1 : 0) &&
    before['waits'] === waits &&
    before['waits_since'] === waitsSince &&
    before['paths'] === paths
  );
}

const unindexed = 'revision = ?, epoch = ?, lease_expires_at = ?, state = ?, crc = ?';
const indexed =
  'status = ?, active = ?, due_at = ?, lease_owner = ?, finished_at = ?, has_review = ?, waits = ?, waits_since = ?, paths = ?';

/** A statement that names a column of an index rewrites the index even if the value stays, so there is one without them. */
function updateState(
  connection: Connection,
  run: number,
  state: RunState,
  isIndexed: boolean,
): void {
  const content = JSON.stringify(state);
  const { revision, epoch, lease } = state;
  const values = [revision, epoch, lease?.expiresAtMs ?? null, content, checksum(content)];
  if (isIndexed) {
    connection.run(`UPDATE states SET ${unindexed} WHERE run = ?`, ...values, run);
    return;
  }
  connection.run(
    `UPDATE states SET ${unindexed}, ${indexed} WHERE run = ?`,
    ...values,
    state.status,
    state.active ? 1 : 0,
    dueAtMsOf(state),
    lease?.owner ?? null,
    state.finishedAtMs,
    state.reviews.length > 0 ? 1 : 0,
    ...standingColumns(state),
    run,
  );
}

function updateAwaits(
  connection: Connection,
  run: number,
  before: string,
  awaits: readonly string[],
): void {
  const events: readonly string[] = JSON.parse(before);
  for (const event of events)
    connection.run('DELETE FROM awaits WHERE event = ? AND run = ?', event, run);
  for (const event of awaits)
    connection.run('INSERT OR IGNORE INTO awaits (event, run) VALUES (?, ?)', event, run);
  connection.run('UPDATE states SET awaits = ? WHERE run = ?', JSON.stringify(awaits), run);
}

function insertHistory(
  connection: Connection,
  run: number,
  history: readonly HistoryEntry[],
): void {
  for (const entry of history) {
    connection.run(
      'INSERT INTO history (run, seq, generation, settles, step, entry) VALUES (?, ?, ?, ?, ?, ?)',
      run,
      entry.seq,
      entry.generation,
      entry.settles,
      entry.step,
      JSON.stringify(entry),
    );
  }
}

/** Returns the ids that were known already. */
export function insertMessages(
  connection: Connection,
  messages: readonly Message[],
): readonly string[] {
  return messages
    .filter(
      (message) =>
        connection.run(
          'INSERT INTO messages (id, run_id, at, message) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
          message.id,
          message.runId,
          message.atMs,
          JSON.stringify(message),
        ) === 0,
    )
    .map(({ id }) => id);
}

/** The first answer stays. */
export function answerMessage(connection: Connection, { id, answer }: MessageAnswer): void {
  connection.run(
    'UPDATE messages SET answer = ? WHERE id = ? AND answer IS NULL',
    JSON.stringify(answer),
    id,
  );
}

export function upsertResult(connection: Connection, result: RememberedResult): void {
  connection.run(
    'INSERT OR REPLACE INTO remembered (key, claimant, expires_at, output) VALUES (?, ?, ?, ?)',
    result.key,
    result.claimant,
    result.expiresAtMs,
    result.output === undefined ? null : JSON.stringify(result.output),
  );
}
