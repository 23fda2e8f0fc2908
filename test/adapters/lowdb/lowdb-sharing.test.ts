import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import {
  aMessage,
  commitAll,
  creation,
  finished,
  next,
  startMs,
} from '../../../src/testing/store-contract/builders.ts';

let folder: string;
let directory: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-lowdb-'));
  directory = join(folder, 'store');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process that has the store open. */
async function holder() {
  const child = fork(new URL('./holder.ts', import.meta.url), [directory], { execArgv: [] });
  await once(child, 'message');
  return child;
}

async function lockFile(): Promise<string> {
  const names = (await readdir(directory)).filter((name) => name.startsWith('lock-')).sort();
  return join(directory, names.at(-1) ?? 'none');
}

/** Rewrites the lock in place, so that it stays the same file. */
async function editLock(change: object): Promise<void> {
  const path = await lockFile();
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...change }));
}

/** A lock as a process leaves it that ends without warning. */
async function abandonedLock(change: object): Promise<void> {
  const store = await openLowdbStore(directory);
  await commitAll(store, creation('run-1'));
  const path = await lockFile();
  const content = await readFile(path, 'utf8');
  await store.close();
  const { ino } = await stat(await lockFile());
  await writeFile(await lockFile(), content);
  await editLock({ inode: String(ino), ...change });
}

describe('the lock of a lowdb store', () => {
  it('D-05: a second process is refused, and told who has the store', async () => {
    const child = await holder();
    try {
      const refused = openLowdbStore(directory);

      await expect(refused).rejects.toMatchObject({
        code: 'STORE_LOCKED',
        message: expect.stringContaining(
          `process ${child.pid} on host "${hostname()}", started 20`,
        ),
        details: { pid: child.pid, host: hostname(), startedAt: expect.stringMatching(/^20.*Z$/) },
      });
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('D-05: the same process is refused a second time', async () => {
    const store = await openLowdbStore(directory);

    await expect(openLowdbStore(directory)).rejects.toMatchObject({ code: 'STORE_LOCKED' });

    await store.close();
    await (await openLowdbStore(directory)).close();
  });

  it('D-05: of many that open at once, one gets the store', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => openLowdbStore(directory)),
    );

    const opened = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    expect(opened).toHaveLength(1);
    for (const store of opened) await store.close();
  });

  it('D-06: a store whose owner was killed opens at once, with everything it acknowledged', async () => {
    const child = await holder();
    child.kill('SIGKILL');
    await once(child, 'exit');

    const store = await openLowdbStore(directory);

    expect(await store.load('run-1')).not.toBeNull();
    await store.close();
  });

  it('D-06: a process that has the pid of the owner by chance does not keep the store closed', async () => {
    await abandonedLock({ pid: process.pid, processIdentity: 'another-boot/12345' });

    await (await openLowdbStore(directory)).close();
  });

  it('D-06: a lock of another host is not taken for stale, unless the caller says so', async () => {
    await abandonedLock({ host: 'elsewhere', pid: 1 });

    await expect(openLowdbStore(directory)).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining('"elsewhere"'),
      hint: expect.stringContaining('takeOver'),
    });

    await (await openLowdbStore(directory, { takeOver: true })).close();
  });

  it('D-06: a living owner on this host is not taken over even if the caller says so', async () => {
    const store = await openLowdbStore(directory);

    await expect(openLowdbStore(directory, { takeOver: true })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
    });

    await store.close();
  });

  it('D-06, A-15: a copy of the directory opens without further ado, also one made while the store is in use', async () => {
    const store = await openLowdbStore(directory);
    await commitAll(store, creation('run-1'));
    await cp(directory, join(folder, 'copy'), { recursive: true });

    const copy = await openLowdbStore(join(folder, 'copy'));

    expect(await copy.load('run-1')).not.toBeNull();
    await copy.close();
    await store.close();
  });

  it('C-04, D-07: an owner whose lock was taken over while it slept writes nothing any more', async () => {
    const sleeper = await openLowdbStore(directory);
    const first = await commitAll(sleeper, creation('run-1'));
    await editLock({ host: 'elsewhere' });
    const successor = await openLowdbStore(directory, { takeOver: true });

    await expect(
      sleeper.commit([next(first, { state: { body: { by: 'sleeper' } } })]),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await sleeper.close();

    expect(await successor.commit([next(first)])).toEqual([{ outcome: 'committed' }]);
    await expect(openLowdbStore(directory)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await successor.close();
  });
});

