/**
 * The plan: a workflow in plain JSON. Authoring produces it; chart, engine, drawings, proofs and version diff read it and nothing else.
 *
 * Two kinds of node. *Steps* have a state of their own in the chart, because something outside the transition must happen for them to end.
 * *Pure nodes* (predicate, derive, choice, merge, update, milestone) are computed when their last source settles, inside the same commit.
 */
import type { Json, JsonSchema } from './json.ts';

export type RunStatus =
  | 'pending'
  | 'processing'
  | 'waiting_review'
  | 'compensating'
  | 'complete'
  | 'failed'
  | 'cancelled';

/** References that are not steps. `$item` and `$index` exist inside the body of a map only. */
export type Source = '$input' | '$run' | '$context' | '$item' | '$index';

/** Places in a value, each a list of keys from the outside in; `*` stands for any index or key, the empty list for the whole. */
export type Paths = readonly (readonly string[])[];

/** How a value is put together. Keys are pairs, so that no key (`__proto__`) has a meaning of its own. */
export type Wiring =
  | {
      readonly kind: 'ref';
      readonly of: Source | (string & {});
      readonly path: readonly (string | number)[];
    }
  | { readonly kind: 'literal'; readonly value: Json }
  | {
      readonly kind: 'object';
      readonly entries: readonly (readonly [key: string, value: Wiring])[];
    }
  | { readonly kind: 'array'; readonly items: readonly Wiring[] }
  /** A literal `undefined`, which JSON has no word for. */
  | { readonly kind: 'absent' };

/** A boolean over facts. `fact` names a predicate node, `choice` a choice node. */
export type Condition =
  | { readonly fact: string }
  | { readonly choice: string; readonly is: string }
  /** True if the node settled without being skipped. */
  | { readonly ran: string }
  | { readonly not: Condition }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

/** A condition that must hold for a node to run. `label` names it to people; `otherwise` is the recorded reason of the skip. */
export interface Gate {
  readonly condition: Condition;
  readonly label: string;
  readonly otherwise?: string;
}

interface NodeBase {
  /** Unique in the workflow. Steps and derives: as declared. Predicates: `?label`. Merges: `id.merged`. */
  readonly id: string;
  /** Nodes that must have settled before, beyond those that inputs and gates name. */
  readonly after: readonly string[];
  /** All must hold; the first that does not gives the reason of the skip. Branches add theirs in front. */
  readonly gates: readonly Gate[];
  readonly description?: string;
  readonly owner?: string;
}

// --- policies ----------------------------------------------------------------------------------------------------------------------

export interface RetryPolicy {
  /** Attempts in all, the first included; 1 never retries. */
  readonly maxAttempts: number;
  readonly backoff: {
    readonly kind: 'fixed' | 'exponential';
    readonly initialMs: number;
    readonly factor: number;
    readonly maxMs: number;
    /** `full` draws the wait evenly from [0, computed wait). */
    readonly jitter: 'none' | 'full';
  };
}

export interface BreakerPolicy {
  readonly name: string;
  /** Consecutive transient failures that open it. */
  readonly failureThreshold: number;
  readonly resetAfterMs: number;
  readonly whenOpen: 'wait' | 'fail';
}

export type Priority = 'high' | 'default' | 'low';
export type Tolerance = 'any' | readonly string[];

/** Everything about calling one handler. */
export interface TaskCall {
  /** Name of the task in the workflow's bindings. */
  readonly task: string;
  readonly retry: RetryPolicy;
  /** Time limit of one attempt. */
  readonly timeoutMs?: number;
  readonly heartbeatTimeoutMs?: number;
  readonly breaker?: BreakerPolicy;
  readonly queue: string;
  readonly priority?: Priority;
  readonly repeat: 'safe' | 'unsafe';
  readonly compensate: 'none' | 'irreversible' | 'handler';
  readonly undo?: { readonly retry: RetryPolicy; readonly timeoutMs?: number };
  /** Results are remembered across runs under the task's business key for this long. */
  readonly rememberMs?: number;
  /** Failures the task may declare by `fail(code, detail)`: by code, what the detail looks like. */
  readonly failures: { readonly [code: string]: JsonSchema };
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  /** Paths of fields marked `sensitive`, `*` standing for any index or key. */
  readonly sensitive: {
    readonly input: Paths;
    readonly output: Paths;
    /** Of all declared failures: which of them it is, is known in a run only. */
    readonly detail: Paths;
  };
}

