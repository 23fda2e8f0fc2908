/**
 * Three trivial steps, each durable before the next, next to a bare loop that appends its records to a file: how much of what the disk and this
 * machine allow is left when an engine does the work.
 */
import { join } from 'node:path';
import { createFloor } from './support/floor.ts';
import {
  environment,
  inTurns,
  joined,
  type Load,
  load,
  median,
  percentile,
  rounded,
} from './support/measure.ts';
import type { StoreKind } from './support/store-kinds.ts';
import { openOrchestrator, openStore, scratchFolder } from './support/stores.ts';
import { helloSeq3 } from './support/workflows.ts';

export interface HelloSeq3Options {
  readonly store: StoreKind;
  /** Runs under way at the same time. */
  readonly inflight: number;
  /** Of each round; a tenth of them when only one is under way. */
  readonly runs: number;
  readonly rounds: number;
  /** Parent of the folder that is written to. */
  readonly folder: string | undefined;
}

const stepsOfRun = 3;

const warmUpRounds = 3;

/** How often each place of the runs under way is taken in a slice. */
const turnsOfSlice = 10;

interface Subject {
  readonly name: 'floor' | 'engine';
  readonly run: (n: number) => Promise<number>;
}

export async function helloSeq3Benchmark({
  store,
  inflight,
  runs,
  rounds,
  folder,
}: HelloSeq3Options) {
  const scratch = scratchFolder(folder);
  const opened = await openStore(store, scratch.path);
  const orchestrator = await openOrchestrator(opened, [helloSeq3]);
  const floor = createFloor(join(scratch.path, 'floor.log'));
  const subjects: readonly Subject[] = [
    { name: 'floor', run: (n) => floor.run(n) },
    {
      name: 'engine',
      run: async (n) => (await orchestrator.start(helloSeq3, n)).result(),
    },
  ];
  try {
    const many = await compare(subjects, { count: runs, inflight, rounds });
    const single = await compare(subjects, { count: Math.ceil(runs / 10), inflight: 1, rounds });
    const perSecond = (load: Load) => (load.latenciesMs.length / load.wallMs) * 1000;
    const runsPerSecond = median(many.engine.map(perSecond));
    const p50 = (load: Load) => percentile(load.latenciesMs, 0.5);
    const p99 = (load: Load) => percentile(load.latenciesMs, 0.99);
    const of = (loads: readonly Load[], figure: (load: Load) => number) =>
      median(loads.map(figure));
    return {
      benchmark: 'hello-seq3',
      store,
      inflight,
      runs,
      rounds,
      runsPerSecond: rounded(runsPerSecond, 1),
      stepsPerSecond: rounded(runsPerSecond * stepsOfRun, 1),
      p50Ms: rounded(of(many.engine, p50)),
      p99Ms: rounded(of(many.engine, p99)),
      floorRunsPerSecond: rounded(of(many.floor, perSecond), 1),
      floorP50Ms: rounded(of(many.floor, p50)),
      floorP99Ms: rounded(of(many.floor, p99)),
      // of each round, since the machine's mood changes from round to round
      ratioToFloor: rounded(ratio(many.engine, many.floor, perSecond), 3),
      singleFlight: {
        runs: Math.ceil(runs / 10),
        p50Ms: rounded(of(single.engine, p50), 3),
        p99Ms: rounded(of(single.engine, p99), 3),
        floorP50Ms: rounded(of(single.floor, p50), 3),
        floorP99Ms: rounded(of(single.floor, p99), 3),
        ratioToFloor: rounded(ratio(single.engine, single.floor, p50), 3),
      },
      environment: environment(),
    };
  } finally {
    await orchestrator.close();
    await opened.close();
    floor.close();
    scratch.remove();
  }
}

export type HelloSeq3Report = Awaited<ReturnType<typeof helloSeq3Benchmark>>;

/** Median over the rounds of the quotient of two loads of one round. */
function ratio(of: readonly Load[], to: readonly Load[], figure: (load: Load) => number): number {
  return median(of.map((load, round) => figure(load) / figure(to[round] ?? load)));
}

/**
 * In turns, after rounds that do not count: V8 goes on optimising for some ten thousand runs. A round is cut into slices that alternate, so that whatever else the machine does while it lasts
 * hits both alike.
 */
async function compare(
  subjects: readonly Subject[],
  { count, inflight, rounds }: { count: number; inflight: number; rounds: number },
): Promise<{ readonly [name in Subject['name']]: readonly Load[] }> {
  const loads: { readonly [name in Subject['name']]: Load[] } = { floor: [], engine: [] };
  const slices = Math.max(1, Math.round(count / (inflight * turnsOfSlice)));
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const parts: { readonly [name in Subject['name']]: Load[] } = { floor: [], engine: [] };
    for (let slice = 0; slice < slices; slice += 1) {
      const share = Math.ceil((count * (slice + 1)) / slices) - Math.ceil((count * slice) / slices);
      for (const { name, run } of inTurns(subjects, slice)) {
        parts[name].push(await load(share, inflight, checked(name, run)));
      }
    }
    if (round < 0) continue;
    loads.floor.push(joined(parts.floor));
    loads.engine.push(joined(parts.engine));
  }
  return loads;
}

function checked(name: Subject['name'], run: Subject['run']) {
  return async (n: number) => {
    const sum = await run(n);
    if (sum !== 30 * n + 6) throw new Error(`Run ${n} of the ${name} gave ${sum}`);
  };
}

export function helloSeq3Table(report: HelloSeq3Report): readonly (readonly string[])[] {
  const { singleFlight } = report;
  return [
    [`store ${report.store}`, 'runs/s', 'p50 ms', 'p99 ms', 'to floor'],
    [
      `${report.inflight} in flight`,
      String(report.runsPerSecond),
      String(report.p50Ms),
      String(report.p99Ms),
      `${report.ratioToFloor} of its runs/s`,
    ],
    [
      '  floor',
      String(report.floorRunsPerSecond),
      String(report.floorP50Ms),
      String(report.floorP99Ms),
      '',
    ],
    [
      '1 in flight',
      '',
      String(singleFlight.p50Ms),
      String(singleFlight.p99Ms),
      `${singleFlight.ratioToFloor} times its p50`,
    ],
    ['  floor', '', String(singleFlight.floorP50Ms), String(singleFlight.floorP99Ms), ''],
  ];
}
