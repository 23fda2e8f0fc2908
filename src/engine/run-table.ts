/** Runs in memory, and the one way in which they change: apply, commit, then act. */
import { SignalboxError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Logger } from '../ports/logger.ts';
import type { HistoryEntry, RunCommit, Store } from '../ports/store.ts';
import type { Catalogue } from './catalogue.ts';
import type { CommitQueue, CommitResult } from './commit-queue.ts';
import { beginDraft, type Command, catchUp, type Draft, seal } from './draft.ts';
import type { Holds } from './holds.ts';
import { type LiveRun, restoreRun } from './live-run.ts';
import type { Settings } from './settings.ts';

export interface RunTableDeps {
  readonly store: Store;
  readonly queue: CommitQueue;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly settings: Settings;
  readonly owner: string;
  readonly holds: Holds;
  /** Called once a commit is durable, with what is to be done. */
  onCommitted(run: LiveRun, commit: RunCommit, commands: readonly Command[]): void;
  /** The run is no longer this engine's, or its last changes were lost: whatever runs for it is fenced off. */
  onDropped(runId: string): void;
}

export interface Change<T> {
  readonly answer: T;
  /** Entries this change wrote. */
  readonly entries: readonly HistoryEntry[];
}

export interface RunTable {
  /** In memory, without waiting; possibly stale on a shared store. */
  peek(runId: string): LiveRun | null;
  /** @throws SignalboxError `RUN_NOT_FOUND`, `RUN_DAMAGED`, `DEFINITION_MISSING` */
  load(runId: string): Promise<LiveRun>;
  /** As `load`, and no older than what is stored: on a shared store another process may have changed the run since it was read. */
  loadNewest(runId: string): Promise<LiveRun>;
  /** `null` if another process holds the run now. */
  own(runId: string): Promise<LiveRun | null>;
  /**
   * Changes a run by what `decide` does to the draft, in one commit. `decide` throws to refuse; nothing changes then.
   *
   * @throws SignalboxError `LEASE_LOST` if another process was faster, `STORE_UNAVAILABLE`
   */
  change<T>(
    run: LiveRun,
    decide: (draft: Draft) => T,
    with_?: Partial<RunCommit>,
  ): Promise<Change<T>>;
  add(run: LiveRun): void;
  drop(runId: string): void;
  /** Drops this reading of the run; one that has been made since stays. */
  discard(run: LiveRun): void;
  all(): readonly LiveRun[];
  /** A commit of the run is on its way. */
  isPending(runId: string): boolean;
  /** Calls back once none is any more, whatever has become of it. */
  onceSettled(runId: string, listener: () => void): void;
  /** Another process has changed the run since it was read. */
  isStale(run: LiveRun): Promise<boolean>;
  /** Runs this engine holds a lease on. */
  leased(): readonly string[];
  readonly size: number;
}

