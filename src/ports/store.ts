/**
 * The store: the only truth. One run is one unit of consistency with a revision; everything that crosses runs is a message.
 *
 * Guarantees every adapter gives:
 * - `commit` is atomic per run commit and durable when it resolves (mode `durable`); of one batch either every run commit that is not
 *   reported as `conflict`, `duplicate` is written, or, if it throws, none is.
 * - Every write that belongs to a run is fenced by `expectedRevision` and `expectedEpoch`.
 * - Values come back exactly as they went in (deep copies; JSON only).
 */
import type { Json, JsonObject } from '../plan/json.ts';
import type { Plan, Priority, RunStatus } from '../plan/plan.ts';

// --- a run -------------------------------------------------------------------------------------------------------------------------

/** Written when the run is created. When it moves to another version, `version`, `planHash` and nothing else change. */
export interface RunHeader {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly planHash: string;
  readonly input: Json;
  /** Who asked for the run; `null` if unknown. */
  readonly actor: string | null;
  readonly key: string | null;
  readonly labels: { readonly [name: string]: string };
  readonly priority: Priority;
  readonly parent: { readonly runId: string; readonly step: string } | null;
  /** The run this one was forked from, and the entry of its history it took over from. */
  readonly forkedFrom?: { readonly runId: string; readonly seq: number };
  /** Nesting of children, the outermost being 0. */
  readonly depth: number;
  readonly createdAtMs: number;
}

export interface Lease {
  readonly owner: string;
  readonly expiresAtMs: number;
}

/** Rewritten by every commit; its size does not depend on how many steps have run. */
export interface RunState {
  /** Counts commits, from 1. */
  readonly revision: number;
  /** Grows by one each time another engine takes the run over. */
  readonly epoch: number;
  readonly lease: Lease | null;
  readonly status: RunStatus;
  readonly generation: number;
  readonly updatedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly pausedAtMs: number | null;
  /** Last sequence number and hash of the history. */
  readonly seq: number;
  readonly headHash: string;
  /** Something must be done by an engine at once, should its owner be gone (attempts scheduled, effects not carried out). */
  readonly active: boolean;
  /** Earliest time at which the run needs an engine, or `null`. */
  readonly dueAtMs: number | null;
  /** Names of the events the run waits for now. */
  readonly awaits: readonly string[];
  /** Steps with an open review now; the closing review is `completion`. */
  readonly reviews: readonly string[];
  /** Where it stands, for those who look for runs; absent of runs that have ended. */
  readonly standing?: Standing;
  /** Everything else the engine keeps of a run: envelope, snapshot, open waits, mailbox, run context. Opaque to stores. */
  readonly body: JsonObject;
}

export interface StoredRun {
  readonly header: RunHeader;
  readonly state: RunState;
}

/** One entry a transition; `hash` covers everything but `salt`, `inputHash`, `output`, `snapshot` and itself. */
export interface HistoryEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly generation: number;
  readonly atMs: number;
  readonly event: string;
  readonly actor: string;
  readonly from: RunStatus | null;
  readonly to: RunStatus;
  readonly step: string | null;
  readonly attempt: number | null;
  readonly durationMs: number | null;
  /** How the entry settles its step, if it does. */
  readonly settles: 'complete' | 'skipped' | 'failed' | null;
  /** SHA-256, hex, of the canonical JSON (RFC 8785) of the step's input; `null` if there is none or it was erased. */
  readonly inputHash: string | null;
  readonly inputDigest: string | null;
  /** Result of the step; absent if there is none or it was erased. */
  readonly output?: Json;
  readonly outputDigest: string | null;
  readonly salt: string | null;
  readonly error: JsonObject | null;
  /** Whatever else the transition was decided on: facts, reasons, draws. */
  readonly data: JsonObject | null;
  /** The chart's state after this entry, present every n entries. */
  readonly snapshot?: Json;
  readonly previousHash: string;
  readonly hash: string;
}

// --- writing -----------------------------------------------------------------------------------------------------------------------

/** Durable request to a run, or to whoever waits for an event. Applied once per `id`. */
export interface Message {
  /** Deterministic where the sender may repeat itself. At most 200 characters. */
  readonly id: string;
  /** `null`: to every run that waits for the event named in `body`, and to the workflows it starts. */
  readonly runId: string | null;
  readonly kind: string;
  readonly body: JsonObject;
  readonly atMs: number;
}

