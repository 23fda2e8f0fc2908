/** The engine: decides purely, commits once, then acts. Everything it touches comes in through ports. */
import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import type { Json, JsonObject } from '../plan/json.ts';
import type { Plan, RunMode } from '../plan/plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { Dispatcher } from '../ports/dispatcher.ts';
import type { Executor } from '../ports/executor.ts';
import type { Ids } from '../ports/ids.ts';
import type { Logger } from '../ports/logger.ts';
import type {
  BreakerRecord,
  DamagedRun,
  ExportedRun,
  Message,
  PruneQuery,
  Store,
} from '../ports/store.ts';
import { type Announcer, createAnnouncer } from './announcer.ts';
import { createAttempts } from './attempts/attempts.ts';
import { createBreakers } from './breakers.ts';
import { type Catalogue, createCatalogue, type WorkflowSource } from './catalogue.ts';
import { createCommitQueue } from './commit-queue.ts';
import { type Courier, createCourier } from './courier.ts';
import { createDoor } from './door.ts';
import type { Command } from './draft.ts';
import { createDriver, type Driver } from './driver.ts';
import { createEntities } from './entities.ts';
import { createForker, type Fork, type ForkOptions } from './fork.ts';
import type { Holder, HoldScope } from './hold-record.ts';
import { createHolds } from './holds.ts';
import { createLauncher, type Started } from './launcher.ts';
import { keepLeases } from './leases.ts';
import type { LiveRun } from './live-run.ts';
import { createMaps } from './maps/maps.ts';
import { createMigrator, type MigrateOptions, type MigrationReport } from './migrate.ts';
import { createNotices } from './notices.ts';
import { createOwnRuns } from './own-runs.ts';
import { createReader, type Reader } from './reader.ts';
import type { RunRequest } from './requests/request.ts';
import { createResourceScopes } from './resource-scopes.ts';
import { createRunTable } from './run-table.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { shutDown } from './shutdown.ts';
import { acceptJson, type StartOptions } from './start.ts';
import { createSweeper } from './sweeper.ts';
import { accept, Name, Reason, Text } from './texts.ts';
import { createUndoing, type Undoing } from './undo/undo.ts';
import { createUnreadable } from './unreadable.ts';
import { usedBlobs } from './used-blobs.ts';
import type { WorkDeps } from './work-deps.ts';

export interface EngineOptions {
  readonly workflows: readonly WorkflowSource[];
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  /** For runs in mode `local`. */
  readonly direct: Dispatcher;
  readonly modeOf: (plan: Plan) => RunMode;
  readonly executor: Executor;
  readonly settings?: Partial<Settings>;
}

export interface Engine extends Reader, Driver {
  readonly catalogue: Catalogue;
  replaceWorkflows: Catalogue['replace'];
  start(workflow: string, input: unknown, options: StartOptions): Promise<Started>;
  request(runId: string, request: RunRequest): Promise<JsonObject>;
  fork(runId: string, options: ForkOptions): Promise<Fork>;
  undoList: Undoing['preview'];
  retryUndo: Undoing['retry'];
  publish(
    event: string,
    payload: unknown,
    options: { readonly id: string; readonly actor: string },
  ): Promise<void>;
  subscribe: Announcer['subscribe'];
  breakers(): Promise<readonly BreakerRecord[]>;
  resetBreaker(name: string): Promise<BreakerRecord | null>;
  /** Attempts of this process. */
  readonly depth: Dispatcher['depth'];
  readonly places: Dispatcher['places'] | null;
  /** What is held now, and who wants it. */
  holds(): Promise<readonly (Holder & { readonly scope: HoldScope })[]>;
  /** @returns `false` if it was so already. @throws SignalboxError `WORKFLOW_UNKNOWN` */
  hold(scope: HoldScope, by: { readonly actor: string; readonly reason: string }): Promise<boolean>;
  /** @param sinceMs - of the hold to be lifted; default: whichever there is */
  lift(scope: HoldScope, actor: string, sinceMs?: number | null): Promise<boolean>;
  damaged(): Promise<readonly DamagedRun[]>;
  prune(query: PruneQuery): Promise<readonly string[]>;
  migrate(options: MigrateOptions): Promise<MigrationReport>;
  /** Stored form; `null` if no command has changed it. */
  entity(name: string, key: string): Promise<Json | null>;
  /** Addresses of the blobs of one store that something stored refers to. */
  usedBlobs(name: string): Promise<ReadonlySet<string>>;
  export(): AsyncIterable<ExportedRun>;
  sweep(): Promise<void>;
  close(options: { readonly graceMs: number }): Promise<void>;
}