describe('a lowdb store open for reading only', () => {
  it('sees what another process writes, takes no lock and refuses to write', async () => {
    const writer = await openLowdbStore(directory);
    const first = await commitAll(writer, creation('run-1', { state: { active: true } }));
    const reader = await openLowdbStore(directory, { readOnly: true });
    expect(reader.readOnly).toBe(true);
    expect((await reader.load('run-1'))?.state.revision).toBe(1);

    await commitAll(
      writer,
      next(first, { state: { ...finished, active: false } }),
      creation('run-2'),
    );
    await writer.send([aMessage({ id: 'm-1' })]);

    expect((await reader.load('run-1'))?.state.revision).toBe(2);
    expect((await reader.list({ limit: 10 })).runs).toHaveLength(2);
    expect(await reader.inbox('run-1')).toHaveLength(1);
    await expect(reader.commit([creation('run-3')])).rejects.toMatchObject({
      code: 'STORE_READ_ONLY',
    });
    await expect(reader.prune({ finishedBeforeMs: 0, dryRun: false })).rejects.toMatchObject({
      code: 'STORE_READ_ONLY',
    });
    expect(await reader.prune({ finishedBeforeMs: startMs * 2, dryRun: true })).toEqual(['run-1']);
    await reader.close();
    await writer.close();
  });

  it('changes nothing on the disk, not even for a damaged run', async () => {
    const writer = await openLowdbStore(directory);
    await commitAll(writer, creation('run-1'), creation('run-2'));
    await writer.close();
    await writeFile(join(directory, 'runs/active/run-1.json'), '{');
    const before = await tree();

    const reader = await openLowdbStore(directory, { readOnly: true });
    await expect(reader.load('run-1')).rejects.toMatchObject({ code: 'RUN_DAMAGED' });
    expect(await reader.damaged()).toMatchObject([
      { runId: 'run-1', location: join(directory, 'runs/active/run-1.json') },
    ]);
    expect(await reader.load('run-2')).not.toBeNull();
    await reader.close();

    expect(await tree()).toEqual(before);
  });

  it('is refused where there is no store', async () => {
    await expect(openLowdbStore(directory, { readOnly: true })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  async function tree(): Promise<readonly string[]> {
    return (await readdir(directory, { recursive: true })).sort();
  }
});

describe('the directory of a lowdb store', () => {
  it('A-11: is made with its parents, closed to other users', async () => {
    const deep = join(folder, 'a/b/store');
    const store = await openLowdbStore(deep);
    await commitAll(store, creation('run-1'));

    expect((await stat(deep)).mode & 0o77).toBe(0);
    expect((await stat(join(deep, 'runs/active/run-1.json'))).mode & 0o77).toBe(0);
    await store.close();
  });

  it('A-10: refuses work when the directory is replaced by a link while it is open', async () => {
    const store = await openLowdbStore(directory);
    const { stdout } = await promisify(execFile)('mv', [directory, join(folder, 'moved')]);
    expect(stdout).toBe('');
    const other = await openLowdbStore(join(folder, 'other'));
    await symlink(join(folder, 'other'), directory);

    await expect(store.commit([creation('run-1')])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });

    expect((await other.list({ limit: 10 })).runs).toEqual([]);
    await other.close();
    await store.close();
  });

  it('F-10: holds every file, whatever the ids are, and no two ids share one', async () => {
    const store = await openLowdbStore(directory);
    const ids = [
      '../../x',
      'a/b',
      '..\\x',
      'CON',
      'con',
      'Con',
      'nul',
      'a:b',
      '\ufffd',
      'A',
      'a',
      'é',
      'e\u0301',
      '.',
      '..',
      '.a',
      'a.',
      'a ',
      'x'.repeat(300),
      'x'.repeat(64),
      '_',
      `_${'0'.repeat(64)}`,
      '%2e%2e',
    ];
    await store.commit(ids.map((id) => creation(id)));
    const outside = (await readdir(folder)).filter((name) => name !== 'store');
    const files = await readdir(join(directory, 'runs/active'));
    await store.close();

    expect(outside).toEqual([]);
    expect(files).toHaveLength(ids.length);
    expect(new Set(files.map((name) => name.toLowerCase().normalize('NFC'))).size).toBe(ids.length);
    for (const name of files) expect(name).toMatch(/^[_a-z0-9][a-z0-9-]{0,64}\.json$/);
  });
});
