/** Batches at work: one action on many runs, a few at a time, recorded as it goes, so that it goes on after a restart. */
import { type Batch, type BatchAction, type Selection } from '../../api/batches.ts';
import type { RunView } from '../../engine/views.ts';
import { SignalboxError } from '../../errors.ts';
import type { Caller } from '../caller.ts';
import type { ServiceParts } from '../parts.ts';
import { refusalOf } from './acceptance.ts';
import { createHolding } from './holding.ts';
import { perform } from './perform.ts';
import { createBatchRecords, type Item, type KeptBatch, progressOf } from './records.ts';
import { selectRuns } from './selection.ts';

export interface BatchPreview {
  readonly matching: number;
  readonly accepted: number;
  readonly refused: readonly {
    readonly why: string;
    readonly count: number;
    readonly example: string;
  }[];
  readonly sample: readonly string[];
}

export interface Batches {
  preview(action: BatchAction, runs: Selection, caller: Caller): Promise<BatchPreview>;
  /** Durable when it resolves. @throws SignalboxError `INPUT_INVALID` if no run is meant, or too many */
  start(action: BatchAction, runs: Selection, reason: string, caller: Caller): Promise<Batch>;
  list(limit: number, before?: string): Promise<readonly Batch[]>;
  /** @throws SignalboxError `BATCH_UNKNOWN` */
  get(batchId: string): Promise<Batch>;
  /** In the order of the runs, from a position on. */
  items(batchId: string, from: number, limit: number): Promise<readonly Item[]>;
  /** @throws SignalboxError `BATCH_UNKNOWN`, `INVALID_TRANSITION` if it is over */
  change(batchId: string, to: 'paused' | 'running' | 'stopped', caller: Caller): Promise<Batch>;
  /** Takes up what an earlier process left, and now and then what another one has. */
  takeUp(): Promise<void>;
  /** Lets the runs under way end; the rest waits for the next process. */
  close(): Promise<void>;
}

/** Runs dealt with at a time; after a crash so many may be looked at once more. */
const groupSize = 8;
/** Until a store that could not be used is tried again. */
const againAfterMs = 5_000;
/** How often batches are looked for that another process on the store has left. */
const takeUpEveryMs = 30_000;
const sampleSize = 20;
const pageSize = 200;

