import { describe, expect, it } from 'vitest';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import type { RunCommit, Store } from '../../../src/ports/store.ts';
import {
  aMessage,
  creation,
  finished,
  next,
  startMs,
} from '../../../src/testing/store-contract/builders.ts';
import { createSimulatedDisk, failure } from './simulated-disk.ts';

const directory = '/data/store';

/** A disk whose operations fail as `fault` says, by name and count from when it was set. */
function faultyDisk() {
  let fault: (operation: string, count: number) => string | null = () => null;
  let count = 0;
  const disk = createSimulatedDisk((operation) => {
    const code = fault(operation, ++count);
    if (code !== null) throw failure(code, operation);
  });
  return {
    ...disk,
    setFault(next: typeof fault) {
      fault = next;
      count = 0;
    },
    heal() {
      fault = () => null;
    },
    get count() {
      return count;
    },
  };
}

const claim = { key: 'order/k-1', payloadHash: 'p', atMs: startMs, expiresAtMs: startMs + 1_000 };
const batch: readonly RunCommit[] = [
  creation('run-1', { claim, messages: [aMessage({ id: 'm-1', runId: 'run-2' })] }),
  creation('run-2', { state: finished }),
];

async function expectNothingOrAll(store: Store): Promise<boolean> {
  const isThere = (await store.load('run-1')) !== null;
  expect((await store.load('run-2')) !== null).toBe(isThere);
  expect(await store.answer('m-1')).toEqual(isThere ? { answer: null } : null);
  expect((await store.list({ limit: 10 })).runs).toHaveLength(isThere ? 2 : 0);
  expect(await store.damaged()).toEqual([]);
  return isThere;
}

