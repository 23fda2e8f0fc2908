import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import { describeStoreContract } from '../../../src/testing/store-contract.ts';

describeStoreContract('sqlite', {
  open: (file) => openSqliteStore(file),
  supports: { persistent: true, concurrent: true },
});
