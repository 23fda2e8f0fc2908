import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import { describeStoreContract } from '../../../src/testing/store-contract.ts';

describeStoreContract('lowdb', {
  open: (directory) => openLowdbStore(directory),
  supports: { persistent: true, concurrent: false },
});
