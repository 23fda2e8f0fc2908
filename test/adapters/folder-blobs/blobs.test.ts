import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { BlobRef, createFolderBlobs, defineTask, defineWorkflow } from '../../../src/index.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { day, openBench } from '../../support/engine-bench.ts';

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-blobs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const digestOfAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString();
}

describe('blobs in a folder', () => {
  it('are addressed by their content, and stored once', async () => {
    const folder = aFolder();
    const blobs = createFolderBlobs(folder);

    const first = await blobs.put('abc', { mediaType: 'text/plain' });
    const second = await blobs.put(Buffer.from('abc'));

    expect(first).toEqual({
      $blob: 'blobs',
      bytes: 3,
      sha256: digestOfAbc,
      mediaType: 'text/plain',
    });
    expect(BlobRef.parse(first)).toEqual(first);
    expect(second.sha256).toBe(first.sha256);
    expect(await readdir(join(folder, 'ba'))).toEqual([digestOfAbc]);
    expect(await readdir(join(folder, 'drafts'))).toEqual([]);
    expect(await textOf(blobs.read(first))).toBe('abc');
    expect(Buffer.from(await createFolderBlobs(folder).bytes(first)).toString()).toBe('abc');
  });

  it('are written and read in pieces, whatever their size', async () => {
    const blobs = createFolderBlobs(aFolder());
    const piece = 'x'.repeat(100_000);
    const ref = await blobs.put(
      (async function* () {
        for (let index = 0; index < 50; index += 1) yield piece;
      })(),
    );

    let [bytes, largest] = [0, 0];
    for await (const read of blobs.read(ref)) {
      bytes += read.byteLength;
      largest = Math.max(largest, read.byteLength);
    }

    expect({ bytes, largest }).toEqual({ bytes: 5_000_000, largest: 65_536 });
  });

  it('that are too large are refused and leave nothing behind', async () => {
    const folder = aFolder();
    const blobs = createFolderBlobs(folder, { maxBytes: 2 });

    await expect(blobs.put('abc')).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });

    expect(await readdir(folder)).toEqual(['drafts']);
    expect(await readdir(join(folder, 'drafts'))).toEqual([]);
    const ref = await createFolderBlobs(folder).put('abc');
    await expect(blobs.bytes(ref, { maxBytes: 2 })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });

  it('that were changed or removed are found out while they are read', async () => {
    const folder = aFolder();
    const blobs = createFolderBlobs(folder);
    const ref = await blobs.put('abc');
    const path = join(folder, 'ba', digestOfAbc);

    await writeFile(path, 'abd');
    await expect(textOf(blobs.read(ref))).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
    await writeFile(path, 'ab');
    await expect(textOf(blobs.read(ref))).rejects.toMatchObject({ code: 'BLOB_DAMAGED' });
    await rm(path);
    await expect(textOf(blobs.read(ref))).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    await expect(textOf(blobs.read({ ...ref, sha256: '../../etc/passwd' }))).rejects.toMatchObject({
      code: 'BLOB_MISSING',
    });
    await expect(textOf(blobs.read({ ...ref, $blob: 'other' }))).rejects.toMatchObject({
      code: 'BLOB_MISSING',
    });
  });
});

describe('chunks by reference', () => {
  const Ref = BlobRef;

  it('pass from map to map, and are swept once no run refers to them', async () => {
    const folder = aFolder();
    const clock = new ManualClock();
    const blobs = createFolderBlobs(folder, { clock });
    const split = defineTask({
      name: 'split',
      input: z.object({ chunks: z.int() }),
      output: z.object({ chunks: z.array(Ref) }),
      compensate: 'none',
      async run({ input }) {
        const chunks: BlobRef[] = [];
        for (let index = 0; index < input.chunks; index += 1)
          chunks.push(await blobs.put(`${index}\n`.repeat(50_000), { mediaType: 'text/plain' }));
        return { chunks };
      },
    });
    const double = defineTask({
      name: 'double',
      input: Ref,
      output: Ref,
      compensate: 'none',
      run: ({ input }) =>
        blobs.put(
          (async function* () {
            for await (const piece of blobs.read(input)) {
              yield piece;
              yield piece;
            }
          })(),
        ),
    });
    const pipeline = defineWorkflow({
      name: 'pipeline',
      version: 1,
      input: z.object({ chunks: z.int() }),
      steps(w) {
        const { chunks } = w.task('split', split, { input: w.input }).$;
        const once = w.map('once', chunks, { concurrency: 2 }, (chunk) =>
          w.task('double', double, { input: chunk }),
        );
        return w.map('twice', once, { concurrency: 2 }, (chunk) =>
          w.task('double_again', double, { input: chunk }),
        );
      },
    });
    const { engine } = await openBench({ workflows: [pipeline], clock });

    const run = await engine.start(pipeline, { chunks: 4 });
    const results = await run.result();
    const orphan = await blobs.put('nobody refers to this');

    expect(results.map(({ bytes }) => bytes)).toEqual([1, 2, 3, 4].map(() => 4 * 2 * 50_000));
    expect(await engine.sweepBlobs(blobs)).toEqual([]);
    await clock.advance(2 * day);
    expect(await engine.sweepBlobs(blobs, { dryRun: true })).toEqual([orphan.sha256]);
    expect(await engine.sweepBlobs(blobs)).toEqual([orphan.sha256]);
    await engine.prune({ finishedBefore: new Date(clock.nowMs()) });
    expect(await engine.sweepBlobs(blobs)).toHaveLength(12);
    const folders = (await readdir(folder)).filter((name) => name.length === 2);
    const left = await Promise.all(folders.map((name) => readdir(join(folder, name))));
    expect(left.flat()).toEqual([]);
  });

  it('a value above the limit fails its step and says the way out', async () => {
    const large = defineTask({
      name: 'large',
      input: z.object({}),
      output: z.string(),
      compensate: 'none',
      run: async () => 'x'.repeat(300_000),
    });
    const workflow = defineWorkflow({
      name: 'large',
      version: 1,
      input: z.object({}),
      steps: (w) => w.task('large', large, { input: {} }),
    });
    const { engine } = await openBench({ workflows: [workflow] });

    const run = await engine.start(workflow, {});
    const view = await engine.drive(run.runId, 'finished');

    expect(view.outcome?.failure).toMatchObject({
      name: 'PayloadTooLarge',
      message: expect.stringContaining('put it into a blob store and return its reference'),
    });
  });
});
