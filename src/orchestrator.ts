/** The orchestrator: the engine with its default parts, and the types of the workflows it runs. */
import { type Logger as PinoLogger, pino } from 'pino';
import type { z } from 'zod';
import { createInlineExecutor } from './adapters/inline/executor.ts';
import { createDirectDispatcher } from './adapters/local/direct.ts';
import { createLocalDispatcher, type LocalDispatcherOptions } from './adapters/local/dispatcher.ts';
import { systemClock } from './adapters/system/clock.ts';
import { createSystemIds } from './adapters/system/ids.ts';
import { type Entity, readEntity } from './definition/entity.ts';
import type { EventType } from './definition/event.ts';
import type { Workflow } from './definition/workflow.ts';
import type { RunEvent } from './engine/announcer.ts';
import type { WorkflowSource } from './engine/catalogue.ts';
import { createEngine, type Engine } from './engine/engine.ts';
import type { Fork, ForkOptions } from './engine/fork.ts';
import type { HoldScope } from './engine/hold-record.ts';
import type { MigrateOptions, MigrationReport } from './engine/migrate.ts';
import type { PastRun } from './engine/past-run.ts';
import type { ChainReport, ListQuery } from './engine/reader.ts';
import type { Settings } from './engine/settings.ts';
import type { StartOptions } from './engine/start.ts';
import type { UndoStep } from './engine/undo/list.ts';
import type { Explanation, RunView } from './engine/views.ts';
import { SignalboxError } from './errors.ts';
import type { JsonObject } from './plan/json.ts';
import { cloneJson } from './plan/json-value.ts';
import { modeOf } from './plan/mode.ts';
import type { Mode, RunStatus } from './plan/plan.ts';
import type { BlobStore } from './ports/blobs.ts';
import type { Clock } from './ports/clock.ts';
import type { Dispatcher } from './ports/dispatcher.ts';
import type { Executor } from './ports/executor.ts';
import type { Ids } from './ports/ids.ts';
import type { Logger } from './ports/logger.ts';
import type { BreakerRecord, DamagedRun, ExportedRun, HistoryEntry, Store } from './ports/store.ts';

/** What an orchestrator runs, where it keeps it, and the parts to use instead of its own. */
export interface OrchestratorOptions {
  /** Workflows to run; children come along. With `module`, the file that defines it is known to isolated and remote workers. */
  readonly workflows: readonly WorkflowSource[];
  /** Where runs are kept; the orchestrator does not close it. */
  readonly store: Store;
  /** Default: pino on standard error at level `info`, or what the environment variable `SIGNALBOX_LOG` names. */
  readonly logger?: Logger;
  /** Default: that of the system. */
  readonly clock?: Clock;
  /** Default: random ids. */
  readonly ids?: Ids;
  /** Default: in this process; give limits instead of a dispatcher to keep it. */
  readonly dispatcher?: Dispatcher | LocalDispatcherOptions;
  /**
   * Whether attempts go through the dispatcher, for every workflow whatever it says itself. Default: as the workflow says; one that says nothing
   * counts as `auto`, or as `queued` if a dispatcher or limits are given.
   */
  readonly mode?: Mode;
  /** Default: in this process and thread. */
  readonly executor?: Executor;
  /** Limits and intervals that differ from the default ones. */
  readonly settings?: Partial<Settings>;
}

/** What a run yields, as it is recorded: JSON has no `undefined`, so what was skipped, or yields nothing, is `null`. */
export type RunResult<O> = undefined extends O ? Exclude<O, undefined> | null : O;

/** A run that was started, or found by its key. */
export interface RunHandle<out O> {
  readonly runId: string;
  /** `false`: an earlier start with the same key made the run. */
  readonly created: boolean;
  /**
   * Waits for the end of the run.
   *
   * @throws SignalboxError `RUN_FAILED` or `RUN_CANCELLED`; `details.outcome` says what was completed, undone and not undone. `CLOSED` if the
   *   orchestrator closes before the run has ended
   */
  result(): Promise<O>;
}