// --- steps: each has a state of its own in the chart -------------------------------------------------------------------------------

export interface TaskStep extends NodeBase {
  readonly kind: 'task';
  readonly input: Wiring;
  readonly call: TaskCall;
  /** Runs with the same input when the task has failed for good. */
  readonly fallback?: TaskCall;
  readonly tolerate?: Tolerance;
  /** Limit over all attempts and waits of the step. */
  readonly withinMs?: number;
  readonly expectedMs?: number;
  /** Steps that begin only once this one has completed, or `completion`; `check` proves it. */
  readonly protects?: readonly string[];
}

/** Widens the circle of those who may decide a review that has been open for so long. */
export interface Escalation {
  /** Counted from the opening of the review. */
  readonly afterMs: number;
  /** People and groups. */
  readonly to: readonly string[];
  /** They alone may decide from then on. */
  readonly replace?: true;
  /** Tells them. */
  readonly call?: TaskCall;
}

/** As many approvals as that come from people of the group. */
export type GroupShare = {
  readonly group: string;
  readonly approvals: number;
};

/** How the decision of a review comes about. */
export interface DecisionPolicy {
  /** Approvals it takes, each by another person; absent: one. */
  readonly approvals?: number;
  /** Groups that so many of the approvals must come from. A person in several of them counts for one. */
  readonly from?: readonly GroupShare[];
  /** Rejections that close it, each by another person; absent: one. */
  readonly rejections?: number;
  /** In order of time. */
  readonly escalate?: readonly Escalation[];
  /** Name of the policy that approves when the review expires; with `onExpired: 'approve'`, and then always. */
  readonly expiryPolicy?: string;
}

export interface ReviewStep extends NodeBase, DecisionPolicy {
  readonly kind: 'review';
  readonly form: JsonSchema;
  readonly show?: Wiring;
  readonly assignTo?: Wiring;
  /** People who must not decide: the values of these references. */
  readonly notBy: readonly Wiring[];
  readonly requesterMayDecide: boolean;
  readonly approve: Approval;
  readonly expiresMs?: number;
  /** `continue`: outcome `expired`; `reject`: outcome `rejected` by the policy; `fail`: the run fails; `approve`: nobody has objected. */
  readonly onExpired: 'continue' | 'reject' | 'fail' | 'approve';
  readonly onRejected: 'continue' | 'fail';
  readonly remind?: { readonly everyMs: number; readonly call: TaskCall };
  readonly audience?: string;
  /** Steps that begin only once it was approved, or `completion`; `check` proves it. */
  readonly protects?: readonly string[];
}

/** A message from or to the outside, as the workflow knows it. */
export interface EventShape {
  /** What is sent. */
  readonly payload: JsonSchema;
  readonly sensitive: Paths;
}

/** Who approves: a person always, a policy always, or a policy if the condition holds and a person otherwise. */
export type Approval =
  | { readonly by: 'person' }
  | { readonly by: 'automatic' }
  | { readonly by: 'guard'; readonly condition: Condition; readonly label: string };

export interface WaitStep extends NodeBase {
  readonly kind: 'wait';
  readonly event: string;
  readonly where: readonly (readonly [key: string, value: Wiring])[];
  readonly withinMs?: number;
  readonly onTimeout: 'fail' | 'continue';
  readonly early: 'keep' | 'reject';
}

export interface SleepStep extends NodeBase {
  readonly kind: 'sleep';
  /** Yields a duration such as `30s`, or a number of milliseconds. */
  readonly for: Wiring;
}

export interface ChildStep extends NodeBase {
  readonly kind: 'child';
  readonly workflow: string;
  readonly version: number;
  readonly input: Wiring;
  readonly tolerate?: 'any';
  /** Fields of the child's output marked `sensitive`. */
  readonly sensitive: Paths;
}

/** Items are rows of the store, outside chart and snapshot; the body's nodes are its own. */
export interface MapStep extends NodeBase {
  readonly kind: 'map';
  readonly items: Wiring;
  readonly concurrency: number;
  /** Items per call of the body; `undefined`: one, not in a list. */
  readonly batch?: number;
  readonly onItemFailure: 'fail' | 'collect';
  readonly body: readonly (TaskStep | DeriveNode)[];
  readonly yields: Wiring;
}

export interface EmitStep extends NodeBase {
  readonly kind: 'emit';
  readonly event: string;
  readonly payload: Wiring;
}

