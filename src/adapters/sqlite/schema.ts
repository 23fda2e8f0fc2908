/**
 * Tables of the sqlite store. A run is split by how often its parts change: `runs` is written once, `states` by every commit (so that its
 * rows stay small and its indexes are touched only when their columns change), `history` is appended to.
 */

/** Marks the file as ours: "sgbx". */
export const applicationId = 0x73676278;

/** Version n of the format is what the first n migrations leave. Never edited once released, only added to. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    parent_id TEXT,
    claimed_key TEXT,
    header TEXT NOT NULL,
    crc INTEGER NOT NULL
  );
  CREATE INDEX runs_newest ON runs (created_at);
  CREATE INDEX runs_of_workflow ON runs (workflow, created_at);
  CREATE INDEX runs_of_parent ON runs (parent_id, created_at) WHERE parent_id IS NOT NULL;

  CREATE TABLE states (
    run INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lease_owner TEXT,
    lease_expires_at INTEGER,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    active INTEGER NOT NULL,
    due_at INTEGER,
    has_review INTEGER NOT NULL,
    awaits TEXT NOT NULL,
    state TEXT NOT NULL,
    crc INTEGER NOT NULL
  );
  CREATE INDEX states_by_status ON states (status, created_at);
  CREATE INDEX states_active ON states (lease_owner) WHERE active = 1;
  CREATE INDEX states_due ON states (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX states_in_review ON states (created_at) WHERE has_review = 1;
  CREATE INDEX states_finished ON states (finished_at) WHERE finished_at IS NOT NULL;

  CREATE TABLE history (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    settles TEXT,
    step TEXT,
    entry TEXT NOT NULL,
    PRIMARY KEY (run, seq)
  );
  CREATE INDEX history_settled ON history (run, generation, step) WHERE settles IS NOT NULL;

  CREATE TABLE awaits (event TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (event, run)) WITHOUT ROWID;

  CREATE TABLE messages (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    run_id TEXT,
    at INTEGER NOT NULL,
    message TEXT NOT NULL,
    answer TEXT
  );
  CREATE INDEX messages_open ON messages (run_id) WHERE answer IS NULL;
  CREATE INDEX messages_of_run ON messages (run_id);

  CREATE TABLE keys (
    key TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE remembered (
    key TEXT PRIMARY KEY,
    claimant TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    output TEXT
  );

  CREATE TABLE breakers (name TEXT PRIMARY KEY, revision INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE plans (name TEXT NOT NULL, version INTEGER NOT NULL, hash TEXT NOT NULL, plan TEXT NOT NULL, PRIMARY KEY (name, version, hash));

  CREATE TABLE checkpoints (
    run INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, generation, path, name)
  );

  CREATE TABLE items (
    run INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    step TEXT NOT NULL,
    position INTEGER NOT NULL,
    status TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (run, generation, step, position)
  ) WITHOUT ROWID;

  CREATE TABLE damaged (
    run_id TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    header TEXT NOT NULL,
    state TEXT NOT NULL
  );
  `,
  `
  CREATE TABLE entities (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    applied TEXT NOT NULL,
    PRIMARY KEY (name, key)
  );
  `,
  `
  CREATE TABLE records (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (collection, key)
  );
  `,
  `
  ALTER TABLE states ADD COLUMN workflow TEXT;
  ALTER TABLE states ADD COLUMN version INTEGER;
  ALTER TABLE states ADD COLUMN search TEXT;
  ALTER TABLE states ADD COLUMN waits TEXT;
  ALTER TABLE states ADD COLUMN waits_since INTEGER;
  ALTER TABLE states ADD COLUMN paths TEXT;
  UPDATE states SET (workflow, version, search) =
    (SELECT r.workflow, json_extract(r.header, '$.version'), signalbox_search(r.header) FROM runs r WHERE r.n = states.run);
  DROP INDEX states_by_status;
  CREATE INDEX states_listed ON states (status, created_at, run, workflow, version, has_review, search);
  CREATE INDEX states_standing ON states (created_at, run, waits, waits_since, status, workflow, version, has_review, paths, search) WHERE waits IS NOT NULL;
  `,
  'CREATE INDEX states_counted ON states (status, workflow, created_at)',
];
