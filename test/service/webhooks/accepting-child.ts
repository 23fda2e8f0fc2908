/** A service that acknowledges webhooks and is killed before it processes one. */
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { openBench } from './support.ts';

const [directory = ''] = process.argv.slice(2);
const store = await openLowdbStore(directory);
const { app } = await openBench({ store, clock: systemClock, concurrency: 0 });
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);
