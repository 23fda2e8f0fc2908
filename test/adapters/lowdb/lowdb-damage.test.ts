import { describe, expect, it } from 'vitest';
import {
  DamagedDocument,
  parseDocumentText,
  toDocumentText,
} from '../../../src/adapters/lowdb/document-text.ts';
import type { FileSystem } from '../../../src/adapters/lowdb/index.ts';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import {
  aMessage,
  anEntry,
  creation,
  finished,
  next,
  startMs,
} from '../../../src/testing/store-contract/builders.ts';
import { createSimulatedDisk } from './simulated-disk.ts';

const directory = '/data/store';
const activeFile = `${directory}/runs/active/run-1.json`;
const first = creation('run-1', { state: { active: true } });

/** A closed store with runs `run-1` and `run-2`, the former damaged by `damage`. */
async function damagedStore(
  damage: (content: Buffer) => Buffer,
  state = first.state,
): Promise<{ readonly files: FileSystem; readonly path: string; readonly bytes: Buffer }> {
  const { files } = createSimulatedDisk();
  const store = await openLowdbStore(directory, { files });
  await store.commit([{ ...first, state }, creation('run-2', { state: { active: true } })]);
  await store.close();
  const path = (await files.list(`${directory}/runs/active`)).includes('run-1.json')
    ? activeFile
    : await finishedFile(files);
  const bytes = damage(await files.readFile(path));
  await overwrite(files, path, bytes);
  return { files, path, bytes };
}

async function finishedFile(files: FileSystem): Promise<string> {
  const folder = `${directory}/runs/finished`;
  for (const shard of await files.list(folder))
    if ((await files.list(`${folder}/${shard}`)).includes('run-1.json'))
      return `${folder}/${shard}/run-1.json`;
  throw new Error('There is no finished run');
}

async function overwrite(files: FileSystem, path: string, bytes: Buffer): Promise<void> {
  await files.remove(path);
  const file = await files.create(path);
  await file.write(bytes);
}

async function expectIsolated(files: FileSystem, bytes: Buffer, reason: RegExp): Promise<void> {
  const store = await openLowdbStore(directory, { files });
  await expect(store.load('run-1')).rejects.toMatchObject({
    code: 'RUN_DAMAGED',
    message: expect.stringMatching(reason),
  });
  const [damage, ...others] = await store.damaged();
  expect(others).toEqual([]);
  expect(damage).toMatchObject({ runId: 'run-1', reason: expect.stringMatching(reason) });
  expect(await files.readFile(damage?.location ?? '')).toEqual(bytes);
  expect(await store.commit([next(first), creation('run-1')])).toEqual([
    { outcome: 'conflict' },
    { outcome: 'conflict' },
  ]);
  expect(await store.claimable({ nowMs: startMs, owner: 'a', anyLease: true, limit: 10 })).toEqual([
    'run-2',
  ]);
  expect((await store.list({ limit: 10 })).runs.map(({ header }) => header.id)).toEqual(['run-2']);
  expect(await store.commit([creation('run-3')])).toEqual([{ outcome: 'committed' }]);
  await store.close();

  const again = await openLowdbStore(directory, { files });
  await expect(again.load('run-1')).rejects.toMatchObject({ code: 'RUN_DAMAGED' });
  expect(await again.damaged()).toHaveLength(1);
  await again.close();
}

