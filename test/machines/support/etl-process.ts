/**
 * A process of its own that runs the pipeline: `lowdb|sqlite PLACE ROWS|resume HOLD`. Before the result of batch number HOLD is recorded, though
 * its rows are in the database, the whole process stands still, to be killed there. Prints a line of JSON for each thing that happens.
 */
import { writeSync } from 'node:fs';
import { etl } from '../../../machines/etl/workflow.ts';
import { createInlineExecutor } from '../../../src/adapters/inline/executor.ts';
import { openLowdbStore } from '../../../src/adapters/lowdb/index.ts';
import { openSqliteStore } from '../../../src/adapters/sqlite/index.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { createOrchestrator } from '../../../src/index.ts';

const [kind, place = '', rows = '', hold = '0'] = process.argv.slice(2);

const inline = createInlineExecutor(systemClock);
let loaded = 0;
const executor: typeof inline = {
  ...inline,
  async attempt(request) {
    const outcome = await inline.attempt(request);
    if (request.task.name === 'process_batch') loaded += 1;
    if (loaded === Number(hold)) {
      tell({ holding: loaded });
      // The thread itself stops: no timer, no write, nothing further happens.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
    return outcome;
  },
};

const store = kind === 'lowdb' ? await openLowdbStore(place) : await openSqliteStore(place);
const orchestrator = await createOrchestrator({ workflows: [etl], store, executor });
const runId = rows === 'resume' ? await firstRun() : await begin(Number(rows));
tell({ output: await orchestrator.result(runId), loaded });
await orchestrator.close();
await store.close();

async function begin(count: number): Promise<string> {
  const source = { kind: 'generated' as const, rows: count };
  const { runId } = await orchestrator.start(etl, { source, destination: 'warehouse.sqlite' });
  return runId;
}

async function firstRun(): Promise<string> {
  const [run] = (await orchestrator.list()).runs;
  if (run === undefined) throw new Error('There is no run to go on with');
  return run.runId;
}

function tell(what: object): void {
  // In kibibytes on every platform (getrusage(2), as libuv gives it).
  const maxRssMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  writeSync(1, `${JSON.stringify({ ...what, maxRssMiB })}\n`);
}
