// Authoring

export {
  type Approve,
  type Branch,
  type Breaker,
  type Builder,
  type ChildOptions,
  type CommandDefinition,
  type Compensation,
  type ContextKeyDefinition,
  type ContextOf,
  type ContextTypes,
  type Delivery,
  type Duration,
  defineEntity,
  defineEvent,
  defineResource,
  defineTask,
  defineWorkflow,
  type Entity,
  type EventType,
  type Failure,
  type FinalReview,
  type Finish,
  failureOfStatus,
  forwardWorkflow,
  type Guard,
  type ItemFailure,
  type ItemResult,
  type MapOptions,
  type MaybeSkipped,
  type Reduction,
  type Ref,
  type Resource,
  type ResourceDefinition,
  type Retry,
  type Reviewed,
  type ReviewOptions,
  type RunFailure,
  type RunInfo,
  type Schema,
  type Settled,
  type SettledChild,
  type Task,
  type TaskContext,
  type TaskDefinition,
  type TaskOptions,
  type Undo,
  type UndoContext,
  type WaitOptions,
  type Wire,
  type Workflow,
  type WorkflowDefinition,
} from './definition/index.ts';

// Large values

export { createFolderBlobs, type FolderBlobsOptions } from './adapters/folder-blobs/index.ts';
export { BlobRef, type BlobSource, type BlobStore } from './ports/blobs.ts';

// Running

export type { Mapping, ResultsOfRun } from './chart/moving/mapping.ts';
export type { RunEvent } from './engine/announcer.ts';
export type { WorkflowSource } from './engine/catalogue.ts';
export type { Fork, ForkOptions } from './engine/fork.ts';
export type { MigratedRun, MigrateOptions, MigrationReport } from './engine/migrate.ts';
export type { PastRun } from './engine/past-run.ts';
export type { RunOutcome } from './engine/run-outcome.ts';
export type { Settings } from './engine/settings.ts';
export type { StartOptions } from './engine/start.ts';
export type { Explanation, RunView } from './engine/views.ts';
export type { Waiting } from './engine/waiting.ts';
export {
  createOrchestrator,
  type Decision,
  type Orchestrator,
  type OrchestratorOptions,
  type Pause,
  type PauseScope,
  type RunHandle,
  type RunResult,
} from './orchestrator.ts';
export type { Mode, RunMode } from './plan/plan.ts';

// Errors

export {
  CircuitOpenError,
  type ErrorCode,
  errorCodes,
  OutcomeUnknownError,
  PermanentError,
  SignalboxError,
  TransientError,
} from './errors.ts';

// Triggers

export { type BucketObject, type BucketOptions, defineBucketTrigger } from './triggers/bucket.ts';
export { defineQueueTrigger, type QueueOptions, type QueueTrigger } from './triggers/queue.ts';
export {
  defineSchedule,
  type OverlapPolicy,
  type Schedule,
  type ScheduleOptions,
  type ScheduleTick,
} from './triggers/schedule.ts';
export type { DstPolicy } from './triggers/slots.ts';
export type { TargetOptions } from './triggers/target.ts';
export type { Trigger } from './triggers/trigger.ts';
export { defineWatch, type Watch, type WatchedFile, type WatchOptions } from './triggers/watch.ts';
export {
  defineWebhook,
  type Webhook,
  type WebhookOptions,
  type WebhookSecrets,
} from './triggers/webhook.ts';
export {
  onWebhook,
  type ReceivedWebhook,
  type WebhookRule,
  type WebhookRuleOptions,
} from './triggers/webhook-rule.ts';

// Drawing; PNG is in `signalbox/png`

export { toDot } from './diagram/dot.ts';
export { type DrawOptions, drawSvg } from './diagram/draw.ts';
export {
  edgeKey,
  type Graph,
  type GraphEdge,
  type GraphNode,
  type GraphNodeKind,
  type TransitionRef,
  type View,
} from './diagram/graph.ts';
export { graphOf, type TextOptions } from './diagram/graph-of.ts';
export { overlayOfPath, type PathToShow } from './diagram/highlight.ts';
export { type MachineConfig, toMachineConfig } from './diagram/machine-config.ts';
export { toMermaid } from './diagram/mermaid.ts';
export {
  combine as combineOverlays,
  type Mark,
  type Overlay,
  type PartState,
} from './diagram/overlay.ts';
export type { Theme } from './diagram/palette.ts';
export { overlayOfRun, type RunTrace } from './diagram/run-overlay.ts';

// Ports, for adapters of one's own

export type { Clock } from './ports/clock.ts';
export type { Dispatcher, Job } from './ports/dispatcher.ts';
export type { Executor } from './ports/executor.ts';
export type { Ids } from './ports/ids.ts';
export type { Logger } from './ports/logger.ts';
export type { MessageQueue, QueueMessage } from './ports/message-queue.ts';
export type { HistoryEntry, Store } from './ports/store.ts';
