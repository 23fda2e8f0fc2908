/** A process that opens a review, tells of it by mail, and is killed. Arguments: directory of the store, address of the mail server. */
import { openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { tellingLife } from './support/telling-life.ts';

const [directory = '', smtpUrl = ''] = process.argv.slice(2);
const { orchestrator } = await tellingLife(await openLowdbStore(directory), smtpUrl);
await orchestrator.start('asked', { system: 'billing' });