describe('a lowdb store on a faulty disk', () => {
  it('A-04: a disk that is full at any write leaves nothing half-written, and the store goes on once there is space', async () => {
    const isWrite = (operation: string) => /^(create|write|mkdir)/.test(operation);
    let refused = 0;
    for (let at = 1, reached = true; reached; at++) {
      const disk = faultyDisk();
      const store = await openLowdbStore(directory, { files: disk.files });
      let seen = 0;
      disk.setFault((operation) => (isWrite(operation) && ++seen >= at ? 'ENOSPC' : null));

      const error = await store.commit(batch).then(
        () => null,
        (thrown: unknown) => thrown,
      );

      reached = seen >= at;
      if (error !== null) {
        refused++;
        expect(error).toMatchObject({
          code: 'STORE_UNAVAILABLE',
          hint: expect.stringContaining('space'),
        });
        expect(await expectNothingOrAll(store)).toBe(false);
        expect(await disk.files.list(`${directory}/drafts`)).toEqual([]);
      }
      disk.heal();
      expect(
        (await store.commit(error === null ? [creation('run-3')] : batch)).map(
          ({ outcome }) => outcome,
        ),
      ).not.toContain('conflict');
      await store.close();
    }
    expect(refused).toBeGreaterThan(5);
  });

  it('A-05: a failed sync at any place stops the store until it is opened again', async () => {
    let refused = 0;
    for (let at = 1, reached = true; reached; at++) {
      const disk = faultyDisk();
      const store = await openLowdbStore(directory, { files: disk.files });
      let seen = 0;
      disk.setFault((operation) => (operation.startsWith('sync') && ++seen === at ? 'EIO' : null));

      const error = await store.commit(batch).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      reached = seen >= at;
      if (error === null) continue;

      refused++;
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      const operations = disk.operations.length;
      await expect(store.commit([creation('run-3')])).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      const later = disk.operations.slice(operations);
      expect(later.filter((operation) => !/^(read|stat)/.test(operation))).toEqual([]);

      await store.close();
      const reopened = await openLowdbStore(directory, { files: disk.files });
      await expectNothingOrAll(reopened);
      await reopened.close();
    }
    expect(refused).toBeGreaterThan(5);
  });

  it('A-05: acknowledges nothing of a round whose sync failed', async () => {
    const disk = faultyDisk();
    const store = await openLowdbStore(directory, { files: disk.files });
    disk.setFault((operation) => (operation === `sync ${directory}/runs/active` ? 'EIO' : null));

    const results = await Promise.allSettled([
      store.commit([creation('run-1')]),
      store.commit([creation('run-2')]),
      store.send([aMessage({ id: 'm-1' })]),
    ]);

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('A-10: refuses work, and makes nothing anew, when its directory is deleted', async () => {
    const disk = faultyDisk();
    const store = await openLowdbStore(directory, { files: disk.files });
    await store.commit([creation('run-1')]);
    await disk.files.remove(directory);

    await expect(store.commit([creation('run-2')])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(store.send([aMessage({ id: 'm-1' })])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await store.close();

    expect(await disk.files.list('/data')).toEqual([]);
  });

  it('A-10: refuses work when its directory is replaced by another store', async () => {
    const disk = faultyDisk();
    const store = await openLowdbStore(directory, { files: disk.files });
    await disk.files.remove(directory);
    const other = await openLowdbStore(directory, { files: disk.files });

    await expect(store.commit([creation('run-1')])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });

    await other.commit([creation('run-2')]);
    await store.close();
    expect((await other.list({ limit: 10 })).runs).toHaveLength(1);
    await other.close();
  });

  it('A-10: refuses writes while its directory is read-only, and goes on afterwards', async () => {
    const disk = faultyDisk();
    const store = await openLowdbStore(directory, { files: disk.files });
    await store.commit([creation('run-1')]);
    disk.setFault((operation) =>
      /^(create|mkdir|rename|remove|link)/.test(operation) ? 'EROFS' : null,
    );

    await expect(store.commit([creation('run-2')])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await store.load('run-1')).not.toBeNull();

    disk.heal();
    expect(await store.commit([creation('run-2')])).toEqual([{ outcome: 'committed' }]);
    await store.close();
  });

  it.each(['EACCES', 'EIO', 'EMFILE'])(
    'A-11: takes no directory for new that it cannot read (%s)',
    async (code) => {
      const disk = faultyDisk();
      const first = await openLowdbStore(directory, { files: disk.files });
      await first.commit([creation('run-1')]);
      await first.close();
      let refused = 0;
      for (let at = 1, reached = true; reached; at++) {
        let seen = 0;
        disk.setFault((operation) =>
          /^(list|stat|read)/.test(operation) && ++seen === at ? code : null,
        );
        const store = await openLowdbStore(directory, { files: disk.files }).catch(
          (error: unknown) => error,
        );
        reached = seen >= at;
        disk.heal();
        if (store instanceof Error) {
          refused++;
          expect(store).toMatchObject({
            code: expect.stringMatching(/^(STORE_UNAVAILABLE|STORE_DAMAGED)$/),
          });
          continue;
        }
        const isThere = await (store as Store).load('run-1').catch((error: unknown) => error);
        if (isThere instanceof Error) expect(isThere).toMatchObject({ code: 'RUN_DAMAGED' });
        else expect(isThere).not.toBeNull();
        await (store as Store).close();
      }
      expect(refused).toBeGreaterThan(5);
    },
  );

  it('A-12: without file descriptors refuses the commit, and takes it when there are some', async () => {
    const disk = faultyDisk();
    const store = await openLowdbStore(directory, { files: disk.files });
    disk.setFault((operation) => (/^(create|read)/.test(operation) ? 'EMFILE' : null));
    await expect(store.commit(batch)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    disk.heal();

    expect((await store.commit(batch)).map(({ outcome }) => outcome)).toEqual([
      'committed',
      'committed',
    ]);
    await store.close();
  });

  it('B-06: opens, and runs one more, with as many operations on the disk for a thousand finished runs as for none', async () => {
    const counts: number[] = [];
    for (const runs of [0, 1_000]) {
      const disk = faultyDisk();
      const filling = await openLowdbStore(directory, { files: disk.files });
      for (let start = 0; start < runs; start += 100) {
        await filling.commit(
          Array.from({ length: 100 }, (_, index) =>
            creation(`old-${start + index}`, { state: finished }),
          ),
        );
      }
      await filling.commit([creation('warm-up', { state: finished })]);
      await filling.close();

      const before = disk.operations.length;
      const store = await openLowdbStore(directory, { files: disk.files });
      const first = creation('run-1', { state: { active: true } });
      await store.commit([first]);
      await store.commit([next(first)]);
      expect(
        await store.claimable({ nowMs: startMs, owner: 'a', anyLease: true, limit: 10 }),
      ).toEqual(['run-1']);
      counts.push(disk.operations.length - before);
      if (runs > 0) expect((await store.list({ limit: 5 })).runs).toHaveLength(5);
      expect(disk.operations.length - before).toBeLessThan(200);
      await store.close();
    }
    expect(counts[1]).toBe(counts[0]);
  });

  it('lists a run once whose first creation left an entry behind', async () => {
    const disk = faultyDisk();
    const store = await openLowdbStore(directory, { files: disk.files });
    const folder = `${directory}/listing/2023-11-14T22`;
    await disk.files.makeDirectory(folder, { recursive: false });
    await disk.files.create(`${folder}/${String(startMs - 1).padStart(16, '0')}-run-1`);

    await store.commit([creation('run-1')]);

    expect((await store.list({ limit: 10 })).runs).toHaveLength(1);
    await store.close();
  });

  it('writes the document of a run once for several commits in a batch', async () => {
    const disk = faultyDisk();
    const store = await openLowdbStore(directory, { files: disk.files });
    const first = creation('run-1');
    const second = next(first);
    const before = disk.operations.length;

    await store.commit([first, second, next(second)]);

    const writes = disk.operations
      .slice(before)
      .filter((operation) => operation.startsWith('write'));
    expect(writes).toHaveLength(1);
    await store.close();
  });
});
