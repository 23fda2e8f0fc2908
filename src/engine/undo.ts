/** Carrying out compensation: the undo list of a run, its children's included, newest completion first. */
import { SignalboxError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import type { Json } from '../plan/json.ts';
import type { MapStep, RetryPolicy, TaskCall, TaskStep } from '../plan/plan.ts';
import { nextDelayMs } from '../plan/retry-policy.ts';
import { resolveWiring } from '../plan/wiring.ts';
import type { EntityAccess } from '../ports/bindings.ts';
import type { AttemptOutcome } from '../ports/executor.ts';
import { applyEvent } from './apply.ts';
import { closeItems, type Draft } from './draft.ts';
import { toError } from './failure-data.ts';
import { holdBack, isHeld } from './hold-back.ts';
import { undoKey } from './keys.ts';
import { type Completed, type LiveRun, readerOf, runInfo } from './live-run.ts';
import { type ItemRow, itemReader, readItems } from './maps/items.ts';
import { isLost, persist } from './persist.ts';
import { isQuarantined, quarantined } from './recovery.ts';
import type { OpenItem } from './run-body.ts';
import { assertNotUndone, type ByHand, noteRetriedUndo } from './undo-by-hand.ts';
import type { WorkDeps } from './work-deps.ts';

/** One thing to undo. `path` is the step, or `child/step` for what a child did. */
export interface UndoEntry {
  readonly path: string;
  /** The run that did it: the failing one, or a child of it. */
  readonly run: LiveRun;
  /** The run that undoes it. */
  readonly by: string;
  readonly completed: Completed;
  /** Children it was done in, from the outermost to the one that did it. */
  readonly children: readonly LiveRun[];
}

const onceOnly: RetryPolicy = {
  maxAttempts: 1,
  backoff: { kind: 'fixed', initialMs: 0, factor: 1, maxMs: 0, jitter: 'none' },
};

/** What has become, or would become, of one entry of the undo list. */
export interface UndoStep {
  /** The step, or `child/step` for what a child did. */
  readonly step: string;
  /** The run that did it, and the entry of its history. */
  readonly runId: string;
  readonly seq: number;
  /** `irreversible`, `without_undo`: nothing can undo it. `resolved`: by hand. */
  readonly state: 'open' | 'undone' | 'failed' | 'resolved' | 'irreversible' | 'without_undo';
  /** Why it failed, or what was said when it was resolved. */
  readonly reason: string | null;
}

export interface Undoing {
  start(run: LiveRun): void;
  /** What a cancellation would undo now, or what has become of it; first to be undone first. */
  preview(runId: string): Promise<readonly UndoStep[]>;
  /** One more attempt at an undo that has failed; its idempotency key is the same. @throws SignalboxError `NOTHING_TO_UNDO`, `NOT_UNDONE` */
  retry(runId: string, given: ByHand): Promise<void>;
}

export function createUndoing(deps: WorkDeps): Undoing {
  const { runs, log, inFlight } = deps;
  /** Each belongs to the run as it is in memory now: one read again has another epoch. */
  const lists = new WeakMap<
    LiveRun,
    { readonly generation: number; readonly entries: Promise<readonly UndoEntry[]> }
  >();

  function listOf(run: LiveRun): Promise<readonly UndoEntry[]> {
    const known = lists.get(run);
    if (known !== undefined && known.generation === run.state.generation) return known.entries;
    const { generation } = run.state;
    const entries = undoList(run, '', [], run.header.id);
    lists.set(run, { generation, entries });
    entries.catch(() => lists.delete(run));
    return entries;
  }

  async function undoList(
    run: LiveRun,
    prefix: string,
    children: readonly LiveRun[],
    by: string,
  ): Promise<readonly UndoEntry[]> {
    const entries: UndoEntry[] = [];
    for (const completed of [...run.completed].reverse()) {
      if (completed.child !== null) {
        const child = await runs.loadNewest(completed.child);
        const path = `${prefix}${completed.step}/`;
        entries.push(...(await undoList(child, path, [...children, child], by)));
      } else entries.push({ path: `${prefix}${completed.step}`, run, by, completed, children });
    }
    return entries;
  }

  function start(run: LiveRun): void {
    const item = run.open.find(
      (open): open is Extract<OpenItem, { kind: 'undo' }> => open.kind === 'undo',
    );
    if (item === undefined || item.held === true || inFlight.has(item.token)) return;
    if (run.state.pausedAtMs !== null) return;
    const abort = new AbortController();
    inFlight.set(item.token, {
      runId: run.header.id,
      step: 'undo',
      abort,
      details: null,
      isRunning: true,
    });
    deps.dispatch(run, {
      id: item.token,
      queue: 'default',
      priority: 'high',
      run: () => perform(run, item, abort).finally(() => inFlight.delete(item.token)),
    });
  }

  async function perform(
    run: LiveRun,
    item: Extract<OpenItem, { kind: 'undo' }>,
    abort: AbortController,
  ): Promise<void> {
    const runId = run.header.id;
    try {
      if (isHeld(deps, run)) return await persist(deps, () => holdBack(deps, runId, item.token));
      const entry = (await listOf(run))[item.position];
      if (entry === undefined)
        throw new SignalboxError(
          'RUN_DAMAGED',
          `Run "${runId}" has no undo entry ${item.position}`,
          { details: { runId } },
        );
      const outcome: AttemptOutcome = isQuarantined(item, deps.settings)
        ? { ok: false, failure: quarantined(`the undo of "${entry.path}"`, item), durationMs: 0 }
        : await carryOut(entry, item.attempt, abort.signal, accessOf(run, entry, item.token));
      // Cut off because the process closes or has lost the run: it is done again, and has not failed.
      if (!outcome.ok && abort.signal.reason instanceof SignalboxError) return;
      await persist(deps, () => settle(runId, item, entry, outcome));
    } catch (error) {
      if (isLost(error)) {
        log.warn({ runId, code: error.code }, `outcome of the undo discarded: ${error.message}`);
        return;
      }
      log.error({ err: error, runId }, 'the undo could not be carried out');
      await settle(runId, item, null, {
        ok: false,
        failure: { ...failureOf(error), retryable: false },
        durationMs: 0,
      }).catch(() => {});
    }
  }

  /** The undo is the failing run's, the command that of the run whose step it undoes. */
  function accessOf(run: LiveRun, entry: UndoEntry, token: string): EntityAccess {
    const fence = { runId: run.header.id, epoch: run.state.epoch };
    return deps.entities.of({ runId: entry.run.header.id, fence, token });
  }

  async function carryOut(
    entry: UndoEntry,
    attempt: number,
    signal: AbortSignal,
    entities: EntityAccess,
  ): Promise<AttemptOutcome> {
    const node = entry.run.definition.index.nodes.get(entry.completed.step);
    if (node?.kind === 'map') return undoItems(entry, attempt, signal, entities);
    if (node?.kind !== 'task')
      return failed('NotUndoable', `Step "${entry.path}" has nothing that undoes it`);
    const call = callOf(node, entry.completed);
    return undoTask(
      entry,
      entry.path,
      node,
      call,
      resolveWiring(node.input, readerOf(entry.run)),
      entry.completed.output,
      attempt,
      signal,
      entities,
    );
  }

  async function undoTask(
    entry: UndoEntry,
    path: string,
    node: TaskStep,
    call: TaskCall,
    input: unknown,
    stored: Json | undefined,
    attempt: number,
    signal: AbortSignal,
    entities: EntityAccess,
  ): Promise<AttemptOutcome> {
    if (call.compensate === 'irreversible')
      return failed('Irreversible', `Step "${path}" cannot be undone: it is declared irreversible`);
    const task = entry.run.definition.bindings.tasks.get(call.task);
    if (task?.undo == null)
      return failed('NotUndoable', `Task "${call.task}" has no handler that undoes it`);
    const output =
      node.tolerate === undefined
        ? stored
        : ((stored as { value?: Json } | undefined)?.value ?? null);
    deps.scopes.enter(task, entry.run.header.id, entry.by);
    return deps.executor.undo({
      task,
      timeoutMs: call.undo?.timeoutMs,
      signal,
      context: {
        input,
        output: task.output.restore(output ?? null),
        attempt,
        startedAtMs: deps.clock.nowMs(),
        idempotencyKey: undoKey(entry.run.header.id, path, entry.run.state.generation),
        log: log.child({ runId: entry.run.header.id, step: path, attempt, undo: true }),
        run: runInfo(entry.run),
        entities,
      },
    });
  }

  /** Items that completed, newest first, their tasks in reverse order; each is marked, so that neither a crash nor a retry repeats one. */
  async function undoItems(
    entry: UndoEntry,
    attempt: number,
    signal: AbortSignal,
    entities: EntityAccess,
  ): Promise<AttemptOutcome> {
    const { run, completed } = entry;
    const node = run.definition.index.nodes.get(completed.step);
    if (node?.kind !== 'map') return failed('NotUndoable', `Step "${entry.path}" is no map`);
    const rows: ItemRow[] = [];
    for await (const row of readItems(deps.store, run, node.id)) rows.push(row);
    const ordered = rows
      .filter(({ state }) => Object.keys(state.results).length > 0)
      .sort((a, b) => (b.state.order ?? 0) - (a.state.order ?? 0));
    // One that may pass decides whether the map is tried again; what has failed for good is reported in the end.
    let passing: AttemptOutcome | null = null;
    let failure: AttemptOutcome | null = null;
    for (const row of ordered) {
      const { state } = row;
      const undone = new Set(state.undone ?? []);
      for (const part of [...node.body].reverse()) {
        if (
          part.kind !== 'task' ||
          part.call.compensate === 'none' ||
          undone.has(part.id) ||
          !Object.hasOwn(state.results, part.id)
        )
          continue;
        const path = `${entry.path}/${row.index}/${part.id}`;
        const { maxAttempts } = part.call.undo?.retry ?? onceOnly;
        if (attempt > maxAttempts) {
          failure ??= failed('NotUndone', `"${path}" was not undone in ${maxAttempts} attempts`);
          continue;
        }
        const read = itemReader(run, node, state);
        const outcome = await undoTask(
          entry,
          path,
          part,
          part.call,
          resolveWiring(part.input, read),
          state.results[part.id],
          attempt,
          signal,
          entities,
        );
        if (!outcome.ok) {
          const canBeRetried = outcome.failure.retryable && attempt < maxAttempts;
          if (canBeRetried) passing ??= outcome;
          else failure ??= outcome;
          continue;
        }
        undone.add(part.id);
        const fence = { runId: run.header.id, epoch: run.state.epoch };
        const marked = { ...row, state: { ...row.state, undone: [...undone] } };
        if (!(await persist(deps, () => deps.store.saveItems([marked], fence))))
          throw new SignalboxError(
            'LEASE_LOST',
            `Run "${fence.runId}" is another process's now; it goes on with the undo of its map`,
            { details: { runId: fence.runId } },
          );
      }
    }
    return passing ?? failure ?? { ok: true, output: null, durationMs: 0 };
  }

  async function settle(
    runId: string,
    item: Extract<OpenItem, { kind: 'undo' }>,
    entry: UndoEntry | null,
    outcome: AttemptOutcome,
  ): Promise<void> {
    const run = await runs.own(runId);
    if (run === null) return;
    const step = entry?.path ?? 'undo';
    const policy = entry === null ? onceOnly : policyOf(entry);
    await runs.change(run, (draft) => {
      if (!run.open.some((open) => open.kind === 'undo' && open.token === item.token)) return;
      closeItems(draft, (open) => open.kind === 'undo' && open.token === item.token);
      const base = {
        actor: 'signalbox',
        step,
        attempt: item.attempt,
        durationMs: Math.round(outcome.durationMs),
      };
      if (outcome.ok) {
        log.info({ runId, step }, 'compensated');
        for (const child of entry?.children ?? []) tellChild(draft, child);
        applyEvent(draft, {
          ...base,
          event: { type: 'undo.completed' },
          settles: { value: undefined, output: null },
        });
        return;
      }
      const failure = {
        step,
        name: outcome.failure.name,
        message: outcome.failure.message,
        retryable: outcome.failure.retryable,
      };
      const delayMs = failure.retryable
        ? nextDelayMs(policy, item.attempt, draft.tools.random(), outcome.failure.retryAfterMs)
        : null;
      log.warn(
        { runId, step, failure, delayMs },
        delayMs === null
          ? 'compensation failed'
          : `compensation failed, retrying in ${delayMs / 1000}s`,
      );
      applyEvent(draft, {
        ...base,
        event: { type: 'undo.failed', failure, maxAttempts: policy.maxAttempts },
        error: toError(failure),
        ...(delayMs === null ? { isFinalFailure: true } : { delayMs }),
      });
    });
  }

  /** A child stays complete; it only learns who undid what it had done. */
  function tellChild(draft: Draft, child: LiveRun): void {
    const { id } = draft.run.header;
    draft.messages.push({
      id: `${child.header.id}/compensated/${draft.run.state.generation}`,
      runId: child.header.id,
      kind: 'compensated',
      atMs: draft.tools.nowMs,
      body: { by: id, actor: `run:${id}` },
    });
  }

  async function preview(runId: string): Promise<readonly UndoStep[]> {
    const run = await runs.loadNewest(runId);
    const entries = await undoList(run, '', [], runId);
    return entries.map((entry) => {
      const { path, run: doer, completed } = entry;
      const failed = run.notUndone.find(({ step }) => step === path);
      const resolved = run.resolved.find(({ step }) => step === path);
      const state = run.undone.includes(path)
        ? 'undone'
        : resolved !== undefined
          ? 'resolved'
          : (obstacleOf(entry) ?? (failed === undefined ? 'open' : 'failed'));
      const reason = resolved?.reason ?? failed?.reason ?? null;
      return { step: path, runId: doer.header.id, seq: completed.seq, state, reason };
    });
  }

  /** Retries under way: who asks again meanwhile gets the same one. */
  const retries = new Map<string, Promise<void>>();

  function retry(runId: string, given: ByHand): Promise<void> {
    const key = JSON.stringify([runId, given.step]);
    const known = retries.get(key);
    if (known !== undefined) return known;
    const retrying = retryOnce(runId, given).finally(() => retries.delete(key));
    retries.set(key, retrying);
    return retrying;
  }

  async function retryOnce(runId: string, given: ByHand): Promise<void> {
    const run = await ownedRun(runId);
    assertNotUndone(run, given.step);
    const entry = (await undoList(run, '', [], runId)).find(({ path }) => path === given.step);
    if (entry === undefined || obstacleOf(entry) !== null)
      throw new SignalboxError(
        'NOT_UNDONE',
        `Nothing can undo "${given.step}" of run "${runId}" by itself: ${entry === undefined ? 'nobody knows what it did' : 'it has no undo'}`,
        {
          details: { runId, step: given.step },
          hint: 'Undo it by hand, and say so: resolve it with a reason',
        },
      );
    const token = deps.ids.token();
    const abort = new AbortController();
    inFlight.set(token, { runId, step: 'undo', abort, details: null, isRunning: true });
    try {
      const access = deps.entities.of({
        runId: entry.run.header.id,
        fence: { runId, epoch: run.state.epoch },
        token: null,
      });
      const outcome = await carryOut(entry, 1, abort.signal, access);
      await persist(deps, () => settleRetry(runId, given, entry, outcome));
      if (!outcome.ok)
        throw new SignalboxError(
          'NOT_UNDONE',
          `"${given.step}" of run "${runId}" could not be undone: ${outcome.failure.message}`,
          { details: { runId, step: given.step, failure: outcome.failure } },
        );
    } finally {
      inFlight.delete(token);
      deps.scopes.settle(run);
    }
  }

  async function settleRetry(
    runId: string,
    given: ByHand,
    { children }: UndoEntry,
    outcome: AttemptOutcome,
  ): Promise<void> {
    await runs.change(await ownedRun(runId), (draft) => {
      assertNotUndone(draft.run, given.step);
      if (outcome.ok) for (const child of children) tellChild(draft, child);
      const { name, message, retryable } = outcome.ok ? noFailure : outcome.failure;
      const error = { step: given.step, name, message, retryable };
      noteRetriedUndo(draft, given, Math.round(outcome.durationMs), outcome.ok ? null : error);
    });
  }

  async function ownedRun(runId: string): Promise<LiveRun> {
    const run = await runs.own(runId);
    if (run !== null) return run;
    throw new SignalboxError('RUN_CONFLICT', `Another process holds run "${runId}" now`, {
      details: { runId },
    });
  }

  return { start, preview, retry };
}

const noFailure = { name: '', message: '', retryable: false };

/** `null` if something can undo it. */
function obstacleOf({ run, completed }: UndoEntry): 'irreversible' | 'without_undo' | null {
  const node = run.definition.index.nodes.get(completed.step);
  if (node?.kind === 'map') return null;
  if (node?.kind !== 'task') return 'without_undo';
  const { compensate, task } = callOf(node, completed);
  if (compensate === 'irreversible') return 'irreversible';
  return run.definition.bindings.tasks.get(task)?.undo == null ? 'without_undo' : null;
}

function failed(name: string, message: string): AttemptOutcome {
  return { ok: false, failure: { name, message, retryable: false, unclear: false }, durationMs: 0 };
}

function callOf(node: TaskStep, completed: Completed): TaskCall {
  return completed.fallback && node.fallback !== undefined ? node.fallback : node.call;
}

function policyOf(entry: UndoEntry): RetryPolicy {
  const node = entry.run.definition.index.nodes.get(entry.completed.step);
  if (node?.kind === 'map') return longestOf(node);
  if (node?.kind !== 'task') return onceOnly;
  return callOf(node, entry.completed).undo?.retry ?? onceOnly;
}

/** A map is undone as often as the most patient of its tasks. */
function longestOf(node: MapStep): RetryPolicy {
  return node.body
    .map((part) => (part.kind === 'task' ? (part.call.undo?.retry ?? onceOnly) : onceOnly))
    .reduce((longest, one) => (one.maxAttempts > longest.maxAttempts ? one : longest), onceOnly);
}