export function createRunTable(deps: RunTableDeps): RunTable {
  const { store, queue, catalogue, clock, ids, settings, owner, holds } = deps;
  const live = new Map<string, LiveRun>();
  const loading = new Map<string, Promise<LiveRun>>();
  /** Commits of a run on their way; it must not leave memory meanwhile. */
  const pending = new Map<string, number>();
  const settled = new Map<string, (() => void)[]>();
  /** Runs in memory of which a commit was refused: whatever builds on it is void. */
  const refused = new WeakSet<LiveRun>();

  function holdsElsewhere(run: LiveRun): boolean {
    const { lease } = run.state;
    return (
      store.shared && lease !== null && lease.owner !== owner && lease.expiresAtMs > clock.nowMs()
    );
  }

  async function read(runId: string): Promise<LiveRun> {
    const stored = await store.load(runId);
    if (stored === null) throw notFound(runId);
    const definition = await catalogue.definitionOf(stored.header);
    const entries = await store.settled(runId, stored.state.generation);
    // A commit that was on its way may have brought the run back, newer than what was read.
    const meanwhile = live.get(runId);
    if (meanwhile !== undefined) return meanwhile;
    const run = restoreRun(stored, definition, entries);
    live.set(runId, run);
    evict();
    return run;
  }

  let addsUntilLook = 0;

  /** While most of them work there is little to let go, and looking at all of them for each that comes would cost the more the more there are. */
  function evict(): void {
    if (live.size <= settings.cachedRuns) return;
    addsUntilLook -= 1;
    if (addsUntilLook > 0) return;
    for (const [runId, run] of live) {
      if (run.state.active || pending.has(runId)) continue;
      live.delete(runId);
      if (live.size <= settings.cachedRuns) return;
    }
    addsUntilLook = Math.ceil(live.size / 16);
  }

  function load(runId: string): Promise<LiveRun> {
    const known = live.get(runId);
    if (known !== undefined) return Promise.resolve(known);
    const started = loading.get(runId);
    if (started !== undefined) return started;
    const promise = read(runId).finally(() => loading.delete(runId));
    loading.set(runId, promise);
    return promise;
  }

  async function loadNewest(runId: string): Promise<LiveRun> {
    const known = live.get(runId);
    if (known === undefined || !store.shared || pending.has(runId)) return load(runId);
    const stored = await store.load(runId);
    if (live.get(runId) !== known || pending.has(runId)) return load(runId);
    if (stored?.state.revision === known.state.revision) {
      // A lease is renewed without a commit of the run.
      known.state = { ...known.state, lease: stored.state.lease };
      return known;
    }
    drop(runId);
    return load(runId);
  }

  function drop(runId: string): void {
    if (!live.delete(runId)) return;
    deps.onDropped(runId);
  }

  function settle(
    run: LiveRun,
    commit: RunCommit,
    commands: readonly Command[],
    result: CommitResult,
  ): SignalboxError | null {
    const { id } = run.header;
    const left = (pending.get(id) ?? 1) - 1;
    if (left === 0) {
      pending.delete(id);
      for (const listener of settled.get(id) ?? []) listener();
      settled.delete(id);
    } else pending.set(id, left);
    if (result.outcome === 'committed') {
      live.set(id, run);
      deps.onCommitted(run, commit, commands);
      if (left === 0 && commit.state.finishedAtMs !== null && !commit.state.active) live.delete(id);
      return null;
    }
    refused.add(run);
    // The store's trouble is not the attempts': they go on, and find the run again as it is stored.
    if (live.get(id) === run) {
      if (result.outcome === 'failed') live.delete(id);
      else drop(id);
    }
    if (result.outcome === 'failed') {
      if (result.error instanceof SignalboxError) return result.error;
      return new SignalboxError('STORE_UNAVAILABLE', `The store could not write run "${id}"`, {
        details: { runId: id },
        cause: result.error,
      });
    }
    if (result.outcome === 'duplicate') {
      return new SignalboxError(
        'KEY_CONFLICT',
        `The key of run "${id}" belongs to run "${result.runId}"`,
        {
          details: { runId: result.runId, payloadHash: result.payloadHash },
        },
      );
    }
    return new SignalboxError(
      'LEASE_LOST',
      `Run "${id}" was changed by another process; this change was discarded`,
      {
        details: { runId: id, expectedRevision: commit.expectedRevision },
      },
    );
  }

  /** A refusal leaves the run as it was. A defect half-way through must not be built upon: the run is read again. */
  function decideOrRestore<T>(run: LiveRun, draft: Draft, decide: (draft: Draft) => T): T {
    const { open, mailbox, snapshot, state, data, milestones, outcome } = run;
    const { compensatedBy, late, held, heldMs } = run;
    let caughtUp = 0;
    try {
      catchUp(draft, holds.heldMs(run.header.workflow));
      caughtUp = draft.history.length;
      return decide(draft);
    } catch (error) {
      if (draft.history.length === caughtUp)
        Object.assign(run, {
          open,
          mailbox,
          snapshot,
          state,
          data,
          milestones,
          outcome,
          compensatedBy,
          late,
          held,
          heldMs,
        });
      else drop(run.header.id);
      throw error;
    }
  }

  return {
    peek: (runId) => live.get(runId) ?? null,
    load,
    loadNewest,
    async own(runId) {
      const known = live.get(runId);
      const mayBeOld = store.shared && known?.state.lease?.owner !== owner;
      const run = mayBeOld ? await loadNewest(runId) : (known ?? (await load(runId)));
      return holdsElsewhere(run) ? null : run;
    },
    change(run, decide, extra = {}) {
      const tools = {
        nowMs: clock.nowMs(),
        token: () => ids.token(),
        random: () => ids.random(),
      };
      const draft = beginDraft(run, tools, holds.of(run.header.workflow));
      const answer = decideOrRestore(run, draft, decide);
      const commit = { ...seal(draft, { owner, leaseMs: settings.leaseMs }), ...extra };
      pending.set(run.header.id, (pending.get(run.header.id) ?? 0) + 1);
      return new Promise((resolve, reject) => {
        const done = (result: CommitResult) => {
          const error = settle(run, commit, draft.commands, result);
          if (error === null) resolve({ answer, entries: draft.history });
          else reject(error);
        };
        queue.submit(commit, done, () => refused.has(run));
      });
    },
    add(run) {
      live.set(run.header.id, run);
      evict();
    },
    drop,
    discard(run) {
      if (live.get(run.header.id) === run) drop(run.header.id);
    },
    all: () => [...live.values()],
    isPending: (runId) => pending.has(runId),
    onceSettled(runId, listener) {
      if (pending.has(runId)) settled.set(runId, [...(settled.get(runId) ?? []), listener]);
      else listener();
    },
    async isStale({ header: { id }, state }) {
      if (!store.shared || pending.has(id)) return false;
      return (await store.load(id))?.state.revision !== state.revision;
    },
    leased: () =>
      [...live.values()].flatMap((run) =>
        run.state.lease?.owner === owner ? [run.header.id] : [],
      ),
    get size() {
      return live.size;
    },
  };
}

export function notFound(runId: string): SignalboxError {
  return new SignalboxError('RUN_NOT_FOUND', `No run "${runId}" in the store`, {
    details: { runId },
  });
}
