/** The engine: decides purely, commits once, then acts. Everything it touches comes in through ports. */
import { isTerminal } from '../chart/lifecycle.ts';
import { SignalboxError } from '../errors.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { Clock } from '../ports/clock.ts';
import type { Dispatcher } from '../ports/dispatcher.ts';
import type { Executor } from '../ports/executor.ts';
import type { Ids } from '../ports/ids.ts';
import type { Logger } from '../ports/logger.ts';
import type {
  BreakerRecord,
  DamagedRun,
  ExportedRun,
  HistoryEntry,
  Message,
  PruneQuery,
  RunCommit,
  RunQuery,
  Store,
} from '../ports/store.ts';
import { createAttempts, type WorkDeps } from './attempts.ts';
import { createBreakers } from './breakers.ts';
import { digest } from './canonical.ts';
import { type Catalogue, createCatalogue, type WorkflowSource } from './catalogue.ts';
import { createCommitQueue } from './commit-queue.ts';
import { createCourier } from './courier.ts';
import { annotate, type Command, type Draft } from './draft.ts';
import { fireDue, fireReminders } from './due.ts';
import { type ChainFault, genesisHash, verifyEntry } from './history-entry.ts';
import type { LiveRun } from './live-run.ts';
import { createMaps } from './maps.ts';
import { createNotices } from './notices.ts';
import { adopt, orphansOf } from './recovery.ts';
import { handleRequest, RunRequest } from './requests.ts';
import type { OpenItem } from './run-body.ts';
import { createRunTable, notFound } from './run-table.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { assertSize, begin, createRun, parseInput, type StartOptions } from './start.ts';
import { createUndoing } from './undo.ts';
import { type Explanation, explainRun, type RunView, toHistoryView, toView } from './views.ts';
import { createWaker } from './waker.ts';

export interface EngineOptions {
  readonly workflows: readonly WorkflowSource[];
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly executor: Executor;
  readonly settings?: Partial<Settings>;
}

export interface Started {
  readonly runId: string;
  /** `false`: an earlier start with the same key made the run. */
  readonly created: boolean;
}

/** A step of a run's life, told after it is durable. */
export interface RunEvent {
  readonly runId: string;
  readonly workflow: string;
  readonly status: RunView['status'];
  readonly entry: HistoryEntry;
}

export interface ChainReport {
  readonly runId: string;
  readonly entries: number;
  readonly fault: ChainFault | null;
}

export type ListQuery = Partial<RunQuery>;
export type Requested<K extends RunRequest['kind']> = Omit<
  Extract<RunRequest, { kind: K }>,
  'kind'
>;

export interface Engine {
  readonly catalogue: Catalogue;
  start(workflow: string, input: unknown, options: StartOptions): Promise<Started>;
  request(runId: string, request: RunRequest): Promise<JsonObject>;
  publish(
    event: string,
    payload: unknown,
    options: { readonly id: string; readonly actor: string },
  ): Promise<void>;
  get(runId: string): Promise<RunView>;
  explain(runId: string): Promise<Explanation>;
  list(
    query: ListQuery,
  ): Promise<{ readonly runs: readonly RunView[]; readonly cursor: string | null }>;
  history(
    runId: string,
    page: { readonly afterSeq?: number; readonly limit?: number },
  ): Promise<readonly HistoryEntry[]>;
  output(runId: string): Promise<Json>;
  verify(runId: string): Promise<ChainReport>;
  drive(runId: string, until: 'waiting' | 'finished'): Promise<RunView>;
  subscribe(listener: (event: RunEvent) => void, runId?: string): () => void;
  breakers(): Promise<readonly BreakerRecord[]>;
  damaged(): Promise<readonly DamagedRun[]>;
  prune(query: PruneQuery): Promise<readonly string[]>;
  export(): AsyncIterable<ExportedRun>;
  sweep(): Promise<void>;
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Opens for work: takes up what an earlier process left before it returns. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { store, clock, ids, dispatcher, executor } = options;
  const log = options.logger;
  const settings: Settings = { ...defaultSettings, ...options.settings };
  const owner = ids.token();
  const catalogue = createCatalogue(options.workflows, store);
  const queue = createCommitQueue(store);
  const listeners = new Set<{
    readonly runId: string | undefined;
    readonly listener: (event: RunEvent) => void;
  }>();
  const inFlight: WorkDeps['inFlight'] = new Map();
  const unreadable = new Set<string>();
  const savedPlans = new Set<string>();
  let closing: Promise<void> | null = null;
  let sweeping: Promise<void> | null = null;

