/** Opens the store, writes a run, and waits to be killed. */
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import { creation } from '../../../src/testing/store-contract/builders.ts';

const store = await openLowdbStore(process.argv[2] ?? '');
await store.commit([creation('run-1')]);
process.send?.('open');
setInterval(() => {}, 1_000);