export interface FailStep extends NodeBase {
  readonly kind: 'fail';
  readonly message: string;
}

// --- pure nodes --------------------------------------------------------------------------------------------------------------------

export interface PredicateNode extends NodeBase {
  readonly kind: 'predicate';
  readonly label: string;
  readonly of: Wiring;
}

export interface DeriveNode extends NodeBase {
  readonly kind: 'derive';
  readonly from: Wiring;
}

/** Decides a branch when its source settles: by ordered conditions, or by the value of a field. The fact is the name of the case. */
export interface ChoiceNode extends NodeBase {
  readonly kind: 'choice';
  readonly by:
    | {
        readonly conditions: readonly (readonly [
          name: string,
          condition: Condition,
          label: string,
        ])[];
        readonly otherwise: string;
      }
    | { readonly field: Wiring; readonly cases: readonly string[]; readonly otherwise?: string };
}

/** Joins the branches of a choice: the value of the branch taken; waits for none of the others. */
export interface MergeNode extends NodeBase {
  readonly kind: 'merge';
  readonly choice: string;
  readonly cases: readonly (readonly [name: string, value: Wiring])[];
  /** Every node declared inside the branches, so that the join also waits for effects nobody reads. */
  readonly members: readonly string[];
}

export interface UpdateNode extends NodeBase {
  readonly kind: 'update';
  readonly key: string;
  readonly value: Wiring;
}

export interface MilestoneNode extends NodeBase {
  readonly kind: 'milestone';
  readonly name: string;
}

export type StepNode =
  | TaskStep
  | ReviewStep
  | WaitStep
  | SleepStep
  | ChildStep
  | MapStep
  | EmitStep
  | FailStep;
export type PureNode =
  | PredicateNode
  | DeriveNode
  | ChoiceNode
  | MergeNode
  | UpdateNode
  | MilestoneNode;
export type PlanNode = StepNode | PureNode;
export type StepKind = StepNode['kind'];

// --- the whole ---------------------------------------------------------------------------------------------------------------------

export interface ContextKey {
  readonly schema: JsonSchema;
  readonly initial: Json;
  /** `named:x` calls the reducer `x` of the workflow's bindings. */
  readonly reduce: 'replace' | 'sum' | 'append' | 'max' | 'min' | 'merge' | `named:${string}`;
}

/**
 * `local`: an attempt runs in the process that holds the run as soon as it is committed. `queued`: it goes through the dispatcher, with queues,
 * priorities and limits.
 */
export type RunMode = 'local' | 'queued';
/** `auto`: local for a workflow of fewer than ten steps without parallelism and without queues or priorities of its own, else queued. */
export type Mode = RunMode | 'auto';

export interface Plan {
  readonly format: 1;
  readonly name: string;
  readonly version: number;
  readonly description?: string;
  readonly owner?: string;
  readonly input: JsonSchema;
  readonly sensitiveInput: Paths;
  readonly timeoutMs?: number;
  readonly onFailure: 'compensate' | 'keep';
  /** What happens to running attempts when the run fails or is cancelled. */
  readonly stopping: 'drain' | 'abort';
  readonly abortGraceMs: number;
  readonly durability: 'durable' | 'fast';
  /** Absent: not said; see `modeOf`. */
  readonly mode?: Mode;
  readonly startOn: readonly string[];
  /** By name: every event that steps wait for or emit, or that starts a run. */
  readonly events: { readonly [name: string]: EventShape };
  readonly context: { readonly [key: string]: ContextKey };
  readonly onFailed?: TaskCall;
  /** In order of declaration. */
  readonly nodes: readonly PlanNode[];
  readonly output: Wiring;
  /** The closing review. */
  readonly finish: DecisionPolicy & {
    readonly approve: Approval;
    readonly assignTo?: Wiring;
    readonly expiresMs?: number;
    /** Absent: the run fails. */
    readonly onExpired?: 'approve';
    readonly requesterMayDecide: boolean;
  };
  readonly sensitiveOutput: Paths;
  /** SHA-256, hex, over the canonical JSON of everything above but descriptions and owners. */
  readonly hash: string;
}

export type PlanWithoutHash = Omit<Plan, 'hash'>;

const pureKinds: ReadonlySet<string> = new Set([
  'predicate',
  'derive',
  'choice',
  'merge',
  'update',
  'milestone',
]);

export function isStep(node: PlanNode): node is StepNode {
  return !pureKinds.has(node.kind);
}

export type { Json, JsonSchema };