export interface MessageAnswer {
  readonly id: string;
  readonly answer: JsonObject;
}

/** Claim of an idempotency key by the run that is created with it. */
export interface KeyClaim {
  /** Workflow and key, joined by the engine. */
  readonly key: string;
  readonly payloadHash: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
}

export interface RunCommit {
  readonly runId: string;
  /** 0 creates the run. */
  readonly expectedRevision: number;
  readonly expectedEpoch: number;
  /** Present if the commit creates the run, or replaces the header of one that moves to another version. */
  readonly header: RunHeader | null;
  readonly state: RunState;
  readonly history: readonly HistoryEntry[];
  readonly claim: KeyClaim | null;
  readonly messages: readonly Message[];
  readonly answers: readonly MessageAnswer[];
  /** Results to remember across runs; `expiresAtMs` counts from the commit. */
  readonly remember: readonly RememberedResult[];
  /** `fast` allows the adapter to acknowledge before the fsync. */
  readonly durability: 'durable' | 'fast';
}

export type CommitOutcome =
  | { readonly outcome: 'committed' }
  /** Revision or epoch is stale, or the run exists already. */
  | { readonly outcome: 'conflict' }
  /** The key belongs to a living claim; nothing was written. */
  | { readonly outcome: 'duplicate'; readonly runId: string; readonly payloadHash: string };

/** Fence of a write made while an attempt runs, outside a run commit. */
export interface Fence {
  readonly runId: string;
  readonly epoch: number;
}

/** Part of a task computed once, by name. `path`: step, or `step/index/node` inside a map. */
export interface Checkpoint {
  readonly runId: string;
  readonly generation: number;
  readonly path: string;
  readonly name: string;
  readonly value: Json;
}

/** One item of a map. `state` is the engine's and opaque. */
export interface MapItem {
  readonly runId: string;
  readonly generation: number;
  readonly step: string;
  /** From 0, in the order of the input. */
  readonly index: number;
  readonly status: 'waiting' | 'running' | 'complete' | 'failed';
  readonly state: JsonObject;
}

export interface RememberedResult {
  readonly key: string;
  /** Present once the result is known; before, the claim alone. */
  readonly output?: Json;
  /** `runId/step` of the claimant. */
  readonly claimant: string;
  readonly expiresAtMs: number;
}

export interface BreakerRecord {
  readonly name: string;
  /** Counts writes, from 1. */
  readonly revision: number;
  readonly state: 'closed' | 'open' | 'half_open';
  readonly failures: number;
  readonly openedAtMs: number | null;
  /** Who probes, `runId/step/token`, and until when the claim holds. */
  readonly probe: { readonly by: string; readonly expiresAtMs: number } | null;
  readonly failureThreshold: number;
  readonly resetAfterMs: number;
}

/** State by name and key that belongs to no run. */
export interface EntityRecord {
  readonly name: string;
  readonly key: string;
  /** Counts writes, from 1. */
  readonly revision: number;
  readonly state: Json;
  /** Commands that may be repeated, oldest first. */
  readonly applied: readonly AppliedCommand[];
}

/** A command to an entity that has been applied, and what it yielded. */
export interface AppliedCommand {
  readonly id: string;
  readonly runId: string;
  readonly output: Json;
}

/** A document of the service beside the runs; its value is opaque to stores. */
export interface StoredRecord {
  /** 1 to 100 characters. */
  readonly collection: string;
  /** 1 to 500 characters. */
  readonly key: string;
  /** Counts writes, from 1; a record that was removed begins anew. */
  readonly revision: number;
  readonly value: JsonObject;
}

export interface RecordChange {
  readonly collection: string;
  readonly key: string;
  /** Revision the record has now; 0: it must not exist yet. */
  readonly expectedRevision: number;
  /** At most 4 MiB of JSON text; `null` removes the record. */
  readonly value: JsonObject | null;
}

/** Which records of a collection, and how many. */
export interface RecordPage {
  /** Only keys that begin with it. */
  readonly prefix?: string;
  /** Exclusive. */
  readonly after?: string;
  /** Exclusive. */
  readonly before?: string;
  /** Default: ascending. */
  readonly order?: 'ascending' | 'descending';
  /** 1 to 1,000. */
  readonly limit: number;
}

// --- reading -----------------------------------------------------------------------------------------------------------------------