  const runs = createRunTable({
    store,
    queue,
    catalogue,
    clock,
    ids,
    log,
    settings,
    owner,
    onCommitted(run, commit, commands) {
      announce(run, commit);
      if (commit.state.dueAtMs !== null) waker.at(commit.state.dueAtMs);
      if (closing === null) act(run, commands);
      if (commit.messages.length > 0) carry(commit.messages);
    },
    onDropped(runId) {
      for (const attempt of inFlight.values())
        if (attempt.runId === runId)
          attempt.abort.abort(
            new SignalboxError('LEASE_LOST', `Run "${runId}" is no longer this process's`),
          );
    },
  });
  const breakers = createBreakers(store, clock, log);
  const deps: WorkDeps = {
    store,
    queue,
    catalogue,
    clock,
    ids,
    log,
    settings,
    owner,
    runs,
    dispatcher,
    executor,
    breakers,
    inFlight,
    cutOff: new Set(),
    isClosed: () => closing !== null,
  };
  const attempts = createAttempts(deps);
  const undoing = createUndoing(deps);
  const maps = createMaps(deps);
  const notices = createNotices(deps);
  const courier = createCourier({
    ...deps,
    perform,
    async startRun(id, { name, version }, input, startOptions, parent, depth) {
      const workflow =
        version === null
          ? catalogue.newest(name)
          : (catalogue.find(name, version) ?? catalogue.newest(name));
      await launch(id, workflow, input, startOptions, parent, depth);
    },
  });
  const waker = createWaker(
    clock,
    store.shared ? settings.pollMs : settings.maxSleepMs,
    () => void sweep(),
  );
  let stopRenewing = store.shared ? renewLater() : () => {};

  // --- after a commit ----------------------------------------------------------------------------------------------------------------

  function announce(run: LiveRun, commit: RunCommit): void {
    for (const entry of commit.history)
      log.debug(
        {
          runId: run.header.id,
          event: entry.event,
          from: entry.from,
          to: entry.to,
          step: entry.step,
          attempt: entry.attempt,
        },
        'transition',
      );
    if (listeners.size === 0) return;
    for (const entry of commit.history) {
      const event: RunEvent = {
        runId: run.header.id,
        workflow: run.header.workflow,
        status: entry.to,
        entry: toHistoryView(entry, run.definition.plan),
      };
      for (const { runId, listener } of listeners) {
        if (runId !== undefined && runId !== run.header.id) continue;
        try {
          listener(event);
        } catch (error) {
          log.error(
            { err: error, runId: run.header.id },
            'a listener threw; the run is not affected',
          );
        }
      }
    }
  }

  function act(run: LiveRun, commands: readonly Command[]): void {
    for (const command of commands) {
      if (command.type === 'attempt') attempts.start(run, command.step);
      else if (command.type === 'undo') undoing.start(run);
      else if (command.type === 'map') maps.start(run, command.step);
      else if (command.type === 'stopMap') maps.stop(run.header.id, command.step);
      else if (command.type === 'abort') attempts.abort(run.header.id, command.step);
      else if (command.type === 'notice') notices.start(run);
      else if (command.type === 'remind') notices.remind(run, command.step, command.round);
    }
  }