/** What somebody decides in a review, in whose name, and what they saw. */
export interface Decision {
  /** `happened`, `did_not_happen` and `give_up` answer the review of an attempt that ended without a verdict. */
  readonly outcome: 'approved' | 'rejected' | 'happened' | 'did_not_happen' | 'give_up';
  readonly actor: string;
  /** Groups of the actor now, for reviews assigned to a group. */
  readonly groups?: readonly string[];
  /** Who has delegated the review to the actor; left out: the first who has, if it is not the actor's own. */
  readonly onBehalfOf?: string;
  /** Checked against the review's form. */
  readonly form?: unknown;
  /** Result of the attempt, with `happened`. */
  readonly output?: unknown;
  readonly comment?: string;
  /** What the reviewer saw (`waitingOn[].shownHash`); the decision is refused if it has changed since. */
  readonly shownHash?: string;
}

/** Who handles a review, and why; the reason is kept in the history. */
export interface ReviewHandling {
  readonly actor: string;
  readonly reason?: string;
}

/** Starts runs, carries them through, and answers for them. Whoever leaves `actor` out is recorded as `anonymous`. */
export interface Orchestrator {
  /**
   * Starts a run; durable when it resolves.
   *
   * @throws SignalboxError `WORKFLOW_UNKNOWN`, `INPUT_INVALID`, `PAYLOAD_TOO_LARGE`, `KEY_CONFLICT`, `STORE_UNAVAILABLE`
   */
  start<I, O>(
    workflow: Workflow<I, O>,
    input: NoInfer<I>,
    options?: StartOptions,
  ): Promise<RunHandle<RunResult<O>>>;
  start(workflow: string, input: unknown, options?: StartOptions): Promise<RunHandle<unknown>>;
  /** @throws SignalboxError `RUN_NOT_FOUND`, `RUN_DAMAGED` */
  get(runId: string): Promise<RunView>;
  /** Newest first, up to `limit` (100) a page. */
  list(
    query?: ListQuery,
  ): Promise<{ readonly runs: readonly RunView[]; readonly cursor: string | null }>;
  /** Entries in order, sensitive values replaced; `afterSeq` and `limit` (1,000) page. */
  history(
    runId: string,
    page?: { readonly afterSeq?: number; readonly limit?: number },
  ): Promise<readonly HistoryEntry[]>;
  /** Waits for the end of the run and gives its output. @throws SignalboxError `RUN_FAILED`, `RUN_CANCELLED`, `CLOSED` */
  result(runId: string): Promise<unknown>;
  /**
   * Decides an open review, or adds an approval to those it has; `step` is `completion` for the closing one.
   *
   * @throws SignalboxError `REVIEW_NOT_OPEN`, `REVIEW_FORBIDDEN`, `REVIEW_CLAIMED`, `REVIEW_CHANGED`, `FORM_INVALID`
   */
  decide(runId: string, step: string, decision: Decision): Promise<void>;
  /**
   * Nobody else decides the review until it is released, decided or escalated, or `forMs` is over. To take over what somebody else holds needs
   * `takeOver` and a reason.
   *
   * @throws SignalboxError `REVIEW_NOT_OPEN`, `REVIEW_FORBIDDEN`, `REVIEW_CLAIMED`
   */
  claim(
    runId: string,
    step: string,
    options: ReviewHandling & {
      readonly groups?: readonly string[];
      readonly forMs?: number;
      readonly takeOver?: boolean;
    },
  ): Promise<void>;
  /** Ends a claim; that of somebody else with a reason. @throws SignalboxError `REVIEW_NOT_OPEN`, `REVIEW_CLAIMED` */
  release(runId: string, step: string, options: ReviewHandling): Promise<void>;
  /**
   * Lets another person decide in the place of the actor, who may decide themselves; four eyes are judged on both, and both together count once.
   *
   * @throws SignalboxError `REVIEW_NOT_OPEN`, `REVIEW_FORBIDDEN`, `REVIEW_CLAIMED`
   */
  delegate(
    runId: string,
    step: string,
    options: ReviewHandling & { readonly to: string; readonly groups?: readonly string[] },
  ): Promise<void>;
  /** Whose review it is from now on: people and groups. Claim and delegations are over, approvals stay. @throws SignalboxError `REVIEW_NOT_OPEN` */
  assign(
    runId: string,
    step: string,
    options: ReviewHandling & { readonly to: readonly string[] },
  ): Promise<void>;
  /**
   * Sends an event to one run. The same `id` has one effect, however often it is delivered.
   *
   * @throws SignalboxError `SIGNAL_UNKNOWN`, `SIGNAL_NOT_EXPECTED`, `SIGNAL_BUFFER_FULL`, `RUN_FINISHED`
   */
  signal<I>(
    runId: string,
    event: string | EventType<I, unknown>,
    payload: NoInfer<I>,
    options?: { readonly id?: string; readonly actor?: string },
  ): Promise<{ readonly delivered: boolean }>;
  /** Sends an event to every run that waits for it, and starts the workflows it starts. */
  publish<I>(
    event: string | EventType<I, unknown>,
    payload: NoInfer<I>,
    options?: { readonly id?: string; readonly actor?: string },
  ): Promise<void>;
  /** @throws SignalboxError `RUN_FINISHED` */
  cancel(
    runId: string,
    options?: {
      readonly mode?: 'drain' | 'abort';
      readonly reason?: string;
      readonly actor?: string;
    },
  ): Promise<void>;
  /** Lets a failed run go on where it failed, or, if it was rolled back, start afresh. @throws SignalboxError `NOT_UNDONE`, `INVALID_TRANSITION` */
  retry(
    runId: string,
    options?: {
      readonly acceptNotUndone?: boolean;
      readonly reason?: string;
      readonly actor?: string;
    },
  ): Promise<void>;
  /** What a cancellation would undo now, or what has become of what there was to undo; first to be undone first. */
  undoList(runId: string): Promise<readonly UndoStep[]>;
  /**
   * Tries once more to undo what a failed or cancelled run has left, under the same idempotency key; the outcome says so.
   *
   * @throws SignalboxError `NOTHING_TO_UNDO`, `NOT_UNDONE` if it fails again or nothing can undo it
   */
  retryUndo(
    runId: string,
    step: string,
    options: ReviewHandling & { readonly reason: string },
  ): Promise<void>;
  /**
   * Says that somebody has undone by hand what a failed or cancelled run has left, or accepts it; the outcome names who and why.
   *
   * @throws SignalboxError `NOTHING_TO_UNDO`
   */
  resolveUndo(
    runId: string,
    step: string,
    options: ReviewHandling & { readonly reason: string },
  ): Promise<void>;
  /** Holds one run: attempts under way end and are kept, a map goes on to its end, nothing more begins, deadlines stand still. @throws SignalboxError `RUN_FINISHED` */
  pause(
    runId: string,
    options?: { readonly reason?: string; readonly actor?: string },
  ): Promise<void>;
  /** Ends the pause of the run; a pause of its workflow, or of everything, goes on. @throws SignalboxError `RUN_FINISHED` */
  resume(runId: string, options?: { readonly actor?: string }): Promise<void>;
  /**
   * Pauses every run, or those of one workflow, at a cost that does not depend on how many there are. Attempts under way end and their results
   * are kept; nothing more begins, deadlines stand still. New runs are accepted and stay `pending`; signals and decisions are accepted as well.
   * Other processes on the same store follow within their `pollMs`.
   *
   * @returns `false` if it was paused already: who did it first stays on record
   * @throws SignalboxError `WORKFLOW_UNKNOWN`
   */
  pauseRuns(
    scope: PauseScope,
    options: { readonly reason: string; readonly actor?: string },
  ): Promise<boolean>;
  /**
   * Runs paused by themselves stay paused.
   *
   * @param options.since - of the pause that is meant, as {@link Orchestrator.pauses} says it: another one made meanwhile stays. Default: whichever there is
   * @returns `false` if nothing was paused, or another pause is in force
   */
  resumeRuns(
    scope: PauseScope,
    options?: { readonly actor?: string; readonly since?: string },
  ): Promise<boolean>;
  /** What is paused now beside single runs, everything first. */
  pauses(): Promise<readonly Pause[]>;
  /** Why the run waits: for whom or what, until when, what then; which events it accepts now, and which guards shut the others. */
  explain(runId: string): Promise<Explanation>;
  /**
   * The run as it stood after entry `seq` of its history, recomputed from it.
   *
   * @throws SignalboxError `SEQUENCE_UNKNOWN`, `HISTORY_UNREADABLE`, `DEFINITION_MISSING`
   */
  at(runId: string, seq: number): Promise<PastRun>;
  /**
   * Makes a new run that stands where this one stood after entry `at`: results up to there are taken over, the rest runs again under new
   * idempotency keys. The fork undoes only what it does itself. Nothing changes in the original.
   *
   * @throws SignalboxError `WOULD_REPEAT` if irreversible or unsafe steps may run again and that is not accepted, `SEQUENCE_UNKNOWN`,
   *   `INPUT_INVALID`, `HISTORY_UNREADABLE`
   */
  fork(runId: string, options: ForkOptions): Promise<Fork>;
  /** Waits until the run has ended, or (`waiting`) until nothing but people, events or time can move it. @throws SignalboxError `CLOSED` */
  drive(runId: string, until?: 'waiting' | 'finished'): Promise<RunView>;
  /** Told of every entry of the history after it is durable, of all runs or one. Returns a function that ends it. */
  subscribe(listener: (event: RunEvent) => void, runId?: string): () => void;
  /** Recomputes the chain of a run's history. */
  verify(runId: string): Promise<ChainReport>;
  /** Every breaker through which a call was ever counted, and its state. */
  breakers(): Promise<readonly BreakerRecord[]>;
  /**
   * Closes a breaker. Runs that were told to wait for it go on at the time they were told.
   *
   * @throws SignalboxError `INPUT_INVALID` if no call was ever counted under that name
   */
  resetBreaker(name: string): Promise<BreakerRecord>;
  /** Attempts of this process that were handed over and have not begun, and those under way. */
  readonly depth: { readonly waiting: number; readonly running: number };
  /** Limits of this process and how they are used; `null`: its dispatcher does not say. Runs in mode `local` pass them by. */
  readonly places: Dispatcher['places'] | null;
  /** Runs whose stored state cannot be trusted; they are kept aside. */
  damaged(): Promise<readonly DamagedRun[]>;
  /** Removes finished runs; returns their ids. A child goes with the run that started it, not before. Nothing is removed with `dryRun`. */
  prune(query: {
    readonly finishedBefore: Date;
    readonly status?: readonly RunStatus[];
    readonly workflow?: string;
    readonly dryRun?: boolean;
  }): Promise<readonly string[]>;
  /**
   * Moves runs that wait to another version of their workflow, each in one commit; the others are reported. What is on that version already
   * stays as it is, so it may be repeated.
   *
   * @throws SignalboxError `WORKFLOW_UNKNOWN`, `INPUT_INVALID` if the mapping names steps nobody has, `RUN_NOT_FOUND`, `STORE_UNAVAILABLE`
   */
  migrate(options: MigrateOptions): Promise<MigrationReport>;
  /** The state of an entity now; its first value if no command has changed it. @throws SignalboxError `OUTPUT_INVALID` if it does not fit the schema */
  entity<S extends z.ZodType>(entity: Entity<S>, key: string): Promise<z.output<S>>;
  /**
   * Removes the blobs no run and no entity refers to and that were not put within `unusedForMs` (24 hours). Reads every run, so it is for quiet
   * hours, after `prune`. References elsewhere, as in results a task remembers longer than its run, are not seen.
   *
   * @returns their addresses; nothing is removed with `dryRun`
   */
  sweepBlobs(
    blobs: BlobStore,
    options?: { readonly unusedForMs?: number; readonly dryRun?: boolean },
  ): Promise<readonly string[]>;
  /** Every run at one moment, with its history. */
  export(): AsyncIterable<ExportedRun>;
  /** Looks at once for work that is due; the orchestrator does so by itself. */
  sweep(): Promise<void>;
  /** Registered workflows, newest version of a name first. */
  readonly workflows: Engine['catalogue']['workflows'];
  /**
   * Puts other workflows in the place of all that are registered, as after a change of their code. Runs go on with the plan they were started on, and with
   * the new functions as far as these have all that their plan names, else with those of before; a new run starts on the new plan.
   *
   * @throws SignalboxError `DEFINITION_INVALID`; nothing is changed then
   */
  replaceWorkflows(workflows: readonly WorkflowSource[]): void;
  /** The module that defines a workflow, if it was registered with one. */
  moduleOf(workflow: string, version: number): URL | null;
  /**
   * Starts nothing more, lets running attempts end within `graceMs` (5,000), aborts the rest. Whoever waits for a run that has not ended then is
   * told so. The store stays open.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** All runs, or those of one workflow. */
export type PauseScope = HoldScope;

/** A pause of all runs, or of those of one workflow. */
export interface Pause {
  readonly scope: PauseScope;
  /** ISO 8601 in UTC. */
  readonly since: string;
  readonly actor: string;
  readonly reason: string;
}

/** Opens for work: what an earlier process left is taken up before it resolves. */
export async function createOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const clock = options.clock ?? systemClock;
  const ids = options.ids ?? createSystemIds(() => clock.nowMs());
  const { dispatcher } = options;
  checkMode(options.mode);
  const engine = await createEngine({
    workflows: options.workflows,
    store: options.store,
    clock,
    ids,
    logger: options.logger ?? defaultLogger(),
    dispatcher:
      dispatcher !== undefined && 'dispatch' in dispatcher
        ? dispatcher
        : createLocalDispatcher(dispatcher),
    direct: createDirectDispatcher(),
    // Whoever sets limits wants them kept.
    modeOf: (plan) => modeOf(plan, options.mode, dispatcher === undefined ? 'auto' : 'queued'),
    executor: options.executor ?? createInlineExecutor(clock),
    settings: options.settings ?? {},
  });