export interface Standing {
  /** Kinds of what it waits for (`review`, `event`, `timer`, …), each with the time since when it does so longest, in milliseconds since 1970. */
  readonly waits: { readonly [kind: string]: number };
  /** Active states of the chart, as `processing.working.approval.waiting_review`; the first hundred. */
  readonly states: readonly string[];
}

/** Which runs are meant; what is left out does not narrow. */
export interface RunFilter {
  readonly workflow?: string;
  readonly version?: number;
  readonly status?: readonly RunStatus[];
  /** All must match exactly. */
  readonly labels?: { readonly [name: string]: string };
  readonly parent?: string;
  /** Only runs with an open review. */
  readonly hasReview?: boolean;
  readonly createdAfterMs?: number;
  readonly createdBeforeMs?: number;
  /** Inside id, key, workflow, or a label's name or value; upper and lower case count as the same. */
  readonly text?: string;
  /** Only runs that wait for one of these kinds of things. */
  readonly waitsFor?: readonly string[];
  /** Only runs that have waited since before then, in milliseconds since 1970; with `waitsFor`: for that. */
  readonly waitsBeforeMs?: number;
  /** Path of a state of the chart in which, or inside which, the run is. */
  readonly state?: string;
}

export interface RunQuery extends RunFilter {
  /** 1 to 1,000. */
  readonly limit: number;
  /** From an earlier page; opaque. */
  readonly cursor?: string;
}

/** Newest first; `cursor` is `null` on the last page. */
export interface RunCount {
  readonly workflow: string;
  readonly status: RunStatus;
  /** At least one. */
  readonly runs: number;
}

export interface RunPage {
  readonly runs: readonly StoredRun[];
  readonly cursor: string | null;
}

export interface PruneQuery {
  readonly finishedBeforeMs: number;
  readonly status?: readonly RunStatus[];
  readonly workflow?: string;
  readonly dryRun: boolean;
}

/** A run whose document or row cannot be trusted; kept aside, never overwritten. */
export interface DamagedRun {
  readonly runId: string;
  readonly reason: string;
  /** Where the bytes are kept. */
  readonly location: string;
}

export interface ExportedRun extends StoredRun {
  readonly history: readonly HistoryEntry[];
  readonly checkpoints: readonly Checkpoint[];
  readonly items: readonly MapItem[];
}

/** Keeps runs and everything that must survive a crash. What a method has resolved for is durable, as far as the store is; see the contract in `signalbox/testing`. */
export interface Store {
  /** Names the store in messages. */
  readonly kind: 'memory' | 'lowdb' | 'sqlite' | (string & {});
  /** Several processes may have it open for writing; leases decide who runs what. */
  readonly shared: boolean;
  /** Opened for reading: every write is refused with `STORE_READ_ONLY`. */
  readonly readOnly: boolean;
  /** `mapItems`: items of one map, at most. */
  readonly limits: { readonly mapItems: number };

  /** In the order given; several commits of one run are allowed and build on each other. @throws SignalboxError `STORE_UNAVAILABLE` */
  commit(batch: readonly RunCommit[]): Promise<readonly CommitOutcome[]>;

  /** @throws SignalboxError `RUN_DAMAGED` */
  load(runId: string): Promise<StoredRun | null>;
  /** Ascending by `seq`; `limit` 1 to 10,000. */
  history(
    runId: string,
    page: { readonly afterSeq: number; readonly limit: number },
  ): Promise<readonly HistoryEntry[]>;
  /** The entries with `settles` of one generation, ascending; only those of `steps` if given. */
  settled(
    runId: string,
    generation: number,
    steps?: readonly string[],
  ): Promise<readonly HistoryEntry[]>;
  list(query: RunQuery): Promise<RunPage>;
  /** Runs of each workflow and status, without those of which there are none. Damaged ones may be among them. */
  count(filter: RunFilter): Promise<readonly RunCount[]>;
  damaged(): Promise<readonly DamagedRun[]>;

