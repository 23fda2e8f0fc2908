/** A file beside a store that names the address of the service that has it open. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { isAlive, isHere, thisProcess } from '../adapters/shared/process-identity.ts';

export interface ServiceAddress {
  /** As `http://127.0.0.1:4400`. */
  readonly url: string;
  /** What the service at this address calls itself (`service.about`), so that no other program that got its port is taken for it. */
  readonly instance: string;
}

const Content = z.object({
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  instance: z.string().max(100),
  pid: z.number().int(),
  host: z.string(),
  processIdentity: z.string().nullable(),
  pidNamespace: z.string().nullable(),
  /** Of this file: beside a copy of the store lies one of another number, and nobody serves the copy. */
  inode: z.string(),
});

/** Replaces what an earlier service left. @returns removes the file, unless another service has replaced it since */
export async function announceService(
  file: string,
  address: ServiceAddress,
): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, '', { mode: 0o600 });
  const inode = await inodeOf(draft);
  const content: z.infer<typeof Content> = { ...address, ...thisProcess(), inode };
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`);
  await rename(draft, file);
  return async () => {
    if ((await read(file))?.instance === address.instance) await rm(file, { force: true });
  };
}

/** Where the store is served, as far as the file knows; `null` if it is not, or the process that said so has ended. */
export async function findAnnounced(file: string): Promise<ServiceAddress | null> {
  const found = await read(file);
  if (found === null || (isHere(found) && !isAlive(found))) return null;
  return { url: found.url, instance: found.instance };
}

async function inodeOf(file: string): Promise<string> {
  return String((await stat(file, { bigint: true })).ino);
}

async function read(file: string): Promise<z.infer<typeof Content> | null> {
  try {
    const content = Content.parse(JSON.parse(await readFile(file, 'utf8')));
    return content.inode === (await inodeOf(file)) ? content : null;
  } catch {
    // Whatever else it may hold, it names no service; the store's own lock decides then.
    return null;
  }
}
