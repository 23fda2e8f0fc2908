/** For tests of workflows, stores and adapters: `signalbox/testing`. The store contract needs vitest. */
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
export { ManualClock } from './manual-clock.ts';
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
