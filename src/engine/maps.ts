/** Dynamic fan-out: items are rows of the store, worked on side by side, each recorded when it ends, none of them in chart or snapshot. */
import { SignalboxError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import { copyJson } from '../plan/json-value.ts';
import type { MapStep, TaskStep } from '../plan/plan.ts';
import { nextDelayMs } from '../plan/retry-policy.ts';
import { resolveWiring } from '../plan/wiring.ts';
import type { AttemptFailure } from '../ports/executor.ts';
import type { MapItem } from '../ports/store.ts';
import { applyEvent } from './apply.ts';
import { refusalOf } from './breakers.ts';
import { canonical } from './canonical.ts';
import { closeItems } from './draft.ts';
import { execute } from './execution.ts';
import { toError } from './failure-data.ts';
import { holdBack, isHeld } from './hold-back.ts';
import type { Incoming } from './incoming.ts';
import { createItemWriter, type ItemWriter } from './item-writer.ts';
import { idempotencyKey } from './keys.ts';
import { type LiveRun, readerOf } from './live-run.ts';
import { type ItemState, itemReader, itemValues, readItems } from './map-items.ts';
import { isLost, persist } from './persist.ts';
import { isQuarantined, quarantined } from './recovery.ts';
import type { OpenItem } from './run-body.ts';
import type { WorkDeps } from './work-deps.ts';

type MapOpen = Extract<OpenItem, { kind: 'map' }>;

export interface Maps {
  start(run: LiveRun, step: string): void;
  /** Starts no further item; what runs ends. */
  stop(runId: string, step: string): void;
  /** As `stop` for the maps of all runs that are held now; they go on with the run. */
  hold(): void;
}

interface Pass {
  readonly run: LiveRun;
  readonly node: MapStep;
  readonly open: MapOpen;
  readonly writer: ItemWriter;
  readonly abort: AbortController;
  /** Nothing more begins, not even the next attempt of an item; what runs ends. */
  readonly halt: AbortController;
  isStopping: boolean;
  /** Its run is held: the rest of the items waits. */
  isHeld: boolean;
  order: number;
  failure: { readonly index: number; readonly failure: AttemptFailure } | null;
}

export function createMaps(deps: WorkDeps): Maps {
  const { runs, inFlight, log, store, clock } = deps;
  const passes = new Map<string, Pass>();

  function start(run: LiveRun, step: string): void {
    const open = run.open.find(
      (item): item is MapOpen => item.kind === 'map' && item.step === step,
    );
    const node = run.definition.index.nodes.get(step);
    if (
      open === undefined ||
      node?.kind !== 'map' ||
      open.held === true ||
      run.state.pausedAtMs !== null ||
      inFlight.has(open.token)
    )
      return;
    const abort = new AbortController();
    inFlight.set(open.token, { runId: run.header.id, step, abort, details: null, isRunning: true });
    const writer = createItemWriter(deps, { runId: run.header.id, epoch: run.state.epoch });
    const pass: Pass = {
      run,
      node,
      open,
      writer,
      abort,
      halt: new AbortController(),
      isStopping: open.stopping,
      isHeld: false,
      order: 0,
      failure: null,
    };
    passes.set(open.token, pass);
    if (isHeld(deps, run)) hold(pass);
    void work(pass)
      .finally(() => {
        inFlight.delete(open.token);
        passes.delete(open.token);
      })
      .then((outcome) =>
        outcome === 'held'
          ? persist(deps, () => holdBack(deps, run.header.id, open.token, true))
          : undefined,
      )
      .catch((error: unknown) =>
        log.warn({ err: error, runId: run.header.id, step }, 'the map waits to be taken up again'),
      );
  }

  function hold(pass: Pass): void {
    pass.isHeld = true;
    pass.halt.abort();
  }

  async function work(pass: Pass): Promise<'held' | void> {
    const { run, node } = pass;
    try {
      const items = itemsOf(pass);
      const states = await recalled(pass, items);
      if (isQuarantined(pass.open, deps.settings)) {
        const failure = quarantined(`map "${node.id}"`, pass.open);
        log.error({ runId: run.header.id, step: node.id, failure }, 'run quarantined');
        return await settle(pass, () => failing(pass, failure, hasCompleted(states)));
      }
      await workers(pass, items, states);
      await pass.writer.flush();
      if (pass.abort.signal.reason instanceof SignalboxError) return;
      if (pass.isHeld && !isOver(pass) && !haveEnded(states, items.length)) return 'held';
      await settle(pass, () => ending(pass, items.length, states));
    } catch (error) {
      if (isLost(error) || pass.abort.signal.reason instanceof SignalboxError) {
        log.warn(
          { runId: run.header.id, step: node.id },
          'the map goes on in another process, or at the next start',
        );
        return;
      }
      log.error(
        { err: error, runId: run.header.id, step: node.id },
        'the map could not be carried out',
      );
      await settle(pass, () => failing(pass, failureOf(error), false)).catch((lost: unknown) => {
        log.error(
          { err: lost, runId: run.header.id, step: node.id },
          'the failed map could not be recorded',
        );
      });
    }
  }

  /** The list, in batches if the map wants them. */
  function itemsOf(pass: Pass): readonly Json[] {
    const { run, node } = pass;
    const value = resolveWiring(node.items, readerOf(run));
    if (!Array.isArray(value)) {
      throw new SignalboxError(
        'INPUT_INVALID',
        `Map "${node.id}" needs a list and got ${value === undefined ? 'undefined' : value === null ? 'null' : typeof value}`,
      );
    }
    const plain = copyJson(value);
    if (!plain.ok || !Array.isArray(plain.value))
      throw new SignalboxError(
        'VALUE_NOT_SERIALISABLE',
        `The list of map "${node.id}" holds a value JSON cannot carry`,
      );
    const list: readonly Json[] = plain.value;
    const { batch } = node;
    const items =
      batch === undefined
        ? list
        : Array.from({ length: Math.ceil(list.length / batch) }, (_, index) =>
            list.slice(index * batch, (index + 1) * batch),
          );
    if (items.length > store.limits.mapItems) {
      throw new SignalboxError(
        'MAP_TOO_LARGE',
        `Map "${node.id}" has ${items.length} items; the ${store.kind} store keeps at most ${store.limits.mapItems}`,
        {
          hint: 'Use batches, or a store with a higher limit',
        },
      );
    }
    return items;
  }

  /** Rows of earlier passes; one that was at work when its process died is done again, unless that may not be repeated. */
  async function recalled(pass: Pass, items: readonly Json[]): Promise<Map<number, ItemState>> {
    const { run, node, open } = pass;
    const states = new Map<number, ItemState>();
    const inDoubt: MapItem[] = [];
    for await (const row of readItems(store, run, node.id)) {
      const state = row.state as unknown as ItemState;
      pass.order = Math.max(pass.order, state.order ?? 0);
      if (row.status === 'failed' && state.pass !== open.token) {
        const { failure: _failure, pass: _pass, attempting: _attempting, ...again } = state;
        states.set(row.index, { ...again, attempts: 0, retryAtMs: null });
      } else states.set(row.index, state);
      if (state.attempting !== undefined && row.status === 'running') {
        const unclear = failedState(pass, state, {
          name: 'OutcomeUnknownError',
          message: `Nobody knows whether "${state.attempting}" took effect before the process died`,
          retryable: false,
          unclear: true,
        });
        states.set(row.index, unclear);
        inDoubt.push(toRow(pass, unclear, 'failed'));
      }
    }
    await Promise.all(inDoubt.map((row) => pass.writer.write(row)));
    for (const index of states.keys()) if (index >= items.length) states.delete(index);
    for (const { index, failure } of states.values())
      if (failure !== undefined) failMap(pass, index, failure as unknown as AttemptFailure);
    return states;
  }

  /**
   * Items begin in order, and what was at work when a process died is on nobody's record: it is among the first that have not ended. Those are done
   * again even if the map has failed or is stopped, so that what they did is known and undone.
   */
  async function workers(
    pass: Pass,
    items: readonly Json[],
    states: Map<number, ItemState>,
  ): Promise<void> {
    let next = 0;
    const take = (): number | null => {
      while (next < items.length && !pass.isHeld) {
        const index = next;
        next += 1;
        const state = states.get(index);
        const hasEnded = state?.output !== undefined || state?.failure !== undefined;
        // One that waited for its next attempt was not at work; once the map is over, it is left alone.
        const isLeft = isOver(pass) && (state?.retryAtMs ?? 0) > clock.nowMs();
        if (!hasEnded && !isLeft) return index;
      }
      return null;
    };
    let unclear = isOver(pass) ? unaccounted(pass, states) : 0;
    const begins = () => {
      if (!isOver(pass)) return true;
      unclear -= 1;
      return unclear >= 0 && !pass.abort.signal.aborted;
    };
    const worker = async (): Promise<void> => {
      for (let index = take(); index !== null && begins(); index = take()) {
        const known = states.get(index) ?? {
          index,
          item: items[index] ?? null,
          results: {},
          attempts: 0,
          retryAtMs: null,
        };
        states.set(index, await workOn(pass, known));
      }
    };
    await Promise.all(
      Array.from({ length: Math.min(pass.node.concurrency, Math.max(1, items.length)) }, worker),
    );
  }

  /** One item to its end: its tasks in order, each result recorded before the next begins. */
  async function workOn(pass: Pass, known: ItemState): Promise<ItemState> {
    const { node } = pass;
    let state = known;
    try {
      const tasks = node.body.filter((part) => part.kind === 'task');
      for (const task of tasks) {
        if (Object.hasOwn(state.results, task.id)) continue;
        state = await runTask(pass, task, state, async (after) => {
          state = after;
          if (task !== tasks.at(-1)) await pass.writer.write(toRow(pass, after, 'running'));
          return task === tasks.at(-1) ? complete(pass, after) : after;
        });
        if (!Object.hasOwn(state.results, task.id) || pass.abort.signal.aborted) return state;
      }
      return state.output === undefined ? await complete(pass, state) : state;
    } catch (error) {
      if (isLost(error)) throw error;
      return fail(pass, state, { ...failureOf(error), retryable: false });
    }
  }

  /** All its tasks have completed: what it yields is computed and recorded. */
  async function complete(pass: Pass, state: ItemState): Promise<ItemState> {
    const { run, node } = pass;
    const values = itemValues(run, node, state);
    const output = copyJson(
      resolveWiring(node.yields, itemReader(run, { ...state, values })) ?? null,
    );
    if (!output.ok)
      throw new SignalboxError(
        'VALUE_NOT_SERIALISABLE',
        `Item ${state.index} of map "${node.id}" yields a value JSON cannot carry`,
      );
    pass.order += 1;
    const completed = {
      ...state,
      output: output.value,
      order: pass.order,
      attempts: 0,
      retryAtMs: null,
    };
    await pass.writer.write(toRow(pass, completed, 'complete'));
    return completed;
  }

  /** A task to its end, or until nothing more begins. A success is recorded before its place is free: closing waits for it. */
  async function runTask(
    pass: Pass,
    task: TaskStep,
    before: ItemState,
    record: (after: ItemState) => Promise<ItemState>,
  ): Promise<ItemState> {
    const { run, node, abort } = pass;
    const binding = run.definition.bindings.tasks.get(task.call.task);
    if (binding === undefined)
      throw new SignalboxError('DEFINITION_MISSING', `Task "${task.call.task}" is not registered`);
    const path = `${node.id}/${before.index}/${task.id}`;
    let state = before;
    while (true) {
      if (state.retryAtMs !== null) {
        await delay(state.retryAtMs - clock.nowMs(), [abort.signal, pass.halt.signal]);
        if (pass.halt.signal.aborted) return state;
      }
      if (abort.signal.aborted) return state;
      const attempt = state.attempts + 1;
      const input = resolveWiring(
        task.input,
        itemReader(run, { ...state, values: itemValues(run, node, state) }),
      );
      const bound = log.child({ runId: run.header.id, step: path, attempt });
      const current = state;
      const by = `${run.header.id}/${path}/${pass.open.token}`;
      const { outcome, after, untilMs } = await dispatched(pass, task, attempt, async () => {
        if (pass.isHeld) return { outcome: null, after: current, untilMs: clock.nowMs() };
        const refused = await refusalOf(deps, task.call, by);
        if (refused !== null) return { ...refused, after: current };
        if (task.call.repeat === 'unsafe')
          await pass.writer.write(toRow(pass, { ...current, attempting: task.id }, 'running'));
        const outcome = await execute(deps, run, {
          task: binding,
          call: task.call,
          input,
          step: path,
          path,
          attempt,
          token: pass.open.token,
          idempotencyKey: idempotencyKey(run.header.id, path, run.state.generation),
          by,
          signal: abort.signal,
          log: bound,
          onHeartbeat: () => {},
        });
        if (!outcome.ok) return { outcome, after: current };
        const results = { ...current.results, [task.id]: outcome.output };
        return {
          outcome,
          after: await record({ ...current, results, attempts: 0, retryAtMs: null }),
        };
      });
      if (outcome === null) {
        state = { ...state, retryAtMs: untilMs };
        await pass.writer.write(toRow(pass, state, 'running'));
        continue;
      }
      // Cut off by closing: nobody judges it, the next process does it again or asks.
      if (outcome.ok || abort.signal.reason instanceof SignalboxError) return after;
      const delayMs =
        outcome.failure.retryable &&
        !pass.isStopping &&
        (pass.isHeld || !pass.halt.signal.aborted) &&
        !(outcome.failure.unclear && task.call.repeat === 'unsafe')
          ? nextDelayMs(task.call.retry, attempt, deps.ids.random(), outcome.failure.retryAfterMs)
          : null;
      if (delayMs === null) return fail(pass, state, outcome.failure);
      bound.warn(
        { failure: outcome.failure, delayMs },
        `retrying in ${delayMs / 1000}s (attempt ${attempt + 1}/${task.call.retry.maxAttempts})`,
      );
      state = { ...state, attempts: attempt, retryAtMs: clock.nowMs() + delayMs };
      await pass.writer.write(toRow(pass, state, 'running'));
    }
  }

  /** Items share the queues with everything else. */
  function dispatched<T>(
    pass: Pass,
    task: TaskStep,
    attempt: number,
    run: () => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      deps.dispatch(pass.run, {
        id: `${pass.open.token}/${task.id}/${attempt}`,
        queue: task.call.queue,
        priority: task.call.priority ?? pass.run.header.priority,
        run: () => run().then(resolve, reject),
      });
    });
  }

  async function fail(pass: Pass, state: ItemState, failure: AttemptFailure): Promise<ItemState> {
    const failed = failedState(pass, state, failure);
    await pass.writer.write(toRow(pass, failed, 'failed'));
    log.warn(
      { runId: pass.run.header.id, step: pass.node.id, index: state.index, failure },
      'item failed',
    );
    failMap(pass, state.index, failure);
    return failed;
  }

  /** The first item that fails is the failure of the map, unless failures are collected. */
  function failMap(pass: Pass, index: number, failure: AttemptFailure): void {
    if (pass.node.onItemFailure !== 'fail') return;
    pass.failure ??= { index, failure };
    pass.halt.abort();
  }

  function delay(delayMs: number, signals: readonly AbortSignal[]): Promise<void> {
    return new Promise((resolve) => {
      const over = () => {
        cancel();
        for (const signal of signals) signal.removeEventListener('abort', over);
        resolve();
      };
      const cancel = clock.after(Math.max(0, delayMs), over);
      for (const signal of signals) signal.addEventListener('abort', over);
      if (signals.some((signal) => signal.aborted)) over();
    });
  }

  function ending(pass: Pass, count: number, states: ReadonlyMap<number, ItemState>): Incoming {
    const { node } = pass;
    if (pass.failure !== null && node.onItemFailure === 'fail') {
      const { index, failure } = pass.failure;
      return failing(
        pass,
        { ...failure, message: `Item ${index}: ${failure.message}` },
        hasCompleted(states),
      );
    }
    if (pass.isStopping || pass.abort.signal.aborted) {
      const stopped: AttemptFailure = {
        name: 'Stopped',
        message: `Map "${node.id}" was stopped`,
        retryable: false,
        unclear: false,
      };
      return failing(pass, stopped, hasCompleted(states));
    }
    const output = collected(node, count, states);
    const bytes = Buffer.byteLength(canonical(output));
    if (bytes > deps.settings.maxPayloadBytes) {
      const error = new SignalboxError(
        'PAYLOAD_TOO_LARGE',
        `The results of map "${node.id}" have ${bytes} bytes; at most ${deps.settings.maxPayloadBytes} are kept`,
      );
      return failing(pass, { ...failureOf(error), name: 'PayloadTooLarge' }, hasCompleted(states));
    }
    return {
      event: { type: `${node.id}.completed`, undo: undoable(node) && hasCompleted(states) ? 1 : 0 },
      actor: 'signalbox',
      step: node.id,
      settles: { value: output, output },
    };
  }

  function failing(pass: Pass, failure: AttemptFailure, someCompleted: boolean): Incoming {
    const summary = {
      step: pass.node.id,
      name: failure.name,
      message: failure.message,
      retryable: false,
    };
    return {
      event: {
        type: `${pass.node.id}.failed`,
        failure: summary,
        undo: undoable(pass.node) && someCompleted ? 1 : 0,
      },
      actor: 'signalbox',
      step: pass.node.id,
      error: toError({
        ...summary,
        ...(failure.cause === undefined ? {} : { cause: failure.cause }),
      }),
      isFinalFailure: true,
    };
  }

  async function settle(pass: Pass, ended: () => Incoming): Promise<void> {
    const run = await runs.own(pass.run.header.id);
    if (
      run === null ||
      !run.open.some((item) => item.kind === 'map' && item.token === pass.open.token)
    )
      return;
    await runs.change(run, (draft) => {
      closeItems(draft, (item) => item.kind === 'map' && item.token === pass.open.token);
      applyEvent(draft, ended());
    });
  }

  return {
    start,
    stop(runId, step) {
      for (const pass of passes.values())
        if (pass.run.header.id === runId && pass.node.id === step) {
          pass.isStopping = true;
          pass.halt.abort();
        }
    },
    hold() {
      for (const pass of passes.values()) if (isHeld(deps, pass.run)) hold(pass);
    },
  };
}