  function carry(messages: readonly Message[]): void {
    const targets = new Set(messages.map((message) => message.runId));
    for (const runId of targets) {
      const carried = runId === null ? courier.broadcast() : courier.deliver(runId);
      carried.catch((error: unknown) =>
        log.error({ err: error, runId }, 'messages stay in the store and are delivered later'),
      );
    }
  }

  // --- starting ----------------------------------------------------------------------------------------------------------------------

  async function launch(
    id: string,
    workflow: ReturnType<Catalogue['newest']>,
    input: unknown,
    startOptions: StartOptions,
    parent: { readonly runId: string; readonly step: string } | null,
    depth: number,
  ): Promise<Started> {
    assertOpen();
    const parsed = parseInput(workflow, input, settings.maxPayloadBytes);
    const definition = catalogue.define(workflow);
    await keepPlan(definition.plan);
    const nowMs = clock.nowMs();
    const payloadHash = digest(parsed);
    const key = startOptions.key === undefined ? null : `${workflow.name}\n${startOptions.key}`;
    if (key !== null) {
      const known = await store.key(key, nowMs);
      if (known !== null)
        return sameRun(
          known.runId,
          known.payloadHash,
          payloadHash,
          workflow.name,
          startOptions.key ?? '',
        );
    }
    const run = createRun({
      id,
      workflow,
      definition,
      input: parsed,
      options: startOptions,
      parent,
      depth,
      nowMs,
    });
    const claim =
      key === null
        ? null
        : { key, payloadHash, atMs: nowMs, expiresAtMs: nowMs + settings.keyTtlMs };
    runs.add(run);
    try {
      await runs.change(run, (draft) => begin(draft, startOptions), { claim });
      // A parent that stops may have written to its child before the child was there.
      if (parent !== null) await courier.deliver(id);
      return { runId: id, created: true };
    } catch (error) {
      runs.drop(id);
      if (!(error instanceof SignalboxError)) throw error;
      if (error.code === 'KEY_CONFLICT') {
        const { runId, payloadHash: theirs } = error.details;
        return sameRun(
          String(runId),
          String(theirs),
          payloadHash,
          workflow.name,
          startOptions.key ?? '',
        );
      }
      // A child or an event's run may have been started before; that is what deterministic ids are for.
      if (error.code === 'LEASE_LOST' && (await store.load(id)) !== null)
        return { runId: id, created: false };
      throw error;
    }
  }

  function sameRun(
    runId: string,
    theirs: string,
    mine: string,
    workflow: string,
    key: string,
  ): Started {
    if (theirs === mine) {
      log.info({ runId, workflow, key }, 'start with a known key: the earlier run is the answer');
      return { runId, created: false };
    }
    throw new SignalboxError(
      'KEY_CONFLICT',
      `Key "${key}" of workflow "${workflow}" belongs to run "${runId}", which was started with another input`,
      {
        details: { runId, workflow, key },
        hint: 'Use another key for another input',
      },
    );
  }

  async function keepPlan(plan: Parameters<Store['savePlan']>[0]): Promise<void> {
    const name = `${plan.name}@${plan.version}#${plan.hash}`;
    if (savedPlans.has(name)) return;
    await store.savePlan(plan);
    savedPlans.add(name);
  }

  // --- requests ----------------------------------------------------------------------------------------------------------------------

  async function perform(
    run: LiveRun,
    request: RunRequest,
    message: Message | null,
  ): Promise<JsonObject> {
    const material = request.kind === 'retry' ? await retryMaterial(run) : null;
    const { answer } = await runs.change(run, (draft) => {
      const given = handleRequest(draft, request, material);
      if (message !== null) draft.answers.push({ id: message.id, answer: { ok: given } });
      else if (request.kind === 'signal') rememberSignal(draft, request, given);
      return given;
    });
    return answer;
  }