export function createBatches(
  parts: Pick<ServiceParts, 'orchestrator' | 'store' | 'clock' | 'ids' | 'log' | 'audit'>,
): Batches {
  const { orchestrator, clock, ids, log, audit } = parts;
  const records = createBatchRecords(parts.store);
  const holding = createHolding(parts.store, clock, ids.token());
  const atWork = new Map<string, Promise<void>>();
  const askedAgain = new Set<string>();
  const timers = new Set<() => void>();
  const closing = new AbortController();

  async function kept(batchId: string): Promise<KeptBatch> {
    const found = await records.get(batchId);
    if (found !== null) return found;
    throw new SignalboxError('BATCH_UNKNOWN', `There is no batch "${batchId}"`, {
      details: { batchId },
    });
  }

  const now = () => new Date(clock.nowMs()).toISOString();

  /** Others may hold or stop it meanwhile; that stays. @returns `false` if another process has dealt with the same runs */
  async function record(batchId: string, from: number, items: readonly Item[]): Promise<boolean> {
    for (;;) {
      const { revision, batch } = await kept(batchId);
      if (progressOf(batch) !== from) return false;
      const count = (outcome: Item['outcome']) =>
        items.filter((item) => item.outcome === outcome).length;
      const after: Batch = {
        ...batch,
        done: batch.done + count('done'),
        skipped: batch.skipped + count('skipped'),
        failed: batch.failed + count('failed'),
      };
      const isOver = progressOf(after) >= after.total && after.status !== 'stopped';
      const saved: Batch = isOver ? { ...after, status: 'complete', finishedAt: now() } : after;
      if (await records.save({ revision, batch: saved }, from, items)) return true;
    }
  }

  async function work(batchId: string): Promise<void> {
    try {
      while (!closing.signal.aborted && (await workOnGroup(batchId)));
    } finally {
      await holding.release(batchId);
    }
  }

  /** @returns whether there may be more to do here */
  async function workOnGroup(batchId: string): Promise<boolean> {
    const { batch } = await kept(batchId);
    if (batch.status !== 'running' || !(await holding.take(batchId))) return false;
    const from = progressOf(batch);
    const group = (await records.runIds(batchId, from)).slice(0, groupSize);
    const items = await Promise.all(
      group.map(async (runId) => ({ runId, ...(await perform(orchestrator, runId, batch)) })),
    );
    return record(batchId, from, items);
  }

  async function workUntilNobodyAsks(batchId: string): Promise<void> {
    try {
      do {
        askedAgain.delete(batchId);
        await work(batchId);
      } while (askedAgain.has(batchId) && !closing.signal.aborted);
    } finally {
      // in the same step as the last question: whoever asks after it begins anew
      atWork.delete(batchId);
    }
  }

  function begin(batchId: string): void {
    if (closing.signal.aborted) return;
    if (atWork.has(batchId)) {
      askedAgain.add(batchId);
      return;
    }
    const working = workUntilNobodyAsks(batchId).catch((error: unknown) => {
      log.error({ err: error, batchId }, 'a batch stands still; it is tried again');
      later(againAfterMs, () => begin(batchId));
    });
    atWork.set(batchId, working);
  }

  function later(timeMs: number, work: () => void): void {
    if (closing.signal.aborted) return;
    const cancel = clock.after(timeMs, () => {
      timers.delete(cancel);
      work();
    });
    timers.add(cancel);
  }

  async function takeUp(): Promise<void> {
    for (let before: string | undefined; ; ) {
      const page = await records.list(pageSize, before);
      for (const { batch } of page) if (batch.status === 'running') begin(batch.batchId);
      before = page.at(-1)?.batch.batchId;
      if (page.length < pageSize) break;
    }
  }

  function takeUpLater(): void {
    later(takeUpEveryMs, () => {
      takeUp()
        .catch((error: unknown) => log.error({ err: error }, 'batches cannot be read now'))
        .finally(takeUpLater);
    });
  }

  return {
    async preview(action, runs, caller) {
      const refused = new Map<string, { count: number; example: string }>();
      const accepted: string[] = [];
      let matching = 0;
      for await (const run of selectRuns(orchestrator, runs, caller, clock.nowMs())) {
        matching += 1;
        const why = refusalOf(action, run);
        if (why === null) accepted.push(run.runId);
        else refused.set(why, { example: run.runId, count: (refused.get(why)?.count ?? 0) + 1 });
      }
      return {
        matching,
        accepted: accepted.length,
        refused: [...refused]
          .map(([why, { count, example }]) => ({ why, count, example }))
          .sort((a, b) => b.count - a.count),
        sample: accepted.slice(0, sampleSize),
      };
    },
    async start(action, selection, reason, caller) {
      const runs: RunView[] = [];
      for await (const run of selectRuns(orchestrator, selection, caller, clock.nowMs()))
        runs.push(run);
      // what does not accept it now is left out; what does not when its turn has come is skipped
      const runIds = runs.filter((run) => refusalOf(action, run) === null).map((run) => run.runId);
      if (runIds.length === 0) {
        throw new SignalboxError(
          'INPUT_INVALID',
          `None of ${runs.length} runs accepts ${action.kind}`,
          { hint: 'A dry run says why not' },
        );
      }
      const batch: Batch = {
        batchId: ids.runId(),
        action,
        reason,
        actor: caller.name,
        status: 'running',
        total: runIds.length,
        done: 0,
        skipped: 0,
        failed: 0,
        createdAt: now(),
        finishedAt: null,
      };
      await records.create(batch, runIds);
      const { batchId } = batch;
      await audit.record(caller, 'batch.started', `batch/${batchId}`, {
        action: action.kind,
        runs: runIds.length,
        reason,
      });
      begin(batchId);
      return batch;
    },
    list: async (limit, before) => (await records.list(limit, before)).map(({ batch }) => batch),
    get: async (batchId) => (await kept(batchId)).batch,
    async items(batchId, from, limit) {
      await kept(batchId);
      return records.items(batchId, from, limit);
    },
    async change(batchId, to, caller) {
      for (;;) {
        const { revision, batch } = await kept(batchId);
        if (batch.status === 'complete' || batch.status === 'stopped') {
          throw new SignalboxError('INVALID_TRANSITION', `Batch "${batchId}" is ${batch.status}`, {
            details: { batchId, status: batch.status },
          });
        }
        const changed: Batch = {
          ...batch,
          status: to,
          finishedAt: to === 'stopped' ? now() : null,
        };
        if (!(await records.save({ revision, batch: changed }))) continue;
        const action = to === 'running' ? 'resumed' : to;
        await audit.record(caller, `batch.${action}`, `batch/${batchId}`);
        if (to === 'running') begin(batchId);
        return changed;
      }
    },
    async takeUp() {
      await takeUp();
      if (parts.store.shared) takeUpLater();
    },
    async close() {
      closing.abort();
      await Promise.all(atWork.values());
      for (const cancel of timers) cancel();
    },
  };
}
