/** What it costs to wait for the disk: the same workflow with durable and with fast durability. */
import { environment, inTurns, load, median, percentile, rounded } from './support/measure.ts';
import type { StoreKind } from './support/store-kinds.ts';
import { openOrchestrator, openStore, scratchFolder } from './support/stores.ts';
import { helloSeq3, helloSeq3Fast } from './support/workflows.ts';

export interface ModesOptions {
  readonly store: StoreKind;
  readonly inflight: number;
  readonly runs: number;
  readonly rounds: number;
  readonly folder: string | undefined;
}

export async function modesBenchmark({ store, inflight, runs, rounds, folder }: ModesOptions) {
  const scratch = scratchFolder(folder);
  const opened = await openStore(store, scratch.path);
  const orchestrator = await openOrchestrator(opened, [helloSeq3, helloSeq3Fast]);
  const modes = [helloSeq3, helloSeq3Fast].map((workflow) => ({
    workflow,
    runsPerSecond: [] as number[],
    p50Ms: [] as number[],
    singleFlightP50Ms: [] as number[],
  }));
  try {
    for (let round = -1; round < rounds; round += 1) {
      for (const mode of inTurns(modes, round + 1)) {
        const run = async (n: number) => (await orchestrator.start(mode.workflow, n)).result();
        const many = await load(runs, inflight, run);
        const single = await load(Math.ceil(runs / 10), 1, run);
        if (round < 0) continue;
        mode.runsPerSecond.push((runs / many.wallMs) * 1000);
        mode.p50Ms.push(percentile(many.latenciesMs, 0.5));
        mode.singleFlightP50Ms.push(percentile(single.latenciesMs, 0.5));
      }
    }
  } finally {
    await orchestrator.close();
    await opened.close();
    scratch.remove();
  }
  const rows = modes.map(({ workflow, runsPerSecond, p50Ms, singleFlightP50Ms }) => ({
    durability: workflow.plan.durability,
    runsPerSecond: rounded(median(runsPerSecond), 1),
    p50Ms: rounded(median(p50Ms)),
    singleFlightP50Ms: rounded(median(singleFlightP50Ms), 3),
  }));
  return { benchmark: 'modes', store, inflight, runs, rounds, rows, environment: environment() };
}

export type ModesReport = Awaited<ReturnType<typeof modesBenchmark>>;

export function modesTable({ rows, inflight }: ModesReport): readonly (readonly string[])[] {
  return [
    [`durability, ${inflight} in flight`, 'runs/s', 'p50 ms', '1 in flight: p50 ms'],
    ...rows.map((row) => [
      row.durability,
      String(row.runsPerSecond),
      String(row.p50Ms),
      String(row.singleFlightP50Ms),
    ]),
  ];
}
