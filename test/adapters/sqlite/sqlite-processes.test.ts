import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import { creation, startMs } from '../../../src/testing/store-contract/builders.ts';
import { claimedKey } from './worker.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-sqlite-'));
  file = join(folder, 'store.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function start(...args: readonly string[]): ChildProcess {
  return fork(new URL('./worker.ts', import.meta.url), [file, ...args], { execArgv: [] });
}

async function end(child: ChildProcess): Promise<readonly unknown[]> {
  const said: unknown[] = [];
  child.on('message', (message) => void said.push(message));
  await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  return said;
}

describe('a sqlite store of several processes', () => {
  it('D-05: lets each commit, and each revision of a run only once', async () => {
    const store = await openSqliteStore(file);
    await store.commit(['run-1', 'run-2'].map((id) => creation(id)));

    const counts = await Promise.all([end(start('advance', '40')), end(start('advance', '40'))]);

    const advanced = counts.flat().map(Number);
    expect(advanced).toEqual([40, 40]);
    const revisions = await Promise.all(
      ['run-1', 'run-2'].map(async (id) => (await store.load(id))?.state.revision ?? 0),
    );
    expect(revisions.reduce((sum, revision) => sum + revision - 1, 0)).toBe(80);
    for (const [index, id] of ['run-1', 'run-2'].entries())
      expect(await store.history(id, { afterSeq: 0, limit: 1_000 })).toHaveLength(
        revisions[index] ?? 0,
      );
    await store.close();
  });

  it('A-01: a kill around any operation of a commit loses nothing acknowledged and leaves nothing half-written', async () => {
    // per commit: before and after begin, write and commit
    const outcomes = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (at) => {
        const own = `${file}-${at}`;
        const child = fork(new URL('./worker.ts', import.meta.url), [own, 'die', String(at)], {
          execArgv: [],
        });
        const said = await end(child);
        expect(child.signalCode).toBe('SIGKILL');
        const store = await openSqliteStore(own);
        const run = await store.load('run-2');
        const isThere = run !== null;
        expect(said).toEqual(['run-1']);
        expect(await store.load('run-1')).not.toBeNull();
        expect(await store.history('run-2', { afterSeq: 0, limit: 10 })).toHaveLength(
          isThere ? 1 : 0,
        );
        expect(await store.answer('m-1')).toEqual(isThere ? { answer: null } : null);
        expect((await store.key(claimedKey, startMs))?.runId ?? null).toBe(
          isThere ? 'run-2' : null,
        );
        expect(await store.commit([creation('run-3')])).toEqual([{ outcome: 'committed' }]);
        await store.close();
        return isThere;
      }),
    );

    // only the kill after the commit finds it there
    expect(outcomes).toEqual([false, false, false, false, false, true]);
  });
});