function isOver({ isStopping, abort, failure, node }: Pass): boolean {
  return isStopping || abort.signal.aborted || (failure !== null && node.onItemFailure === 'fail');
}

function haveEnded(states: ReadonlyMap<number, ItemState>, count: number): boolean {
  const ended = [...states.values()].filter(
    ({ output, failure }) => output !== undefined || failure !== undefined,
  );
  return ended.length === count;
}

function failedState(pass: Pass, state: ItemState, failure: AttemptFailure): ItemState {
  return { ...state, failure: { ...failure, attempts: state.attempts + 1 }, pass: pass.open.token };
}

function toRow(pass: Pass, state: ItemState, status: MapItem['status']): MapItem {
  const { values: _values, ...stored } = state;
  return {
    runId: pass.run.header.id,
    generation: pass.run.state.generation,
    step: pass.node.id,
    index: state.index,
    status,
    state: stored,
  };
}

function hasCompleted(states: ReadonlyMap<number, ItemState>): boolean {
  return [...states.values()].some((state) => Object.keys(state.results).length > 0);
}

/** Items that may have been at work when an earlier process died. An unsafe one is on record. */
function unaccounted({ node, open }: Pass, states: ReadonlyMap<number, ItemState>): number {
  const isSafe = node.body.every((part) => part.kind !== 'task' || part.call.repeat === 'safe');
  if ((open.dispatches ?? 1) === 1 || !isSafe) return 0;
  // Whoever's item has failed takes no other.
  const failed = [...states.values()].filter((state) => state.pass === open.token);
  return Math.max(0, node.concurrency - failed.length);
}

function undoable(node: MapStep): boolean {
  return node.body.some((part) => part.kind === 'task' && part.call.compensate !== 'none');
}

function collected(node: MapStep, count: number, states: ReadonlyMap<number, ItemState>): Json {
  const ordered = Array.from({ length: count }, (_, index) => states.get(index)).filter(
    (state) => state !== undefined,
  );
  if (node.onItemFailure === 'fail') return ordered.map((state) => state.output ?? null);
  return {
    complete: ordered.flatMap((state) =>
      state.output === undefined
        ? []
        : [{ index: state.index, item: state.item, value: state.output }],
    ),
    failed: ordered.flatMap((state) =>
      state.failure === undefined
        ? []
        : [{ index: state.index, item: state.item, failure: withoutInternals(state.failure) }],
    ),
  };
}

function withoutInternals(failure: JsonObject): JsonObject {
  const { unclear: _unclear, ...shown } = failure;
  return shown;
}
