/** For tests of workflows, stores and adapters: `signalbox/testing`. The store contract needs vitest. */
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