const UndoByHand = z.strictObject({ step: Text.max(1_000), actor: Name, reason: Reason.min(1) });
const Scope = z.union([z.literal('all'), z.strictObject({ workflow: Name })]);
const HoldBy = z.strictObject({ actor: Name, reason: Reason.min(1) });
const Publication = z.strictObject({ event: Name, id: Name, actor: Name });

/** Opens for work: takes up what an earlier process left before it returns. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { store, clock, ids, dispatcher, direct, executor, logger: log } = options;
  const settings: Settings = { ...defaultSettings, ...options.settings };
  const owner = ids.token();
  const catalogue = createCatalogue(options.workflows, store, options.modeOf);
  const queue = createCommitQueue(store);
  const announcer = createAnnouncer(log);
  const own = settings.lookAfter === 'own' ? createOwnRuns(store) : null;
  const inFlight: WorkDeps['inFlight'] = new Map();
  const scopes = createResourceScopes(executor);
  const unreadable = createUnreadable(clock, settings.maxSleepMs);
  const holds = await createHolds(store, clock, log);
  let closing: Promise<void> | null = null;

  const runs = createRunTable({
    store,
    queue,
    catalogue,
    clock,
    ids,
    log,
    settings,
    owner,
    holds,
    onCommitted(run, commit, commands) {
      scopes.settle(run);
      announcer.announce(run, commit);
      own?.add(run.header.id);
      unreadable.delete(run.header.id);
      const { dueAtMs, awaits } = commit.state;
      if (dueAtMs !== null) sweeper.at(dueAtMs);
      // Resumed while it was being written that it waits for that: whoever looked then did not find it.
      if (awaits.length > 0 && holds.lifted().some((name) => awaits.includes(name)))
        sweeper.at(clock.nowMs());
      if (closing === null) for (const command of commands) tryToAct(run, command);
      carry(commit.messages);
    },
    onDropped(runId) {
      scopes.leave(runId);
      const reason = new SignalboxError('LEASE_LOST', `Run "${runId}" is no longer this process's`);
      for (const attempt of inFlight.values())
        if (attempt.runId === runId) attempt.abort.abort(reason);
    },
  });
  const reader = createReader(store, catalogue, holds);
  const breakers = createBreakers(store, clock, log);
  const isClosed = () => closing !== null;
  const entities = createEntities({ store, clock, log, settings, inFlight, isClosed });
  const deps: WorkDeps = {
    store,
    queue,
    catalogue,
    clock,
    ids,
    log,
    settings,
    owner,
    holds,
    runs,
    dispatch(run, job) {
      try {
        (run.definition.mode === 'local' ? direct : dispatcher).dispatch(job);
      } catch (error) {
        // nobody is at it
        inFlight.delete(job.id);
        throw error;
      }
    },
    drain: () => Promise.all([dispatcher.drain(), direct.drain()]),
    executor,
    scopes,
    breakers,
    inFlight,
    cutOff: new Set(),
    isClosed,
    entities,
  };
  const attempts = createAttempts(deps);
  const undoing = createUndoing(deps);
  const maps = createMaps(deps);
  const notices = createNotices(deps);
  const launch = createLauncher(deps);
  const fork = createForker(deps);
  const door = createDoor({ ...deps, deliver: (runId) => courier.deliver(runId) });
  const courier: Courier = createCourier({
    ...deps,
    perform: (run, request, message) => door.perform(run, request, message),
    noteRefusal: (runId, request, error) => door.noteRefusal(runId, request, error),
    async startRun(id, { name, version }, input, startOptions, parent, depth) {
      const exact = version === null ? null : catalogue.find(name, version);
      const workflow = exact ?? catalogue.newest(name);
      if (version !== null && workflow.version !== version)
        log.warn(
          {
            runId: id,
            parent: parent?.runId,
            workflow: name,
            asked: version,
            started: workflow.version,
          },
          'the child is started in its newest version: the one its parent names is not registered',
        );
      await launch({
        id,
        workflow,
        input,
        options: startOptions,
        parent,
        depth,
      });
    },
  });
  const sweeper = createSweeper(deps, courier, unreadable, own, () => maps.hold());
  const leases = keepLeases(deps);
  const migrate = createMigrator(deps);
  const driver = createDriver({
    reader,
    runs,
    announcer,
    clock,
    pollMs: store.shared ? settings.pollMs : null,
  });

  /** What a dispatcher refuses is still open in the run, and is taken up again by a look. */
  function tryToAct(run: LiveRun, command: Command): void {
    try {
      act(run, command);
    } catch (error) {
      log.error({ err: error, runId: run.header.id, command }, 'work could not be handed out');
      sweeper.at(clock.nowMs() + settings.pollMs);
    }
  }

  function act(run: LiveRun, command: Command): void {
    switch (command.type) {
      case 'attempt':
        return attempts.start(run, command.step);
      case 'undo':
        return undoing.start(run);
      case 'map':
        return maps.start(run, command.step);
      case 'stopMap':
        return maps.stop(run.header.id, command.step);
      case 'abort':
        return attempts.abort(run.header.id, command.step);
      case 'notice':
        return notices.start(run);
      case 'look':
        return sweeper.at(clock.nowMs());
      default:
        command satisfies never;
    }
  }

  function carry(messages: readonly Message[]): void {
    for (const runId of new Set(messages.map((message) => message.runId))) {
      const carried = runId === null ? courier.broadcast() : courier.deliver(runId);
      carried.catch((error: unknown) =>
        log.error({ err: error, runId }, 'messages stay in the store and are delivered later'),
      );
    }
  }

  /** Asked about a run: from now on it is looked after here, beginning with what an earlier process left of it. */
  async function lookAfter(runId: string): Promise<void> {
    if (own?.add(runId) === true && !store.readOnly) await sweeper.sweep();
  }

  function assertOpen(): void {
    if (closing !== null)
      throw new SignalboxError('CLOSED', 'The orchestrator is closed and accepts nothing more');
    if (store.readOnly)
      throw new SignalboxError('STORE_READ_ONLY', 'The store was opened for reading only');
  }

  const engine: Engine = {
    ...reader,
    catalogue,
    replaceWorkflows(sources) {
      catalogue.replace(sources);
      unreadable.clear();
      if (closing === null && !store.readOnly) void sweeper.sweep();
    },
    async drive(runId, until) {
      if (own !== null) await lookAfter(runId);
      return driver.drive(runId, until);
    },
    async untilEnded(runId) {
      if (own !== null) await lookAfter(runId);
      return driver.untilEnded(runId);
    },
    subscribe: (listener, runId) => announcer.subscribe(listener, runId),
    async start(workflow, input, startOptions) {
      assertOpen();
      return launch({
        id: ids.runId(),
        workflow: catalogue.newest(workflow),
        input,
        options: startOptions,
        parent: null,
        depth: 0,
      });
    },
    async request(runId, request) {
      assertOpen();
      if (own !== null) await lookAfter(runId);
      return door.request(runId, request);
    },
    undoList: (runId) => undoing.preview(runId),
    async retryUndo(runId, given) {
      assertOpen();
      return undoing.retry(runId, accept('Undo', UndoByHand, given));
    },
    async fork(runId, options) {
      if (options.dryRun !== true) assertOpen();
      return fork(runId, options);
    },
    async publish(event, payload, { id, actor }) {
      assertOpen();
      accept('Event', Publication, { event, id, actor });
      const what = `Payload of event "${event}"`;
      const accepted = acceptJson(what, payload, 'INPUT_INVALID', settings.maxPayloadBytes);
      const body = { event, payload: accepted ?? null, actor };
      await store.send([
        { id: `event/${id}`, runId: null, kind: 'event', atMs: clock.nowMs(), body },
      ]);
      await courier.broadcast();
    },
    breakers: () => breakers.list(),
    resetBreaker: (name) => breakers.reset(name),
    get depth() {
      return {
        waiting: dispatcher.depth.waiting + direct.depth.waiting,
        running: dispatcher.depth.running + direct.depth.running,
      };
    },
    get places() {
      return dispatcher.places ?? null;
    },
    async holds() {
      if (store.shared) await holds.refresh();
      return holds.list().flatMap(({ scope, on }) => (on === null ? [] : [{ scope, ...on }]));
    },
    async hold(scope, given) {
      assertOpen();
      const { actor, reason } = accept('Pause', HoldBy, given);
      const wanted = accept('What to pause', Scope, scope);
      if (wanted !== 'all') catalogue.newest(wanted.workflow);
      const isNew = await holds.hold(wanted, { actor, reason });
      maps.hold();
      return isNew;
    },
    async lift(scope, actor, sinceMs) {
      assertOpen();
      const isNew = await holds.lift(accept('What to resume', Scope, scope), actor, sinceMs);
      // Taking many runs up takes a while; a process that dies over it goes on with it at its next start.
      if (isNew) void sweeper.sweep();
      return isNew;
    },
    damaged: () => store.damaged(),
    prune: (query) => store.prune(query),
    async migrate(options) {
      if (options.dryRun !== true) assertOpen();
      return migrate(options);
    },
    entity: async (name, key) => (await store.entity(name, key))?.state ?? null,
    usedBlobs: (name) => usedBlobs(store, name),
    export: () => store.export(),
    sweep: () => (store.readOnly ? Promise.resolve() : sweeper.sweep()),
    close({ graceMs }) {
      closing ??= sweeper
        .stop()
        .then(() => shutDown(deps, leases, graceMs))
        .finally(() => driver.close());
      return closing;
    },
  };
  if (!store.readOnly) await sweeper.sweep();
  return engine;
}
