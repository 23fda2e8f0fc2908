/** For tests of workflows, stores and adapters: `signalbox/testing`. What describes a suite, and the cases of the store contract, need vitest. */

export { createMemoryQueue, type MemoryQueue } from '../adapters/memory-queue/index.ts';
export { type Checkable, check } from '../proof/check/check.ts';
export type {
  CheckReport,
  Counterexample,
  Finding,
  PathMove,
  RuleId,
  RuleReport,
  Verdict,
} from '../proof/check/report.ts';
export { type UndoList, type UndoTable, undoListAt } from '../proof/check/undo-table.ts';
export type { Coverage, PathReport, PathStep, WorkflowPath } from '../proof/paths/paths.ts';
export {
  type CrashOptions,
  crashEverywhere,
  type KillOptions,
  killEverywhere,
} from './crash/crash-everywhere.ts';
export {
  assertCrashProof,
  type CrashDifference,
  type CrashMode,
  type CrashReport,
  type CrashStore,
  crashLines,
  isCrashProof,
} from './crash/crash-report.ts';
export { describeCrashes } from './crash/describe-crashes.ts';
export {
  type DescribeWorkflowOptions,
  describeWorkflow,
  type WalkSummary,
} from './describe-workflow.ts';
export { ManualClock } from './manual-clock.ts';
export type { Fixtures } from './player/fixtures.ts';
export { paths } from './player/paths.ts';
export { type Difference, type PlayReport, play } from './player/play.ts';
export type { Script } from './player/script.ts';
export type { Around, TaskEffect } from './player/scripted-executor.ts';
export { createWorld, type World } from './player/world.ts';
export { type ScriptResult, scriptOf } from './player/write-script.ts';
export { playRecording } from './recorded/play.ts';
export { recordRun } from './recorded/record.ts';
export type { Course, Move, RecordedEntry, RecordedRun, Recording } from './recorded/recording.ts';
export {
  describeStoreContract,
  runStoreCase,
  type StoreCase,
  type StoreContractOptions,
  type StoreSupport,
  storeContract,
} from './store-contract.ts';
