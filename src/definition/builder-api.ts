import type { z } from 'zod';
import type { Priority } from '../plan/plan.ts';
import type { EventType } from './event.ts';
import type { Task } from './task.ts';
import type {
  Atom,
  Branch,
  Duration,
  Guard,
  ItemFailure,
  ItemResult,
  Ref,
  Returned,
  Reviewed,
  RunInfo,
  Settled,
  SettledChild,
  Skippable,
  Unwired,
  Wire,
  Yield,
} from './types.ts';
import type { Workflow } from './workflow.ts';

/** `G` stays `undefined` only if `when` is absent; the type of the result depends on that alone. */
interface Gated<G> extends Ordered {
  /** The step runs if this holds, and is skipped otherwise. */
  when?: G;
}
interface Ordered {
  /** Steps that must have settled before, beyond those whose values are read. */
  after?: readonly (Ref<unknown> | string)[];
  description?: string;
  owner?: string;
}
/** Options of a step whose value nobody reads. */
interface StepOptions extends Ordered {
  when?: Guard;
}

type None = {};

type Tolerate<F> =
  | 'any'
  | readonly ([keyof F] extends [never] ? 'this task declares no failures' : keyof F)[];
type Outcome<O, F, L> = L extends 'any'
  ? Settled<O, F, 'any'>
  : L extends readonly (infer C)[]
    ? Settled<O, F, C>
    : O;

/** How a step calls a task: its input, and what its failures and its time mean for the run. */
export interface TaskOptions<I, FO, G, L> extends Gated<G> {
  input: Wire<I>;
  /** Runs with the same input when the task has failed for good. */
  fallback?: Task<I, FO>;
  /** Failures that become data instead of failing the run. */
  tolerate?: L;
  /** Limit over all attempts and waits of the step. */
  within?: Duration;
  /** Default: that of the task. */
  queue?: string;
  /** Default: that of the task, else that of the run. */
  priority?: Priority;
  /** How long it usually takes, for people who watch. */
  expected?: Duration;
  /** Ids of steps that must not begin before this one has completed, or `completion`. Being skipped is no completion. `check` proves it. */
  protects?: readonly string[];
}

/** How a step runs another workflow: as a run of its own, which is cancelled and undone with its parent. */
export interface ChildOptions<I, G, L> extends Gated<G> {
  input: Wire<I>;
  /** A failed or cancelled child becomes data instead of failing the run: why it failed, and whether what it had done is undone. */
  tolerate?: L;
}

/** Which event a step waits for, and how long. */
export interface WaitOptions<P, M, G> extends Gated<G> {
  /** How long it waits. Default: without end. */
  within?: Duration;
  /** Without it a missing event fails the run; with `continue` the consumer is made to look at `status`. */
  onTimeout?: M;
  /** An event that comes before this step waits is kept for it (default), or rejected as not expected. */
  early?: 'keep' | 'reject';
  /** Fields the event must carry with these values. */
  where?: { readonly [K in keyof P]?: Wire<P[K]> };
}
type Arrived<T, M> = M extends 'continue'
  ? { status: 'received'; value: T } | { status: 'timed_out' }
  : T;

/** `person` always asks; `automatic` and a guard are policies, recorded as the actor. A guard that does not hold asks a person. */
export type Approve = 'person' | 'automatic' | Guard;

/** Whom to ask as well when a review has been open for too long. */
export interface EscalationOptions {
  /** Counted from the opening of the review; left out of the last one with `onExpired: 'escalate'`: when the review expires. */
  after?: Duration;
  /** People and groups who may decide it from then on, beside those it is assigned to. */
  to: string | readonly string[];
  /** They alone may decide it from then on. */
  replace?: boolean;
  /** Tells them; its failures never touch the review. */
  run?: Task<{ reviewId: string; level: number; to: string[] }, unknown>;
}

/** How the decision of a review comes about. */
export interface DecisionOptions {
  /**
   * Approvals it takes, each by another person. Default 1. `{ from: { finance: 1, legal: 1 } }`: one of somebody of each of these groups; who is in
   * both counts for one. `count`, if more are needed than those, which then come from anybody it is assigned to. The default of `assignTo` is these groups.
   */
  approvals?: number | { from: { readonly [group: string]: number }; count?: number };
  /** Rejections that close it, each by another person. Default 1. Whoever rejects what they have approved takes the approval back. */
  rejections?: number;
  expires?: Duration;
  /** In order of time. What is claimed is released by it. */
  escalate?: EscalationOptions | readonly EscalationOptions[];
  /** Default true; with `approvals` above 1, false. */
  requesterMayDecide?: boolean;
}