  async function result(runId: string): Promise<unknown> {
    const ended = await engine.untilEnded(runId);
    // a copy: it may be part of a run in memory
    if (ended.status === 'complete') return cloneJson(ended.output);
    const { outcome } = ended.view;
    if (ended.status === 'cancelled') {
      throw new SignalboxError(
        'RUN_CANCELLED',
        `Run "${runId}" was cancelled${outcome?.cancelled?.reason == null ? '' : `: ${outcome.cancelled.reason}`}`,
        { details: { runId, outcome } },
      );
    }
    throw new SignalboxError('RUN_FAILED', outcome?.failure?.message ?? `Run "${runId}" failed`, {
      details: { runId, outcome },
    });
  }

  async function start(
    workflow: string | { readonly name: string },
    input: unknown,
    startOptions: StartOptions = {},
  ): Promise<RunHandle<never>> {
    const name = typeof workflow === 'string' ? workflow : workflow.name;
    const started = await engine.start(name, input, startOptions);
    // What the run yields is what its workflow's type says; the plan's schemas have checked it.
    return { ...started, result: () => result(started.runId) as Promise<never> };
  }

  const actorOf = (given?: { readonly actor?: string }) => given?.actor ?? 'anonymous';
  const request = (runId: string, wanted: Parameters<Engine['request']>[1]): Promise<JsonObject> =>
    engine.request(runId, wanted);
  const nameOf = (event: string | { readonly name: string }) =>
    typeof event === 'string' ? event : event.name;

