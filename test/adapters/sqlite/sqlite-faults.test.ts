import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore, type SqliteOperation } from '../../../src/adapters/sqlite/index.ts';
import { openFile } from '../../../src/adapters/sqlite/open.ts';
import { migrations } from '../../../src/adapters/sqlite/schema.ts';
import {
  aMessage,
  commitAll,
  creation,
  finished,
  next,
  startMs,
} from '../../../src/testing/store-contract/builders.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-sqlite-'));
  file = join(folder, 'store.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An error as `node:sqlite` throws it. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error(`simulated result code ${errcode}`), {
    code: 'ERR_SQLITE_ERROR',
    errcode,
  });
}

const ioErrorFsync = 1034;
const full = 13;

/** Fails at the given place until it is told to stop. */
function faultAt(operation: SqliteOperation, phase: 'before' | 'after', errcode: number) {
  const fault = { isSet: false };
  const onOperation = (now: SqliteOperation, at: 'before' | 'after') => {
    if (fault.isSet && now === operation && at === phase) throw sqliteError(errcode);
  };
  return { fault, onOperation };
}

function edit(sql: string, ...values: readonly (string | number)[]): void {
  const database = new DatabaseSync(file);
  database.prepare(sql).run(...values);
  database.close();
}

describe('a sqlite store on a faulty disk', () => {
  it.each([
    ['A-04: no space left', 'write', 'after', full],
    ['A-04: no space left at the commit', 'commit', 'before', full],
    ['A-05: a failed sync', 'commit', 'before', ioErrorFsync],
    ['A-05: an input/output error between the statements', 'write', 'before', 266],
  ] as const)(
    '%s: nothing is written, and the store goes on once the disk does',
    async (_, operation, phase, errcode) => {
      const { fault, onOperation } = faultAt(operation, phase, errcode);
      const store = await openSqliteStore(file, { onOperation });
      const first = await commitAll(store, creation('run-1'));
      fault.isSet = true;

      const refused = store.commit([
        next(first),
        creation('run-2', { messages: [aMessage({ id: 'm-1' })] }),
      ]);
      await expect(refused).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        cause: expect.any(Error),
      });
      expect((await store.load('run-1'))?.state.revision).toBe(1);
      expect(await store.load('run-2')).toBeNull();
      expect(await store.answer('m-1')).toBeNull();

      fault.isSet = false;
      expect(await store.commit([next(first)])).toEqual([{ outcome: 'committed' }]);
      await store.close();
    },
  );

  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['filled with NUL', (content: Buffer) => Buffer.alloc(content.length)],
    [
      'random bytes',
      (content: Buffer) =>
        Buffer.from(content.map((byte, index) => (byte * 31 + index * 17) % 256)),
    ],
    ['cut in its header', (content: Buffer) => content.subarray(0, 50)],
  ])('A-07: a file that is %s is refused and left as it is', async (_, damage) => {
    await (await openSqliteStore(file)).close();
    const content = damage(await readFile(file));
    await writeFile(file, content);

    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining(file),
    });

    expect(await readFile(file)).toEqual(content);
  });

  it('J-09: the database of another application is refused and left as it is', async () => {
    edit('CREATE TABLE songs (title TEXT)');

    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining('another application'),
    });

    const database = new DatabaseSync(file);
    expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'songs' }]);
    database.close();
  });

  it.each([
    ['the state', `UPDATE states SET state = replace(state, '"start"', '"approved"')`],
    ['the status', `UPDATE states SET status = 'complete'`],
    ['the revision', 'UPDATE states SET revision = 7'],
    ['whether it finished', 'UPDATE states SET finished_at = 5'],
    ['the input', `UPDATE runs SET header = replace(header, 'o-1', 'o-2')`],
  ])('E-04, A-08: a run in which someone edited %s is isolated', async (_, sql) => {
    const store = await openSqliteStore(file);
    const first = await commitAll(
      store,
      creation('run-1', { state: { active: true, awaits: ['paid'] } }),
    );
    await commitAll(store, creation('run-2', { state: { active: true } }));
    edit(`${sql} WHERE ${sql.includes('runs') ? 'n' : 'run'} = 1`);

    await expect(store.load('run-1')).rejects.toMatchObject({
      code: 'RUN_DAMAGED',
      details: { runId: 'run-1' },
    });

    await expect(store.load('run-1')).rejects.toMatchObject({ code: 'RUN_DAMAGED' });
    expect(await store.damaged()).toMatchObject([
      { runId: 'run-1', location: expect.stringContaining(file) },
    ]);
    expect(
      await store.claimable({ nowMs: startMs, owner: 'a', anyLease: true, limit: 10 }),
    ).toEqual(['run-2']);
    expect(await store.awaiting('paid')).toEqual([]);
    expect(await store.commit([next(first), creation('run-1')])).toEqual([
      { outcome: 'conflict' },
      { outcome: 'conflict' },
    ]);
    expect((await store.list({ limit: 10 })).runs.map(({ header }) => header.id)).toEqual([
      'run-2',
    ]);
    const database = new DatabaseSync(file);
    expect(
      database.prepare('SELECT count(*) AS n FROM damaged WHERE length(state) > 10').get(),
    ).toEqual({ n: 1 });
    database.close();
    await store.close();
  });

  it('E-04: a list isolates what it comes across', async () => {
    const store = await openSqliteStore(file);
    await commitAll(store, creation('run-1'), creation('run-2'));
    edit(`UPDATE states SET state = replace(state, 'start', 'end') WHERE run = 1`);

    expect((await store.list({ limit: 10 })).runs.map(({ header }) => header.id)).toEqual([
      'run-2',
    ]);
    expect(await store.damaged()).toMatchObject([{ runId: 'run-1' }]);
    await store.close();

    const reader = await openSqliteStore(file, { readOnly: true });
    await expect(reader.load('run-1')).rejects.toMatchObject({ code: 'RUN_DAMAGED' });
    await reader.close();
  });

  it('A-10: refuses work when its file is deleted or replaced, and makes nothing anew', async () => {
    const store = await openSqliteStore(file);
    await commitAll(store, creation('run-1'));
    await rename(file, join(folder, 'moved.db'));
    await expect(store.commit([creation('run-2')])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect((await readdir(folder)).includes('store.db')).toBe(false);

    const other = await openSqliteStore(join(folder, 'other.db'));
    await other.close();
    await rename(join(folder, 'other.db'), file);
    await expect(store.commit([creation('run-2')])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });

    await rename(join(folder, 'moved.db'), file);
    expect(await store.commit([creation('run-2')])).toEqual([{ outcome: 'committed' }]);
    await store.close();
  });

  it('A-11: makes a missing file with its folders, closed to other users; refuses one it cannot open', async () => {
    const deep = join(folder, 'a/b/store.db');
    const store = await openSqliteStore(deep);
    await commitAll(store, creation('run-1'));

    for (const name of await readdir(join(folder, 'a/b')))
      expect((await stat(join(folder, 'a/b', name))).mode & 0o77).toBe(0);
    expect(await readdir(join(folder, 'a/b'))).toEqual(
      expect.arrayContaining(['store.db', 'store.db-wal']),
    );
    await store.close();

    await expect(openSqliteStore(join(folder, 'a'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(openSqliteStore(join(deep, 'below.db'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(
      openSqliteStore(join(folder, 'missing.db'), { readOnly: true }),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('refuses writes when it is open for reading only', async () => {
    const store = await openSqliteStore(file);
    const first = await commitAll(store, creation('run-1', { state: finished }));
    const reader = await openSqliteStore(file, { readOnly: true });

    await expect(reader.commit([next(first)])).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    await expect(reader.send([aMessage({ id: 'm-1' })])).rejects.toMatchObject({
      code: 'STORE_READ_ONLY',
    });
    await expect(
      reader.prune({ finishedBeforeMs: startMs * 2, dryRun: false }),
    ).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    expect(await reader.prune({ finishedBeforeMs: startMs * 2, dryRun: true })).toEqual(['run-1']);
    await commitAll(store, next(first));
    expect((await reader.load('run-1'))?.state.revision).toBe(2);
    await reader.close();
    await store.close();
  });
});

describe('the format of a sqlite store', () => {
  const options = { readOnly: false, busyTimeoutMs: 1_000, onOperation: () => {} };

  it('I-02: a newer one is refused, naming both, and nothing is written', async () => {
    await (await openSqliteStore(file)).close();
    edit('INSERT INTO migrations (version, at) VALUES (?, 0)', migrations.length + 1);
    const before = await readFile(file);

    for (const readOnly of [false, true]) {
      await expect(openSqliteStore(file, { readOnly })).rejects.toMatchObject({
        code: 'STORE_TOO_NEW',
        details: { found: migrations.length + 1, supported: migrations.length },
      });
    }

    expect(await readFile(file)).toEqual(before);
  });

  it('I-06: a migration that was interrupted is rolled back and made at the next start', async () => {
    const store = await openSqliteStore(file);
    await commitAll(store, creation('run-1'));
    await store.close();
    const steps = [...migrations, 'CREATE TABLE later (n INTEGER); INSERT INTO later VALUES (1);'];
    for (const phase of ['before', 'after'] as const) {
      const onOperation = (operation: SqliteOperation, at: string) => {
        if (operation === 'migrate' && at === phase) throw sqliteError(ioErrorFsync);
      };
      await expect(openFile(file, { ...options, onOperation }, steps)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      await (await openSqliteStore(file)).close();
    }

    const connection = await openFile(file, options, steps);
    expect(connection.all('SELECT n FROM later')).toEqual([{ n: 1 }]);
    expect(connection.get('SELECT id FROM runs')).toEqual({ id: 'run-1' });
    connection.close();
    (await openFile(file, options, steps)).close();
  });

  it('I-06: a creation that was interrupted leaves nothing under the name of the store', async () => {
    const onOperation = (operation: SqliteOperation, phase: string) => {
      if (operation === 'migrate' && phase === 'after') throw sqliteError(full);
    };

    await expect(openSqliteStore(file, { onOperation })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });

    expect(await readdir(folder)).toEqual([]);
    await (await openSqliteStore(file)).close();
  });

  it('is made once by many that open it at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, () => openSqliteStore(file)));

    for (const [index, store] of stores.entries()) await commitAll(store, creation(`run-${index}`));
    expect((await stores[0]?.list({ limit: 10 }))?.runs).toHaveLength(5);
    for (const store of stores) await store.close();
    expect((await readdir(folder)).filter((name) => name.includes('.new-'))).toEqual([]);
  });
});

describe('a sqlite store that another connection has locked', () => {
  it('J-04: waits a bounded time without blocking the process, then refuses', async () => {
    const store = await openSqliteStore(file, { busyTimeoutMs: 200 });
    const first = await commitAll(store, creation('run-1'));
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);

    await expect(store.commit([next(first)])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('locked'),
    });

    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(0);
    expect((await store.load('run-1'))?.state.revision).toBe(1);
    other.exec('ROLLBACK');
    other.close();
    expect(await store.commit([next(first)])).toEqual([{ outcome: 'committed' }]);
    await store.close();
  });

  it('J-04: goes on as soon as the lock is free, with the values it was given', async () => {
    const store = await openSqliteStore(file);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    setTimeout(() => other.exec('COMMIT'), 60);

    expect(await store.commit([creation('run-1')])).toEqual([{ outcome: 'committed' }]);

    other.close();
    await store.close();
  });
});

describe('records of a sqlite store', () => {
  const change = (key: string) => [
    { collection: 'deliveries', key, expectedRevision: 0, value: { key } },
  ];

  it('that come in one turn of the event loop share one transaction', async () => {
    let commits = 0;
    const store = await openSqliteStore(file, {
      onOperation: (operation, phase) => {
        if (operation === 'commit' && phase === 'after') commits += 1;
      },
    });
    const opened = commits;

    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    const saved = await Promise.all(
      [...keys, 'key-7'].map((key) => store.saveRecords(change(key))),
    );

    expect(saved.filter(Boolean)).toHaveLength(50);
    expect(saved.at(-1)).toBe(false);
    expect(commits - opened).toBe(1);
    await store.close();
  });

  it('share the transaction of a commit of the same turn, and are written if that is refused', async () => {
    let transactions = 0;
    const store = await openSqliteStore(file, {
      onOperation: (operation, phase) => {
        if (operation === 'begin' && phase === 'after') transactions += 1;
      },
    });
    const opened = transactions;

    await Promise.all([store.saveRecords(change('a')), store.commit([creation('run-1')])]);
    expect(transactions - opened).toBe(1);

    // JSON text knows no BigInt: the write of this commit throws
    const broken = creation('run-2', { header: { id: 'run-2', input: 1n as unknown as null } });
    const [saved, refused] = await Promise.allSettled([
      store.saveRecords(change('b')),
      store.commit([broken]),
    ]);
    expect(saved).toEqual({ status: 'fulfilled', value: true });
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) });
    expect((await store.records('deliveries', { limit: 10 })).map(({ key }) => key)).toEqual([
      'a',
      'b',
    ]);
    expect(await store.load('run-2')).toBeNull();
    await store.close();
  });

  it('A-05: are all refused if their transaction fails, and go on once the disk does', async () => {
    const { fault, onOperation } = faultAt('commit', 'before', ioErrorFsync);
    const store = await openSqliteStore(file, { onOperation });
    fault.isSet = true;
    const refused = await Promise.allSettled(
      ['a', 'b'].map((key) => store.saveRecords(change(key))),
    );
    expect(refused).toMatchObject([
      { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } },
      { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } },
    ]);
    fault.isSet = false;

    expect(await store.records('deliveries', { limit: 10 })).toEqual([]);
    expect(await store.saveRecords(change('a'))).toBe(true);
    await store.close();
  });
});