/** What a review shows and asks, who may decide it, and what happens when nobody does. */
export interface ReviewOptions<F extends z.ZodType, G> extends Gated<G>, DecisionOptions {
  /** What an approver fills in; default: nothing. */
  form?: F;
  /** What the reviewer is shown. */
  show?: Wire<unknown>;
  assignTo?: Wire<string | readonly string[]>;
  /** People who must not decide, by the values of these references. */
  notBy?: readonly Ref<unknown>[];
  /** Default `person`. */
  approve?: Approve;
  /**
   * `reject` (default): outcome `rejected` by the policy; `continue`: outcome `expired`; `fail`: the run fails; `escalate`: the last of `escalate`
   * happens and the review stays open; `{ approve }`: approved without a person, by the policy of that name. `check` reports it.
   */
  onExpired?: 'continue' | 'reject' | 'fail' | 'escalate' | { approve: string };
  /** `continue` (default): a rejection is data; `fail`: the run fails. */
  onRejected?: 'continue' | 'fail';
  /** Runs beside the open review until it is decided; its failures never touch the review. */
  remind?: { every: Duration; run: Task<{ reviewId: string; round: number }, unknown> };
  /** Who is asked, in words. */
  audience?: string;
  /** Ids of steps that must not begin unless it was approved, or `completion`. `check` proves it. */
  protects?: readonly string[];
}

/** How many items are worked on side by side, and what the failure of one means. */
export interface MapOptions<B, P, G> extends Gated<G> {
  /** Items at work at the same time; default 10. */
  concurrency?: number;
  /** Items per call of the body, which then gets a list. */
  batch?: B;
  /** `collect` goes on past failed items and yields them beside the complete ones. */
  onItemFailure?: P;
}
type Item<T, B> = [B] extends [number] ? T[] : T;
type Mapped<T, R, P> = P extends 'collect'
  ? { complete: ItemResult<T, R>[]; failed: ItemFailure<T>[] }
  : R[];

/** The branches of a field: its literals, and 'undefined' or 'null' where it may be absent, so that absence is a branch as well. */
type Key<V> = `${V & Exclude<Atom, bigint>}`;
/** A field without a closed list of values needs `otherwise`. */
type Otherwise<V, D> = string extends V
  ? [otherwise: () => D]
  : number extends V
    ? [otherwise: () => D]
    : [];
type Narrowed<T, F extends keyof T, K> = T extends unknown
  ? K extends Key<T[F]>
    ? T
    : never
  : never;
type Cases<T, F extends keyof T> = {
  readonly [K in Key<T[F]>]: (value: Ref<Narrowed<T, F, K>>) => Branch;
};

/** Who approves the result before the run counts as complete, and what becomes of it when nobody does. */
export interface FinalReview extends DecisionOptions {
  approve: Approve;
  assignTo?: Wire<string | readonly string[]>;
  /** `fail` (default), `escalate`, or `{ approve }`, as of a review in the middle. */
  onExpired?: 'fail' | 'escalate' | { approve: string };
}

declare const finish: unique symbol;
/** The output of a workflow, as `w.finish` declares it; `steps` returns it. */
export interface Finish<out O> {
  readonly [finish]: O;
}

/** Keys of the run context: what is read, and what an update delivers. */
export interface ContextTypes {
  readonly [key: string]: { readonly value: unknown; readonly update: unknown };
}

/** What `steps` declares the workflow with. Every method throws `DEFINITION_INVALID` for a mistake; ids are unique in the workflow. */
export interface Builder<I, X extends ContextTypes = None> {
  readonly input: Ref<I>;
  readonly run: Ref<RunInfo>;
  /** The declared run context; a step reads what is there when it starts. */
  readonly context: { readonly [K in keyof X]: Ref<X[K]['value']> };

  task<
    TI,
    O,
    F,
    FO = never,
    G extends Guard | undefined = undefined,
    const L extends Tolerate<F> | undefined = undefined,
  >(
    id: string,
    task: Task<TI, O, F>,
    options: TaskOptions<NoInfer<TI>, FO, G, L>,
  ): Ref<Skippable<Outcome<O | NoInfer<FO>, F, L>, G>>;