  return {
    start,
    result,
    get: (runId) => engine.get(runId),
    list: (query = {}) => engine.list(query),
    history: (runId, page = {}) => engine.history(runId, page),
    async decide(runId, step, { groups, ...decision }) {
      await request(runId, { kind: 'decide', step, ...decision, groups: [...(groups ?? [])] });
    },
    async claim(runId, step, { groups, ...given }) {
      await request(runId, { kind: 'claim', step, ...given, groups: [...(groups ?? [])] });
    },
    async release(runId, step, given) {
      await request(runId, { kind: 'release', step, ...given });
    },
    async delegate(runId, step, { groups, ...given }) {
      await request(runId, { kind: 'delegate', step, ...given, groups: [...(groups ?? [])] });
    },
    async assign(runId, step, { to, ...given }) {
      await request(runId, { kind: 'assign', step, ...given, to: [...to] });
    },
    async signal(runId, event, payload, given) {
      const answer = await request(runId, {
        kind: 'signal',
        event: nameOf(event),
        payload,
        actor: actorOf(given),
        id: given?.id ?? ids.token(),
      });
      return { delivered: answer['delivered'] === true };
    },
    publish: (event, payload, given) =>
      engine.publish(nameOf(event), payload, {
        id: given?.id ?? ids.token(),
        actor: actorOf(given),
      }),
    async cancel(runId, given = {}) {
      await request(runId, { kind: 'cancel', ...given, actor: actorOf(given) });
    },
    async retry(runId, given = {}) {
      await request(runId, { kind: 'retry', ...given, actor: actorOf(given) });
    },
    undoList: (runId) => engine.undoList(runId),
    retryUndo: (runId, step, given) => engine.retryUndo(runId, { step, ...given }),
    async resolveUndo(runId, step, given) {
      await request(runId, { kind: 'resolve_undo', step, ...given });
    },
    async pause(runId, given = {}) {
      await request(runId, { kind: 'pause', ...given, actor: actorOf(given) });
    },
    async resume(runId, given = {}) {
      await request(runId, { kind: 'resume', ...given, actor: actorOf(given) });
    },
    pauseRuns: (scope, { reason, actor = 'anonymous' }) => engine.hold(scope, { reason, actor }),
    resumeRuns: (scope, given) =>
      engine.lift(
        scope,
        actorOf(given),
        given?.since === undefined ? null : Date.parse(given.since),
      ),
    async pauses() {
      const held = await engine.holds();
      return held.map(({ scope, sinceMs, actor, reason }) => ({
        scope,
        since: new Date(sinceMs).toISOString(),
        actor,
        reason,
      }));
    },
    explain: (runId) => engine.explain(runId),
    fork: (runId, forkOptions) => engine.fork(runId, forkOptions),
    at: (runId, seq) => engine.at(runId, seq),
    drive: (runId, until = 'waiting') => engine.drive(runId, until),
    subscribe: (listener, runId) => engine.subscribe(listener, runId),
    verify: (runId) => engine.verify(runId),
    breakers: () => engine.breakers(),
    async resetBreaker(name) {
      const record = await engine.resetBreaker(name);
      if (record !== null) return record;
      const known = (await engine.breakers()).map((breaker) => breaker.name);
      throw new SignalboxError(
        'INPUT_INVALID',
        `There is no breaker "${name}"; there are: ${known.join(', ') || 'none'}`,
        { details: { name, known } },
      );
    },
    get depth() {
      return engine.depth;
    },
    get places() {
      return engine.places;
    },
    damaged: () => engine.damaged(),
    prune: ({ finishedBefore, dryRun = false, ...rest }) =>
      engine.prune({ ...rest, dryRun, finishedBeforeMs: finishedBefore.getTime() }),
    migrate: (options) => engine.migrate(options),
    entity: async (entity, key) => readEntity(entity, key, await engine.entity(entity.name, key)),
    async sweepBlobs(blobs, options) {
      const used = await engine.usedBlobs(blobs.name);
      return blobs.sweep((sha256) => used.has(sha256), options);
    },
    export: () => engine.export(),
    sweep: () => engine.sweep(),
    get workflows() {
      return engine.catalogue.workflows;
    },
    replaceWorkflows: (workflows) => engine.replaceWorkflows(workflows),
    moduleOf: (workflow, version) => engine.catalogue.moduleOf(workflow, version),
    close: ({ graceMs = 5_000 } = {}) => engine.close({ graceMs }),
  };
}

/** @throws SignalboxError `INPUT_INVALID` for a caller without types */
function checkMode(mode: string | undefined): void {
  if (mode === undefined || mode === 'local' || mode === 'queued' || mode === 'auto') return;
  throw new SignalboxError(
    'INPUT_INVALID',
    `Option "mode" of the orchestrator must be "local", "queued" or "auto", got "${mode}"`,
    { details: { mode } },
  );
}

function defaultLogger(): PinoLogger {
  return pino(
    { name: 'signalbox', level: process.env['SIGNALBOX_LOG'] ?? 'info' },
    pino.destination(2),
  );
}
