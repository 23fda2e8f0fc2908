/** A process of its own that works on a store: `advance <n>` commits n times, `die <k>` is killed at the k-th place of a commit. */
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import {
  aMessage,
  anEntry,
  creation,
  startMs,
} from '../../../src/testing/store-contract/builders.ts';

export const claimedKey = 'order/k-1';

async function advance(file: string, times: number): Promise<void> {
  const store = await openSqliteStore(file);
  let done = 0;
  while (done < times) {
    const run = await store.load(done % 2 === 0 ? 'run-1' : 'run-2');
    if (run === null) throw new Error('The run is missing');
    const { state, header } = run;
    const seq = state.seq + 1;
    const [outcome] = await store.commit([
      {
        runId: header.id,
        expectedRevision: state.revision,
        expectedEpoch: state.epoch,
        header: null,
        state: { ...state, revision: state.revision + 1, seq },
        history: [anEntry({ seq })],
        claim: null,
        messages: [],
        answers: [],
        remember: [],
        durability: 'durable',
      },
    ]);
    if (outcome?.outcome === 'committed') done++;
  }
  await store.close();
  process.send?.(done);
}

async function die(file: string, at: number): Promise<void> {
  let operations = Number.NEGATIVE_INFINITY;
  const store = await openSqliteStore(file, {
    onOperation(operation) {
      if (operation !== 'statement' && ++operations === at) process.kill(process.pid, 'SIGKILL');
    },
  });
  await store.commit([creation('run-1')]);
  await new Promise<void>((resolve) => process.send?.('run-1', undefined, {}, () => resolve()));
  operations = 0;
  const claim = { key: claimedKey, payloadHash: 'p', atMs: startMs, expiresAtMs: startMs + 1_000 };
  await store.commit([creation('run-2', { claim, messages: [aMessage({ id: 'm-1' })] })]);
  process.send?.('run-2');
}

const [file, verb, count] = process.argv.slice(2);
if (file !== undefined && verb === 'advance') await advance(file, Number(count));
if (file !== undefined && verb === 'die') await die(file, Number(count));
