import type { Command } from 'commander';
import { SignalboxError } from '../../errors.ts';
import { createOrchestrator } from '../../orchestrator.ts';
import type { DamagedRun, Store } from '../../ports/store.ts';
import { runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { findRun } from '../find-run.ts';
import { createLog } from '../log.ts';
import { addAuditLog } from './audit-log.ts';
import { addAuditPack } from './audit-pack.ts';

interface Verdict {
  readonly runId: string;
  /** Sound entries from the beginning. */
  readonly entries: number;
  /** Where the chain breaks first, and how; `seq` is `null` if the run as a whole is damaged. */
  readonly fault: { readonly seq: number | null; readonly reason: string } | null;
}

export function addAudit(program: Command, cli: Cli): void {
  const audit = program
    .command('audit')
    .description('check the history of runs, and look at the log of the service');
  addAuditLog(audit, cli);
  addAuditPack(audit, cli);
  audit
    .command('verify')
    .description('recompute the chain of hashes of one run, or of all')
    .argument('[run]', runArgument)
    .action((given: string | undefined) =>
      cli.runOnStore('read', async (store) => {
        const verdicts = await verify(cli, store, given);
        const faults = verdicts.filter(({ fault }) => fault !== null);
        return {
          json: { verified: verdicts.length, faults: faults.length, runs: verdicts },
          text: [
            ...faults.map(({ runId, fault }) =>
              cli.style.red(
                printable(
                  fault?.seq == null
                    ? `Run ${runId}: ${fault?.reason ?? ''}`
                    : `Run ${runId}: broken at entry ${fault.seq}: ${fault.reason}`,
                ),
              ),
            ),
            `${verdicts.length} verified, ${faults.length} broken`,
          ],
          exitCode: faults.length === 0 ? 0 : 1,
        };
      }),
    );
}

async function verify(
  cli: Cli,
  store: Store,
  given: string | undefined,
): Promise<readonly Verdict[]> {
  const orchestrator = await createOrchestrator({
    workflows: [],
    store,
    logger: createLog(cli.options, process.stderr),
  });
  try {
    const damaged = await store.damaged();
    if (given !== undefined) {
      const runId = await findRun(orchestrator, given);
      return [await verifyOne(orchestrator, runId)];
    }
    const verdicts: Verdict[] = damaged.map(toVerdict);
    for await (const runId of allRuns(store)) {
      if (!damaged.some((run) => run.runId === runId))
        verdicts.push(await verifyOne(orchestrator, runId));
    }
    return verdicts;
  } finally {
    await orchestrator.close();
  }
}

async function verifyOne(
  orchestrator: Awaited<ReturnType<typeof createOrchestrator>>,
  runId: string,
): Promise<Verdict> {
  try {
    return await orchestrator.verify(runId);
  } catch (error) {
    if (!(error instanceof SignalboxError) || error.code !== 'RUN_DAMAGED') throw error;
    return { runId, entries: 0, fault: { seq: null, reason: error.message } };
  }
}

const toVerdict = ({ runId, reason }: DamagedRun): Verdict => ({
  runId,
  entries: 0,
  fault: { seq: null, reason },
});

async function* allRuns(store: Store): AsyncGenerator<string> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { header } of page.runs) yield header.id;
    cursor = page.cursor;
  } while (cursor !== null);
}
