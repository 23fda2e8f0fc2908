import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { RunView, Waiting } from '../../index.ts';
import type { Cli, Report } from '../cli.ts';
import { toFailure } from '../failure.ts';
import { waitingText } from '../run-lines.ts';
import type { Session } from '../session.ts';
import { table } from '../table.ts';

export function addWork(program: Command, cli: Cli): void {
  program
    .command('work')
    .description('drive all runs until nothing but people, events or time can move them')
    .option('--watch', 'stay, and go on with whatever becomes due, until stopped', false)
    .action(({ watch }: { readonly watch: boolean }) =>
      watch
        ? cli.runAllUntilSignal(async (session) => {
            cli.note('Working until stopped; Ctrl-C stops');
            const stoppedBy = await cli.interruption.happened;
            const runs = session.touched.size;
            return { json: { runs, stoppedBy }, text: [`Stopped; ${runs} runs were moved`] };
          })
        : cli.runAll(async (session) => {
            await workThrough(cli, session);
            return toReport(cli, session);
          }),
    );
}

async function toReport(cli: Cli, { orchestrator, touched }: Session): Promise<Report> {
  const views = await Promise.all([...touched].map((runId) => orchestrator.get(runId)));
  const worked = views.map(({ runId, workflow, status, paused, waitingOn }) => ({
    runId,
    workflow,
    status,
    paused,
    waitingOn,
  }));
  const isBad = views.some(({ status }) => status === 'failed' || status === 'cancelled');
  return {
    json: { worked },
    text:
      worked.length === 0
        ? ['Nothing is due']
        : table(
            [
              { title: 'RUN' },
              { title: 'WORKFLOW' },
              { title: 'STATUS', style: cli.style.status },
              { title: 'WAITS FOR' },
            ],
            worked.map((run) => [run.runId, run.workflow, run.status, waitingText(run.waitingOn)]),
            cli.style.dim,
          ),
    exitCode: isBad ? 1 : 0,
  };
}

/** The engine moves all runs at once; looking at one after the other costs no time. */
async function workThrough(cli: Cli, session: Session): Promise<void> {
  const { orchestrator } = session;
  /** Entries of a run's history when it was last left; it is not looked at again before there are more. */
  const left = new Map<string, number>();
  for (;;) {
    await orchestrator.sweep();
    let hasDriven = false;
    for (const runId of await candidates(session)) {
      try {
        const view = await orchestrator.explain(runId);
        if (left.get(runId) === view.entries) continue;
        hasDriven = true;
        left.set(
          runId,
          isDrivable(view) ? (await orchestrator.drive(runId)).entries : view.entries,
        );
      } catch (error) {
        if (!left.has(runId)) cli.note(`Run "${runId}" is left alone: ${toFailure(error).message}`);
        left.set(runId, (await session.store.load(runId).catch(() => null))?.state.seq ?? -1);
      }
    }
    if (!hasDriven && !(await hasEventUnderWay(session))) return;
  }
}

/** Runs that need an engine now, and those between two attempts. */
async function candidates({ store, orchestrator }: Session): Promise<ReadonlySet<string>> {
  const nowMs = Date.now();
  const found = new Set(await store.claimable({ nowMs, owner: '', anyLease: true, limit: 1_000 }));
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof orchestrator.list>> = await orchestrator.list({
      status: ['processing', 'compensating', 'waiting_review'],
      limit: 500,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const view of page.runs) {
      if (view.waitingOn.some(({ kind }) => working.has(kind))) found.add(view.runId);
    }
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

const working: ReadonlySet<Waiting['kind']> = new Set([
  'attempt',
  'undo',
  'map',
  'breaker',
  'retry',
  'notice',
]);

function isDrivable({ paused, heldBy, waitingOn }: RunView): boolean {
  return !paused && heldBy.length === 0 && waitingOn.every(({ kind }) => kind !== 'definition');
}

/** An event on its way may start runs or move them. What cannot be delivered stays, and is not waited for. */
async function hasEventUnderWay({ store }: Session): Promise<boolean> {
  for (let looks = 0; looks < 20; looks += 1) {
    const before = await store.inbox(null);
    if (before.length === 0) return looks > 0;
    await wait(50);
  }
  return false;
}