describe('a damaged lowdb store', () => {
  it('A-06: a document torn at any byte isolates its run, and says where', async () => {
    const { bytes: whole } = await damagedStore((content) => content);
    for (let length = 1; length < whole.length; length++) {
      const reason = new RegExp(`ends at byte ${length}\\b`);
      expect(() => parseDocumentText('run', whole.subarray(0, length), activeFile)).toThrow(reason);
      if (length % 50 !== 0) continue;
      const { files, bytes } = await damagedStore((content) => content.subarray(0, length));
      await expectIsolated(files, bytes, reason);
    }
  });

  it.each([
    ['empty', (content: Buffer) => content.subarray(0, 0), /is empty/],
    ['filled with NUL', (content: Buffer) => Buffer.alloc(content.length), /NUL at byte 0/],
    [
      'half NUL',
      (content: Buffer) =>
        Buffer.concat([content.subarray(0, 400), Buffer.alloc(content.length - 400)]),
      /checksum/,
    ],
    [
      'random bytes',
      (content: Buffer) =>
        Buffer.from(content.map((byte, index) => (byte * 31 + index * 17) % 256)),
      /./,
    ],
    ['another JSON document', () => Buffer.from('{"hello":"world"}\n'), /does not begin/],
    [
      'too long',
      (content: Buffer) => Buffer.concat([content, Buffer.from('\n')]),
      /goes on after byte/,
    ],
  ] as const)(
    'A-07: a document that is %s isolates its run and is kept',
    async (_, damage, reason) => {
      const { files, bytes } = await damagedStore(damage);

      await expectIsolated(files, bytes, reason);
    },
  );

  it('A-08: one flipped bit anywhere in a document isolates its run', async () => {
    const { bytes: whole } = await damagedStore((content) => content);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flip = (content: Buffer) => {
        const copy = Buffer.from(content);
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return copy;
      };
      expect(() => parseDocumentText('run', flip(whole), activeFile)).toThrow(DamagedDocument);
      if (bit % 401 !== 0) continue;
      const { files, bytes } = await damagedStore(flip);
      await expectIsolated(files, bytes, /./);
    }
  });

  it('A-08: isolates a finished run when somebody asks for it', async () => {
    const { files, bytes } = await damagedStore((content) => content.subarray(0, 500), {
      ...first.state,
      ...finished,
      active: false,
    });

    await expectIsolated(files, bytes, /ends at byte 500/);
  });

  it('E-04: a document edited by hand isolates its run', async () => {
    const { files, bytes } = await damagedStore((content) =>
      Buffer.from(content.toString().replace('"processing"', '"complete"')),
    );

    await expectIsolated(files, bytes, /./);
  });

  it('isolates the document of one run under the name of another', async () => {
    const { files } = await damagedStore((content) => content);
    const bytes = await files.readFile(`${directory}/runs/active/run-2.json`);
    await overwrite(files, activeFile, bytes);

    await expectIsolated(files, bytes, /belongs to run "run-2"|not the document/);
  });

  it('isolates a damaged message, and delivers the others', async () => {
    const { files } = await damagedStore((content) => content);
    const filling = await openLowdbStore(directory, { files });
    await filling.send([aMessage({ id: 'm-1' }), aMessage({ id: 'm-2' })]);
    await filling.close();
    await overwrite(files, `${directory}/messages/open/m-1.json`, Buffer.from('{'));

    const store = await openLowdbStore(directory, { files });

    expect((await store.inbox('run-1')).map(({ id }) => id)).toEqual(['m-2']);
    expect(await store.damaged()).toHaveLength(1);
    await store.close();
  });

  it('refuses a key whose document is damaged, rather than give it away again', async () => {
    const claim = { key: 'k-1', payloadHash: 'p', atMs: startMs, expiresAtMs: startMs + 1_000 };
    const { files } = createSimulatedDisk();
    const store = await openLowdbStore(directory, { files });
    await store.commit([creation('run-1', { claim })]);
    const [shard = ''] = await files.list(`${directory}/keys`);
    const path = `${directory}/keys/${shard}/k-1.json`;
    await overwrite(files, path, (await files.readFile(path)).subarray(0, 60));

    await expect(store.commit([creation('run-2', { claim })])).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining(path),
    });

    await store.close();
  });

  it('A-07: refuses to open when its own file is damaged or missing, and changes nothing', async () => {
    for (const damage of [
      (content: Buffer) => content.subarray(0, 50),
      () => Buffer.alloc(0),
      null,
    ]) {
      const { files } = await damagedStore((content) => content);
      const path = `${directory}/signalbox.json`;
      const content = await files.readFile(path);
      await files.remove(path);
      if (damage !== null) await overwrite(files, path, damage(content));

      await expect(openLowdbStore(directory, { files })).rejects.toMatchObject({
        code: 'STORE_DAMAGED',
      });

      expect(await files.list(`${directory}/runs/active`)).toHaveLength(2);
    }
  });

  it('refuses a directory that is not its own, or lacks a folder', async () => {
    const { files } = await damagedStore((content) => content);
    await files.remove(`${directory}/runs/finished`);
    await expect(openLowdbStore(directory, { files })).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining('runs/finished'),
    });

    await files.makeDirectory('/data/photos', { recursive: true });
    await overwrite(files, '/data/photos/holiday.jpg', Buffer.from('x'));
    await expect(openLowdbStore('/data/photos', { files })).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining('holiday.jpg'),
    });
    await expect(openLowdbStore('/data/photos/holiday.jpg', { files })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it('A-09: ignores what interrupted writes left behind, also folders, and cleans up', async () => {
    const { files } = await damagedStore((content) => content);
    await overwrite(files, `${directory}/drafts/torn`, Buffer.from('{'));
    await files.makeDirectory(`${directory}/drafts/folder`, { recursive: true });
    await overwrite(files, `${directory}/drafts/folder/inside`, Buffer.from('{'));
    await files.makeDirectory(`${directory}/runs/active/run-1.json.tmp`, { recursive: true });
    await files.makeDirectory(`${directory}/runs/active/folder.json`, { recursive: true });
    await overwrite(files, `${directory}/runs/active/.run-1.json.tmp`, Buffer.from('{'));

    const store = await openLowdbStore(directory, { files });

    expect(await store.commit([next(first)])).toEqual([{ outcome: 'committed' }]);
    expect(await files.list(`${directory}/drafts`)).toEqual([]);
    expect(await store.damaged()).toEqual([]);
    await store.close();
  });

  it('I-02: refuses a store of a newer format, naming both, and writes nothing', async () => {
    const { files } = await damagedStore((content) => content);
    await overwrite(
      files,
      `${directory}/signalbox.json`,
      toDocumentText('store', '{"format":2,"createdAt":"2030-01-01"}'),
    );
    const before = await files.list(directory);

    for (const readOnly of [false, true]) {
      await expect(openLowdbStore(directory, { files, readOnly })).rejects.toMatchObject({
        code: 'STORE_TOO_NEW',
        message: expect.stringMatching(/format 2.*up to 1/),
        details: { found: 2, supported: 1 },
      });
    }

    expect(await files.list(directory)).toEqual(before);
  });

  it('G-10: keeps the history as it was written, so that the chain can be checked', async () => {
    const { files } = createSimulatedDisk();
    const store = await openLowdbStore(directory, { files });
    const history = [anEntry({ seq: 1 }), anEntry({ seq: 2 })];
    await store.commit([creation('run-1', { history })]);

    const lines = (await files.readFile(activeFile)).toString().split('\n');

    expect(
      lines
        .filter((line) => line.includes('"previousHash"'))
        .map((line) => JSON.parse(line.trim().replace(/,$/, ''))),
    ).toEqual(history);
    await store.close();
  });
});
