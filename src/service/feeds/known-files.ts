/** Files of a watched directory that have been taken in, in records: they are known over restarts. */
import { z } from 'zod';
import type { Store } from '../../ports/store.ts';
import type { Look } from './settling.ts';

const collection = 'watched-files';
const KnownFile = z.object({
  sizeBytes: z.number(),
  modifiedAtMs: z.number(),
  /** `null`: it was too large to be read. */
  sha256: z.string().nullable(),
});
type KnownFile = z.infer<typeof KnownFile>;

export interface KnownFiles {
  get(name: string): KnownFile | undefined;
  put(name: string, file: Look & { readonly sha256: string | null }): Promise<void>;
  /** Forgets what is not there any more. */
  keep(names: ReadonlySet<string>): Promise<void>;
}

const pageSize = 1_000;
/** Of a key, leaving room for the name of the trigger. */
const maxNameLength = 400;

export async function openKnownFiles(store: Store, trigger: string): Promise<KnownFiles> {
  const known = new Map<string, { readonly revision: number; readonly file: KnownFile }>();
  const prefix = `${trigger}/`;
  for (let after: string | undefined; ; ) {
    const page = await store.records(collection, {
      prefix,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    for (const { key, revision, value } of page) {
      known.set(key.slice(prefix.length), { revision, file: KnownFile.parse(value) });
    }
    after = page.at(-1)?.key;
    if (page.length < pageSize) break;
  }

  /** Another process may have been faster: what it wrote is as good. */
  async function refresh(name: string): Promise<void> {
    const record = await store.record(collection, `${prefix}${name}`);
    if (record === null) known.delete(name);
    else known.set(name, { revision: record.revision, file: KnownFile.parse(record.value) });
  }

  return {
    get: (name) => known.get(name)?.file,
    async put(name, { sizeBytes, modifiedAtMs, sha256 }) {
      if (name.length > maxNameLength) return;
      const expectedRevision = known.get(name)?.revision ?? 0;
      const file = { sizeBytes, modifiedAtMs, sha256 };
      const key = `${prefix}${name}`;
      const isSaved = await store.saveRecords([{ collection, key, expectedRevision, value: file }]);
      if (isSaved) known.set(name, { revision: expectedRevision + 1, file });
      else await refresh(name);
    },
    async keep(names) {
      for (const [name, { revision }] of known) {
        if (names.has(name)) continue;
        const key = `${prefix}${name}`;
        await store.saveRecords([{ collection, key, expectedRevision: revision, value: null }]);
        known.delete(name);
      }
    },
  };
}
