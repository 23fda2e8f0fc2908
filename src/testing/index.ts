/** For tests of workflows, stores and adapters: `signalbox/testing`. The store contract needs vitest. */
export { ManualClock } from './manual-clock.ts';
export {
  describeStoreContract,
  runStoreCase,
  type StoreCase,
  type StoreContractOptions,
  type StoreSupport,
  storeContract,
} from './store-contract.ts';
