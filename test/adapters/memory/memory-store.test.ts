import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { describeStoreContract } from '../../../src/testing/store-contract.ts';

describeStoreContract('memory', {
  open: async () => createMemoryStore(),
  supports: { persistent: false, concurrent: false },
});
