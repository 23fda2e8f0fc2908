/** Looks after a directory: files that have come to rest are taken in, each content of each name once. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { watch } from 'chokidar';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';
import type { Watch } from '../../triggers/watch.ts';
import type { Accept, FeedRunner } from './feed-runner.ts';
import { type KnownFiles, openKnownFiles } from './known-files.ts';
import { createSettling, type Look } from './settling.ts';

export interface WatchRunner extends FeedRunner {
  /** Looks at the directory now. */
  look(): Promise<void>;
}

export function createWatchRunner(
  trigger: Watch,
  deps: {
    readonly accept: Accept;
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Logger;
    /** Whether the system is asked to tell of changes. */
    readonly listens: boolean;
  },
): WatchRunner {
  const { accept, store, clock, log, listens } = deps;
  const { name: source, settleForMs, lookEveryMs, maxBytes, maxFiles } = trigger;
  const directory = resolve(trigger.directory);
  const settling = createSettling(settleForMs);
  const counts = { accepted: 0, repeated: 0 };
  let known: KnownFiles | null = null;
  let lastAtMs: number | null = null;
  let problem: string | null = null;
  let looking: Promise<void> | null = null;
  let isAskedAgain = false;
  let isClosed = false;
  let cancelTimer = () => {};
  let stopListening = async () => {};

  async function pass(): Promise<void> {
    known ??= await openKnownFiles(store, source);
    const names = await fileNames();
    const present = new Set(names);
    settling.keep(present);
    await known.keep(present);
    for (const name of names) {
      if (isClosed) return;
      await lookAt(name, known);
    }
  }

  /** By code units; of too many, the first ones. */
  async function fileNames(): Promise<readonly string[]> {
    const entries = await readdir(directory, { withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
    problem =
      names.length > maxFiles
        ? `There are ${names.length} files; only the first ${maxFiles} are looked after`
        : null;
    return names.slice(0, maxFiles);
  }

  async function lookAt(name: string, files: KnownFiles): Promise<void> {
    const path = join(directory, name);
    try {
      const look = await lookOf(path);
      const file = files.get(name);
      if (file?.sizeBytes === look.sizeBytes && file.modifiedAtMs === look.modifiedAtMs) return;
      if (!settling.isSettled(name, look, clock.nowMs())) return;
      const sha256 = look.sizeBytes > maxBytes ? null : await hashOf(path);
      const after = await lookOf(path);
      if (after.sizeBytes !== look.sizeBytes || after.modifiedAtMs !== look.modifiedAtMs) return;
      // Touched, but not changed.
      if (file === undefined || sha256 === null || file.sha256 !== sha256) {
        await takeIn(name, path, look, sha256);
      }
      await files.put(name, { ...look, sha256 });
      settling.forget(name);
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (isGone) return settling.forget(name);
      problem = `File "${name}": ${error instanceof Error ? error.message : String(error)}`;
      log.warn({ err: error, trigger: source, file: name }, 'a file cannot be taken in now');
    }
  }

  async function takeIn(name: string, path: string, look: Look, sha256: string | null) {
    const modifiedAt = new Date(look.modifiedAtMs).toISOString();
    const content = sha256 ?? `${look.sizeBytes} bytes of ${modifiedAt}`;
    const isNew = await accept(source, `${name}\n${content}`, {
      path,
      name,
      sizeBytes: look.sizeBytes,
      modifiedAt,
      sha256,
    });
    counts[isNew ? 'accepted' : 'repeated'] += 1;
    lastAtMs = clock.nowMs();
  }

  async function run(): Promise<void> {
    try {
      await pass();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      log.warn(
        { err: error, trigger: source },
        'a directory cannot be looked at; it is tried again',
      );
    }
    looking = null;
    cancelTimer();
    if (isClosed) return;
    if (isAskedAgain) {
      isAskedAgain = false;
      await look();
      return;
    }
    const delayMs = settling.size > 0 ? Math.min(settleForMs, lookEveryMs) : lookEveryMs;
    cancelTimer = clock.after(delayMs, () => void look());
  }

  function look(): Promise<void> {
    if (isClosed) return Promise.resolve();
    if (looking === null) looking = run();
    else isAskedAgain = true;
    return looking;
  }

  function listen(): void {
    const watcher = watch(directory, { depth: 0, ignoreInitial: true });
    watcher.on('all', () => void look());
    watcher.on('error', (error) =>
      log.warn({ err: error, trigger: source }, 'changes of a directory are not told'),
    );
    stopListening = () => watcher.close();
  }

  return {
    name: source,
    counts,
    get lastAtMs() {
      return lastAtMs;
    },
    get problem() {
      return problem;
    },
    look,
    start() {
      if (listens) listen();
      void look();
    },
    async close() {
      isClosed = true;
      cancelTimer();
      await stopListening();
      await looking;
    },
  };
}

async function lookOf(path: string): Promise<Look> {
  const { size, mtimeMs } = await stat(path);
  return { sizeBytes: size, modifiedAtMs: Math.round(mtimeMs) };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
