export type {
  Approve,
  Builder,
  ChildOptions,
  ContextTypes,
  FinalReview,
  Finish,
  MapOptions,
  ReviewOptions,
  TaskOptions,
  WaitOptions,
} from './builder-api.ts';
export type { ContextKeyDefinition, ContextOf, Reduction } from './context.ts';
export { contractOf, doorOf, sensitivePaths } from './contract.ts';
export { defineWorkflow, forwardWorkflow, type WorkflowDefinition } from './define-workflow.ts';
export {
  type CommandDefinition,
  defineEntity,
  type Entity,
} from './entity.ts';
export { defineEvent, type EventType } from './event.ts';
export { failureOfStatus } from './http-failure.ts';
export { jsonSchemaOf } from './json-schema.ts';
export type { Breaker, Delivery, Retry } from './policy.ts';
export { defineResource, type Resource, type ResourceDefinition } from './resource.ts';
export {
  type Compensation,
  defineTask,
  type Schema,
  type Task,
  type TaskContext,
  type TaskDefinition,
  type Undo,
  type UndoContext,
} from './task.ts';
export type {
  Branch,
  Duration,
  Failure,
  Guard,
  ItemFailure,
  ItemResult,
  MaybeSkipped,
  Ref,
  Reviewed,
  RunFailure,
  RunInfo,
  Settled,
  SettledChild,
  Wire,
} from './types.ts';
export type { Workflow } from './workflow.ts';
