/**
 * Connections and clients of runs: opened when an attempt first needs one, shared by the attempts of its run, closed when the run needs them no
 * more. They belong to the process that executes; nothing of them is stored.
 */
import { failureOf } from './failure.ts';
import type { AttemptInfo, ResourceBinding, TaskBinding } from './ports/bindings.ts';
import type { Clock } from './ports/clock.ts';
import type { Logger } from './ports/logger.ts';

/** For what `close` does not finish: the process must be able to end. */
const closeTimeoutMs = 5_000;

/** What one attempt holds. */
export interface HeldResources {
  readonly values: { readonly [key: string]: unknown };
  /** @param isSound - `false`: the attempt failed, and nobody knows in which state it left them; the next one opens others */
  done(isSound: boolean): void;
}

export interface ResourcePool {
  /** An aborted `signal` means the same as a failure, at once: whoever ignores it keeps what it has, the next attempt gets others. */
  acquire(
    task: TaskBinding,
    attempt: Pick<AttemptInfo, 'run' | 'log' | 'signal'>,
  ): Promise<HeldResources>;
  /** Closes what the run has open, newest first. Never rejects. */
  release(runId: string): Promise<void>;
  /** Closes everything. Never rejects. */
  close(): Promise<void>;
}

interface Entry {
  readonly resource: ResourceBinding;
  readonly opened: Promise<unknown>;
  /** Set once it is open. */
  value: { readonly is: unknown } | null;
  readonly opening: AbortController;
  readonly log: Logger;
  users: number;
  /** Nobody gets it any more; it is closed when its last user has left, or the run ends. */
  isRetired: boolean;
  closing: Promise<void> | null;
}

/** @param after - limits the time of a `close`; without it there is no limit */
export function createResourcePool(after?: Clock['after']): ResourcePool {
  const runs = new Map<string, Set<Entry>>();

  function enter(resource: ResourceBinding, { run, log }: Pick<AttemptInfo, 'run' | 'log'>): Entry {
    const entries = runs.get(run.runId) ?? new Set<Entry>();
    runs.set(run.runId, entries);
    for (const entry of entries) {
      if (entry.resource !== resource || entry.isRetired) continue;
      entry.users += 1;
      return entry;
    }
    const opening = new AbortController();
    const opened = new Promise((resolve) => {
      resolve(resource.open({ run, log, signal: opening.signal }));
    });
    const entry: Entry = {
      resource,
      opened,
      value: null,
      opening,
      log,
      users: 1,
      isRetired: false,
      closing: null,
    };
    entries.add(entry);
    void note(run.runId, entry);
    return entry;
  }

  async function note(runId: string, entry: Entry): Promise<void> {
    try {
      entry.value = { is: await entry.opened };
      entry.log.debug({ resource: entry.resource.name }, 'resource opened');
    } catch {
      // The attempts that wait for it say so.
      entry.isRetired = true;
      forget(runId, entry);
    }
  }

  function forget(runId: string, entry: Entry): void {
    const entries = runs.get(runId);
    entries?.delete(entry);
    if (entries?.size === 0) runs.delete(runId);
  }

  function close(runId: string, entry: Entry): Promise<void> {
    entry.isRetired = true;
    entry.closing ??= shut(entry, after).finally(() => forget(runId, entry));
    return entry.closing;
  }

  async function release(runId: string): Promise<void> {
    const entries = [...(runs.get(runId) ?? [])].reverse();
    for (const entry of entries) entry.isRetired = true;
    for (const entry of entries) await close(runId, entry);
  }

  return {
    async acquire({ resources }, attempt) {
      const { runId } = attempt.run;
      const entries = [...(resources ?? [])].map(
        ([key, resource]) => [key, enter(resource, attempt)] as const,
      );
      const retire = () => {
        for (const [, entry] of entries) entry.isRetired = true;
      };
      const done = (isSound: boolean) => {
        attempt.signal.removeEventListener('abort', retire);
        if (!isSound) retire();
        for (const [, entry] of entries.splice(0)) {
          entry.users -= 1;
          if (entry.isRetired && entry.users === 0) void close(runId, entry);
        }
      };
      attempt.signal.addEventListener('abort', retire);
      try {
        const opened = entries.map(async ([key, entry]) => [key, await entry.opened] as const);
        return { values: Object.freeze(Object.fromEntries(await Promise.all(opened))), done };
      } catch (error) {
        done(true);
        throw error;
      }
    },
    release,
    async close() {
      await Promise.all([...runs.keys()].map(release));
    },
  };
}

async function shut(entry: Entry, after: Clock['after'] | undefined): Promise<void> {
  const { resource, opened, value, opening, log } = entry;
  opening.abort(new Error(`Resource "${resource.name}" is not needed any more`));
  let cancel = () => {};
  const limit = new Promise<string>((resolve) => {
    if (after === undefined) return;
    cancel = after(closeTimeoutMs, () => resolve(`it took longer than ${closeTimeoutMs} ms`));
  });
  const closed = value === null ? opened.then(closeOpened, () => null) : closeOpened(value.is);
  const problem = await Promise.race([closed, limit]);
  cancel();
  if (problem === null) log.debug({ resource: resource.name }, 'resource closed');
  else log.warn({ resource: resource.name, problem }, 'resource not closed; it is left behind');

  async function closeOpened(open: unknown): Promise<string | null> {
    try {
      await resource.close(open);
      return null;
    } catch (error) {
      return failureOf(error).message;
    }
  }
}