  /** A signal with an id is remembered, so that a repeated delivery has no second effect. */
  function rememberSignal(
    draft: Draft,
    request: Extract<RunRequest, { kind: 'signal' }>,
    answer: JsonObject,
  ): void {
    const { id } = draft.run.header;
    const messageId = signalMessageId(id, request.id);
    draft.messages.push({
      id: messageId,
      runId: id,
      kind: 'signal',
      atMs: draft.tools.nowMs,
      body: { event: request.event, id: request.id },
    });
    draft.answers.push({ id: messageId, answer: { ok: answer } });
  }

  async function retryMaterial(run: LiveRun) {
    const entries = await store.settled(run.header.id, run.state.generation);
    const recorded = new Map<string, HistoryEntry>();
    for (const entry of entries) {
      if (
        entry.step === null ||
        entry.step === 'completion' ||
        entry.step.startsWith('$') ||
        entry.event.startsWith('undo.') ||
        entry.settles === 'failed'
      )
        continue;
      recorded.set(entry.step, entry);
    }
    return { recorded };
  }

  async function request(runId: string, unparsed: RunRequest): Promise<JsonObject> {
    assertOpen();
    const parsed = RunRequest.safeParse(unparsed);
    if (!parsed.success) {
      throw new SignalboxError(
        'INPUT_INVALID',
        `Request to run "${runId}": ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
        { details: { runId } },
      );
    }
    const wanted = parsed.data;
    if (wanted.kind === 'signal')
      assertSize(`Payload of signal "${wanted.event}"`, wanted.payload, settings.maxPayloadBytes);
    if (wanted.kind === 'decide')
      assertSize(`Form of review "${wanted.step}"`, wanted.form, settings.maxPayloadBytes);
    for (let tries = 0; tries < 10; tries += 1) {
      if (wanted.kind === 'signal') {
        const known = await store.answer(signalMessageId(runId, wanted.id));
        if (known !== null) return answerOf(known.answer ?? { ok: { delivered: true } });
      }
      const run = await runs.own(runId);
      if (run === null) return throughStore(runId, wanted);
      try {
        return await perform(run, wanted, null);
      } catch (error) {
        if (!(error instanceof SignalboxError) || error.code !== 'LEASE_LOST') {
          await auditRefusal(run, wanted, error);
          throw error;
        }
      }
    }
    throw new SignalboxError('RUN_CONFLICT', `Run "${runId}" changes too fast; try again`, {
      details: { runId },
    });
  }

  /** Refused decisions leave a trace: who tried what, and why not. */
  async function auditRefusal(run: LiveRun, wanted: RunRequest, error: unknown): Promise<void> {
    if (wanted.kind !== 'decide' || !(error instanceof SignalboxError)) return;
    if (error.code !== 'REVIEW_NOT_OPEN' && error.code !== 'REVIEW_FORBIDDEN') return;
    const current = await runs.own(run.header.id).catch(() => null);
    if (current === null) return;
    await runs
      .change(current, (draft) => {
        annotate(draft, {
          event: 'decision.refused',
          actor: wanted.actor,
          data: { step: wanted.step, outcome: wanted.outcome, code: error.code },
        });
      })
      .catch((lost: unknown) =>
        log.warn({ err: lost, runId: run.header.id }, 'the refused decision could not be noted'),
      );
  }

  /** Another process holds the run: the request waits in its inbox. */
  async function throughStore(runId: string, wanted: RunRequest): Promise<JsonObject> {
    const { kind, ...body } = wanted;
    const id =
      wanted.kind === 'signal'
        ? signalMessageId(runId, wanted.id)
        : `${runId}/${kind}/${ids.token()}`;
    await store.send([{ id, runId, kind, atMs: clock.nowMs(), body: body as JsonObject }]);
    const startedMs = clock.monotonicMs();
    while (clock.monotonicMs() - startedMs < settings.answerTimeoutMs) {
      const known = await store.answer(id);
      if (known?.answer != null) return answerOf(known.answer);
      await new Promise<void>((resolve) => clock.after(50, resolve));
      await courier.deliver(runId);
    }
    throw new SignalboxError(
      'RUN_CONFLICT',
      `The process that holds run "${runId}" has not answered; the request stays in the run's inbox`,
      { details: { runId, messageId: id } },
    );
  }

  function answerOf(answer: JsonObject): JsonObject {
    const { error, ok } = answer;
    if (error !== undefined && error !== null && typeof error === 'object') {
      const { code, message } = error as {
        code: ConstructorParameters<typeof SignalboxError>[0];
        message: string;
      };
      throw new SignalboxError(code, message);
    }
    return (ok ?? {}) as JsonObject;
  }

  // --- time and recovery -------------------------------------------------------------------------------------------------------------

  /** Everything that is due, orphaned or unread, once. */
  function sweep(isFirst = false): Promise<void> {
    if (closing !== null) return Promise.resolve();
    sweeping ??= sweepAll(isFirst)
      .catch((error: unknown) =>
        log.error({ err: error }, 'looking for due work failed; it is tried again'),
      )
      .finally(() => {
        sweeping = null;
      });
    return sweeping;
  }

  async function sweepAll(isFirst: boolean): Promise<void> {
    const seen = new Set<string>();
    try {
      for (let isDone = false; !isDone; ) {
        if (closing !== null) return;
        const found = await store.claimable({
          nowMs: clock.nowMs(),
          owner,
          anyLease: !store.shared,
          limit: 500 + inFlight.size,
        });
        const fresh = found.filter((runId) => !seen.has(runId) && !unreadable.has(runId));
        for (const runId of fresh) seen.add(runId);
        await Promise.all(fresh.map((runId) => tend(runId, isFirst)));
        isDone = fresh.length === 0;
      }
      if (isFirst || store.shared) await courier.broadcast();
    } finally {
      const nextMs = await store.nextDueAtMs().catch(() => null);
      const nowMs = clock.nowMs();
      // What is overdue and could not be dealt with is looked at again later, never in a busy loop.
      waker.at(
        nextMs === null
          ? nowMs + settings.maxSleepMs
          : nextMs > nowMs
            ? nextMs
            : nowMs + settings.pollMs,
      );
      if (store.shared) waker.at(nowMs + settings.pollMs);
    }
  }

  async function tend(runId: string, isFirst: boolean): Promise<void> {
    try {
      const run = await runs.own(runId);
      if (run === null) return;
      const orphans =
        run.state.pausedAtMs !== null || runs.isPending(runId) ? [] : orphansOf(run, inFlight);
      const isDue = run.state.dueAtMs !== null && run.state.dueAtMs <= clock.nowMs();
      if (orphans.length > 0 || isDue) {
        await runs.change(run, (draft) => {
          adopt(draft, orphans, settings, log);
          fireReminders(draft);
          fireDue(draft);
        });
      }
      await courier.deliver(runId);
    } catch (error) {
      if (
        error instanceof SignalboxError &&
        (error.code === 'LEASE_LOST' || error.code === 'CLOSED')
      )
        return;
      if (error instanceof SignalboxError && error.code !== 'STORE_UNAVAILABLE')
        unreadable.add(runId);
      log.warn({ err: error, runId, isFirst }, 'the run cannot go on here');
    }
  }

  function renewLater(): () => void {
    return clock.after(settings.leaseMs / 3, () => {
      const held = runs.leased();
      const renewed =
        held.length === 0
          ? Promise.resolve([])
          : store.renew(owner, held, clock.nowMs() + settings.leaseMs);
      renewed
        .then((lost) => lost.forEach((runId) => runs.drop(runId)))
        .catch((error: unknown) => log.error({ err: error }, 'leases could not be renewed'))
        .finally(() => {
          if (closing === null) stopRenewing = renewLater();
        });
    });
  }

  // --- reading -----------------------------------------------------------------------------------------------------------------------

  async function stored(runId: string) {
    const found = await store.load(runId);
    if (found === null) throw notFound(runId);
    return found;
  }

  async function planOf(header: {
    readonly workflow: string;
    readonly version: number;
    readonly planHash: string;
  }) {
    const known = catalogue.find(header.workflow, header.version);
    if (known !== null && known.plan.hash === header.planHash) return known.plan;
    if (catalogue.workflows.every((workflow) => workflow.name !== header.workflow)) return null;
    return store.plan(header.workflow, header.version, header.planHash);
  }

  async function get(runId: string): Promise<RunView> {
    const found = await stored(runId);
    return toView(found, await planOf(found.header));
  }

  async function verify(runId: string): Promise<ChainReport> {
    const { state } = await stored(runId);
    let previous = { seq: 0, hash: genesisHash };
    for (let done = false; !done; ) {
      const page = await store.history(runId, { afterSeq: previous.seq, limit: 1_000 });
      for (const entry of page) {
        const fault = verifyEntry(entry, previous);
        if (fault !== null) return { runId, entries: previous.seq, fault };
        previous = { seq: entry.seq, hash: entry.hash };
      }
      done = page.length < 1_000;
    }
    if (previous.seq === state.seq && previous.hash === state.headHash)
      return { runId, entries: previous.seq, fault: null };
    return {
      runId,
      entries: previous.seq,
      fault: {
        seq: previous.seq + 1,
        reason: `the history ends at entry ${previous.seq}, the run counts ${state.seq}`,
      },
    };
  }

  function drive(runId: string, until: 'waiting' | 'finished'): Promise<RunView> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      let isLooking = false;
      let isStale = false;
      const stop = subscribe(() => void look());
      let stopPolling = () => {};
      const end = (act: () => void) => {
        isOver = true;
        stop();
        stopPolling();
        act();
      };
      const look = async () => {
        if (isLooking) {
          isStale = true;
          return;
        }
        isLooking = true;
        try {
          do {
            isStale = false;
            const view = await get(runId);
            if (isOver) return;
            const isDone =
              isTerminal(view.status) &&
              !view.waitingOn.some((waiting) => waiting.kind === 'notice');
            if (isDone || (until === 'waiting' && (await waitsOutside(view))))
              return end(() => resolve(view));
          } while (isStale);
        } catch (error) {
          if (!isOver) end(() => reject(error instanceof Error ? error : new Error(String(error))));
        } finally {
          isLooking = false;
        }
      };
      // Another process may be the one that moves the run.
      const poll = () => {
        stopPolling = clock.after(settings.pollMs, () => {
          if (isOver) return;
          void look();
          poll();
        });
      };
      if (store.shared) poll();
      void look();
    });
  }

  /** Nothing but people, events, other machines' clocks: no attempt, retry or undo is under way. */
  async function waitsOutside(view: RunView): Promise<boolean> {
    if (runs.isPending(view.runId)) return false;
    if (view.paused || view.waitingOn.length === 0) return view.waitingOn.length > 0;
    for (const waiting of view.waitingOn) {
      if (waiting.kind === 'child' && waiting.runId !== undefined) {
        const child = await store.load(waiting.runId);
        if (child === null || child.state.finishedAtMs !== null) return false;
        if (!(await waitsOutside(toView(child, await planOf(child.header))))) return false;
      } else if (!outside.has(waiting.kind)) return false;
    }
    return true;
  }

  function subscribe(listener: (event: RunEvent) => void, runId?: string): () => void {
    const subscription = { listener, runId };
    listeners.add(subscription);
    return () => listeners.delete(subscription);
  }

  // --- closing -----------------------------------------------------------------------------------------------------------------------

  function assertOpen(): void {
    if (closing !== null)
      throw new SignalboxError('CLOSED', 'The orchestrator is closed and accepts nothing more');
    if (store.readOnly)
      throw new SignalboxError('STORE_READ_ONLY', 'The store was opened for reading only');
  }

  /** Lets running attempts end within the grace, aborts the rest, gives the leases back. */
  async function closeAll(graceMs: number): Promise<void> {
    waker.stop();
    stopRenewing();
    await sweeping;
    const drained = dispatcher.drain().then(() => 'drained' as const);
    const timer: { cancel: () => void } = { cancel: () => {} };
    const grace = new Promise<'over'>((resolve) => {
      timer.cancel = clock.after(graceMs, () => resolve('over'));
    });
    if ((await Promise.race([drained, grace])) === 'over') {
      for (const attempt of inFlight.values())
        attempt.abort.abort(new SignalboxError('CLOSED', 'The orchestrator is closing'));
    }
    timer.cancel();
    await queue.idle();
    await handBack();
    if (store.shared) await release();
  }

  /** Attempts scheduled and never handed out are marked so: nobody need ask whether they took effect. */
  async function handBack(): Promise<void> {
    const isUntouched = (item: OpenItem) =>
      item.kind === 'attempt' &&
      item.dispatches === 1 &&
      inFlight.get(item.token)?.isRunning !== true &&
      !deps.cutOff.has(item.token);
    const held = runs.all().filter((run) => run.open.some(isUntouched));
    await Promise.all(
      held.map((run) =>
        runs
          .change(run, () => {
            run.open = run.open.map((item) =>
              item.kind === 'attempt' && isUntouched(item) ? { ...item, dispatches: 0 } : item,
            );
          })
          .catch((error: unknown) =>
            log.warn(
              { err: error, runId: run.header.id },
              'an attempt never started could not be marked so',
            ),
          ),
      ),
    );
  }

  async function release(): Promise<void> {
    const held = runs.leased();
    if (held.length > 0)
      await store
        .renew(owner, held, 0)
        .catch((error: unknown) =>
          log.warn({ err: error }, 'leases were not given back; they expire by themselves'),
        );
  }

  const engine: Engine = {
    catalogue,
    start: (workflow, input, startOptions) =>
      launch(ids.runId(), catalogue.newest(workflow), input, startOptions, null, 0),
    request,
    async publish(event, payload, { id, actor }) {
      assertOpen();
      assertSize(`Payload of event "${event}"`, payload, settings.maxPayloadBytes);
      await store.send([
        {
          id: `event/${id}`,
          runId: null,
          kind: 'event',
          atMs: clock.nowMs(),
          body: { event, payload: (payload ?? null) as Json, actor },
        },
      ]);
      await courier.broadcast();
    },
    get,
    async explain(runId) {
      const view = await get(runId);
      const found = await stored(runId);
      const run =
        runs.peek(runId)?.state.revision === found.state.revision ? runs.peek(runId) : null;
      return explainRun(run ?? (await runs.load(runId)), view);
    },
    async list(query) {
      const page = await store.list({ ...query, limit: query.limit ?? 100 });
      const views = await Promise.all(
        page.runs.map(async (run) => toView(run, await planOf(run.header))),
      );
      return { runs: views, cursor: page.cursor };
    },
    async history(runId, page) {
      const { header } = await stored(runId);
      const plan = await planOf(header);
      const entries = await store.history(runId, {
        afterSeq: page.afterSeq ?? 0,
        limit: page.limit ?? 1_000,
      });
      return entries.map((entry) => toHistoryView(entry, plan));
    },
    async output(runId) {
      const { state } = await stored(runId);
      const entries = await store.settled(runId, state.generation, ['completion']);
      return entries.at(-1)?.output ?? null;
    },
    verify,
    drive,
    subscribe,
    breakers: () => breakers.list(),
    damaged: () => store.damaged(),
    prune: (query) => store.prune(query),
    export: () => store.export(),
    sweep: () => sweep(),
    close({ graceMs }) {
      closing ??= closeAll(graceMs);
      return closing;
    },
  };
  if (!store.readOnly) await sweep(true);
  return engine;
}

const outside: ReadonlySet<string> = new Set([
  'review',
  'event',
  'timer',
  'start',
  'pause',
  'definition',
]);

function signalMessageId(runId: string, signalId: string): string {
  return `${runId}/signal/${digest(signalId).slice(0, 40)}`;
}