  /** Another workflow as a step; its undo list is run when this run is compensated. */
  child<
    CI,
    O,
    G extends Guard | undefined = undefined,
    const L extends 'any' | undefined = undefined,
  >(
    id: string,
    workflow: Workflow<CI, O>,
    options: ChildOptions<NoInfer<CI>, G, L>,
  ): Ref<Skippable<[L] extends ['any'] ? SettledChild<O> : O, G>>;

  /** Asks a person. */
  review<F extends z.ZodType = z.ZodObject<None>, G extends Guard | undefined = undefined>(
    id: string,
    options?: ReviewOptions<F, G>,
  ): Ref<Skippable<Reviewed<z.output<F>>, G>>;

  /** Waits for an event from outside. */
  waitFor<E, P, M extends 'fail' | 'continue' = 'fail', G extends Guard | undefined = undefined>(
    id: string,
    event: EventType<E, P>,
    options?: WaitOptions<NoInfer<P>, M, G>,
  ): Ref<Skippable<Arrived<P, M>, G>>;

  /** A durable wait; a number is milliseconds. */
  sleep<G extends Guard | undefined = undefined>(
    id: string,
    options: Gated<G> & { for: Wire<Duration | number> | Ref<string> },
  ): Ref<Skippable<undefined, G>>;

  /** Sends an event to whoever waits for it or starts on it. */
  emit<E, P, G extends Guard | undefined = undefined>(
    id: string,
    event: EventType<E, P>,
    options: Gated<G> & { payload: Wire<NoInfer<E>> },
  ): Ref<undefined>;

  /** Ends the run as failed, after compensation. Never yields, so a branch that fails adds nothing to the type of a choice. */
  fail(id: string, message: string, options?: StepOptions): Ref<never>;

  /** Pure, quick and synchronous; runs inside the transition. */
  derive<const W, T>(
    id: string,
    from: W,
    compute: (value: Unwired<W>) => T,
    options?: Ordered,
  ): Ref<T>;

  /** A named condition over values; evaluated once, when they are there. `otherwise` is the recorded reason of a skip. */
  is<W>(
    of: W,
    label: string,
    test: (value: Unwired<W>) => boolean,
    options?: { otherwise?: string },
  ): Guard;
  not(guard: Guard, options?: { otherwise?: string }): Guard;
  all(...guards: Guard[]): Guard;
  any(...guards: Guard[]): Guard;

  /** Everything declared inside runs in the order of declaration, data or no data. */
  sequence<R>(declare: () => R): R;
  /** Two branches by a guard. Inside a branch nothing is "maybe": only the result of the whole is. */
  when<A extends Branch, B extends Branch = void>(
    id: string,
    guard: Guard,
    then: () => A,
    otherwise?: () => B,
  ): Ref<Yield<A> | Yield<B>>;
  /** Runs the branch if the step was not skipped, with its value as a certain one. */
  ifRan<T, A extends Branch>(
    id: string,
    step: Ref<T>,
    then: (value: Ref<Exclude<T, undefined>>) => A,
  ): Ref<Yield<A> | undefined>;
  /** One branch per value of a field; a missing or misspelt branch is a compile error. `T & {}` refuses a step that may be skipped. */
  choose<T, F extends keyof T, C extends Cases<T, F>, D extends Branch = Ref<never>>(
    id: string,
    of: Ref<T & {}>,
    field: F,
    cases: C,
    ...otherwise: Otherwise<T[F], D>
  ): Ref<Returned<C[keyof C]> | Yield<D>>;

  /** The body once per item. It holds tasks and derives; anything else belongs into a workflow of its own, called by a task of its parent. */
  map<
    T,
    R extends Branch,
    const B extends number | undefined = undefined,
    P extends 'fail' | 'collect' = 'fail',
    G extends Guard | undefined = undefined,
  >(
    id: string,
    items: Ref<readonly T[]>,
    options: MapOptions<B, P, G>,
    each: (item: Ref<Item<T, B>>, index: Ref<number>) => R,
  ): Ref<Skippable<Mapped<Item<T, B>, Yield<R>, P>, G>>;

  /** A business status of the run that queries read, also after its end. Reached when the steps of `after` have settled. */
  milestone(name: string, options?: StepOptions): void;
  /** Writes the run context as part of the commit in which the value appears. */
  update<K extends keyof X & string>(
    key: K,
    value: Wire<X[K]['update']>,
    options?: StepOptions,
  ): void;

  /** How the run passes its last `waiting_review`. Returning a plain reference from `steps` means `{ approve: 'automatic' }`. */
  finish<const W>(output: W, review: FinalReview): Finish<Unwired<W>>;
}
