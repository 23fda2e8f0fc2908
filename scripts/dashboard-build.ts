/** The build of the dashboard, once for all who need it at the same time, and only if its sources have changed. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = join(root, 'dist/dashboard');
const stamp = join(output, '.sources');
const lock = join(root, 'dist/.dashboard-lock');
/** A build takes seconds; a lock that old was left by a process that died. */
const staleMs = 120_000;

/** @returns where it stands, and whether it was built just now */
export async function buildDashboard({
  force = false,
}: {
  readonly force?: boolean;
} = {}): Promise<{ readonly directory: string; readonly isFresh: boolean }> {
  const wanted = await sourceHash();
  const isCurrent = async () => (await textOf(stamp)) === wanted;
  if (!force && (await isCurrent())) return { directory: output, isFresh: false };
  const release = await takeLock();
  try {
    if (!force && (await isCurrent())) return { directory: output, isFresh: false };
    await buildTo(output, wanted);
    return { directory: output, isFresh: true };
  } finally {
    await release();
  }
}

/** Readers see the old files or the new ones, never half of them. */
async function buildTo(directory: string, sources: string): Promise<void> {
  const fresh = `${directory}-new`;
  // Not in this process: what NODE_ENV says here, as in a test, would be built in.
  await promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/vite/bin/vite.js'),
      'build',
      '--config',
      join(root, 'src/dashboard/vite.config.ts'),
      '--outDir',
      fresh,
      '--logLevel',
      'warn',
    ],
    { cwd: join(root, 'src/dashboard'), env: { ...process.env, NODE_ENV: 'production' } },
  );
  await writeFile(join(fresh, '.sources'), sources);
  await rm(directory, { recursive: true, force: true });
  await rename(fresh, directory);
}

/** Of everything that goes into the bundle. */
async function sourceHash(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(root, 'package-lock.json')));
  for (const folder of ['dashboard', 'client', 'api', 'plan', 'diagram']) {
    const files = await readdir(join(root, 'src', folder), {
      recursive: true,
      withFileTypes: true,
    });
    const paths = files.filter((f) => f.isFile()).map((f) => join(f.parentPath, f.name));
    for (const path of paths.sort()) hash.update(path).update(await readFile(path));
  }
  return hash.digest('hex');
}

const textOf = (path: string) => readFile(path, 'utf8').catch(() => null);

/** @returns what gives it back */
async function takeLock(): Promise<() => Promise<void>> {
  await mkdir(dirname(lock), { recursive: true });
  for (;;) {
    try {
      const file = await open(lock, 'wx');
      await file.close();
      return () => rm(lock, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const held = await stat(lock).catch(() => null);
      if (held !== null && Date.now() - held.mtimeMs > staleMs) await rm(lock, { force: true });
      else await sleep(100);
    }
  }
}