  /**
   * Runs that need an engine: active ones, ones with `dueAtMs <= nowMs`, ones with unanswered messages; only if their lease is free, has
   * expired at `nowMs`, or belongs to `owner`. With `anyLease` leases are ignored (stores that are not shared, at start-up).
   */
  claimable(query: {
    readonly nowMs: number;
    readonly owner: string;
    readonly anyLease: boolean;
    readonly limit: number;
  }): Promise<readonly string[]>;
  /** Earliest `dueAtMs` over all runs that are not paused, or `null`. */
  nextDueAtMs(): Promise<number | null>;
  /** Prolongs the leases of `owner` on these runs; returns the runs on which it holds none any more. */
  renew(owner: string, runIds: readonly string[], expiresAtMs: number): Promise<readonly string[]>;
  /** Runs waiting for the event now. */
  awaiting(event: string): Promise<readonly string[]>;

  /** Stores messages whose id is new; returns the ids that were known already. */
  send(messages: readonly Message[]): Promise<readonly string[]>;
  /** Unanswered messages in order of arrival; `null` for those without a run. */
  inbox(runId: string | null): Promise<readonly Message[]>;
  /** `null`: unknown id. `answer: null`: not answered yet. */
  answer(messageId: string): Promise<{ readonly answer: JsonObject | null } | null>;
  /** Answers a message that belongs to no run commit. */
  settleMessage(answer: MessageAnswer): Promise<void>;

  /** The living claim of an idempotency key. */
  key(key: string, nowMs: number): Promise<(KeyClaim & { readonly runId: string }) | null>;

  /** Claims `result.key`, or returns what holds it: a result, or the claim of another. A claim that has expired at `nowMs` is free. */
  claimResult(result: RememberedResult, nowMs: number): Promise<RememberedResult | null>;
  releaseResult(key: string, claimant: string): Promise<void>;

  breakers(): Promise<readonly BreakerRecord[]>;
  /** Compare-and-set on `record.revision - 1`; `false` if another was faster. */
  saveBreaker(record: BreakerRecord): Promise<boolean>;

  savePlan(plan: Plan): Promise<void>;
  plan(name: string, version: number, hash: string): Promise<Plan | null>;
  plans(): Promise<
    readonly { readonly name: string; readonly version: number; readonly hash: string }[]
  >;

  /** Durable when it resolves. @returns `false` if the fence is stale */
  saveCheckpoint(checkpoint: Checkpoint, fence: Fence): Promise<boolean>;
  checkpoints(runId: string, generation: number, path: string): Promise<readonly Checkpoint[]>;

  /** Inserts or replaces rows in one durable write. @returns `false` if the fence is stale. @throws SignalboxError `MAP_TOO_LARGE` */
  saveItems(items: readonly MapItem[], fence: Fence): Promise<boolean>;
  /** Ascending by index, from `afterIndex` exclusive (-1: from the start). */
  items(
    runId: string,
    generation: number,
    step: string,
    page: { readonly afterIndex: number; readonly limit: number },
  ): Promise<readonly MapItem[]>;

  entity(name: string, key: string): Promise<EntityRecord | null>;
  /**
   * Compare-and-set on `record.revision - 1`; durable when it resolves.
   *
   * @returns `conflict` if another was faster, `stale` if the fence is
   */
  saveEntity(record: EntityRecord, fence: Fence): Promise<'saved' | 'conflict' | 'stale'>;
  /** Every entity, in no particular order. Not removed by `prune`. */
  entities(): AsyncIterable<EntityRecord>;

  record(collection: string, key: string): Promise<StoredRecord | null>;
  /** By code points of their keys, which for keys of plain letters, digits and signs is the order of JavaScript. */
  records(collection: string, page: RecordPage): Promise<readonly StoredRecord[]>;
  /**
   * Compare-and-set of 1 to 1,000 records, in the order given: all or none, also across a crash; durable when it resolves. Calls that come in
   * one turn of the event loop share one write. Not removed by `prune`.
   *
   * @returns `false` if a revision was stale: nothing is written
   * @throws SignalboxError `PAYLOAD_TOO_LARGE` if a value is too long, `INPUT_INVALID` if a name is
   */
  saveRecords(changes: readonly RecordChange[]): Promise<boolean>;

  /** Removes output, input hash and salt of these entries; the chain still verifies. */
  erase(runId: string, seqs: readonly number[]): Promise<void>;
  /** Removes finished runs with everything of theirs; returns their ids. A child stays as long as its parent does. */
  prune(query: PruneQuery): Promise<readonly string[]>;
  /** Every run at one moment. */
  export(): AsyncIterable<ExportedRun>;
  /** A consistent copy that opens as a store. */
  backup(destination: string): Promise<void>;

  close(): Promise<void>;
}
