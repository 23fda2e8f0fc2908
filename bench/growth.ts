/** What grows with the size of a workflow and with the number of finished runs, and what does not. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { environment, inTurns, load, median, rounded } from './support/measure.ts';
import { seedFinishedRuns } from './support/seeding.ts';
import type { StoreKind } from './support/store-kinds.ts';
import { openOrchestrator, openStore, scratchFolder } from './support/stores.ts';
import { fork, helloSeq3, sequence } from './support/workflows.ts';

export interface GrowthOptions {
  /** Store of the workflows; opening is measured for sqlite and lowdb. */
  readonly store: StoreKind;
  /** Of each row in each round: a row with shorter workflows runs more of them. */
  readonly steps: number;
  /** Finished runs in the stores that are opened; the first is what the others are compared with. */
  readonly finished: readonly number[];
  readonly rounds: number;
  readonly folder: string | undefined;
}

export interface GrowthRow {
  readonly case: string;
  /** Of one workflow. */
  readonly steps: number;
  readonly microsPerStep: number;
  /** To the row of ten steps in sequence; median of the rounds' ratios. */
  readonly ratioToFirst: number;
}

export interface OpenRow {
  readonly store: StoreKind;
  readonly finishedRuns: number;
  /** From opening the store to an orchestrator that is ready. */
  readonly openMs: number;
  /** The first run, from its start to its result. */
  readonly firstRunMs: number;
  readonly totalMs: number;
  /** To the store with the fewest finished runs; median of the rounds' ratios. */
  readonly ratioToEmpty: number;
}

export async function growthBenchmark(options: GrowthOptions) {
  const { store, steps, rounds } = options;
  const rows = await measureSteps(options);
  const open: OpenRow[] = [];
  for (const kind of ['sqlite', 'lowdb'] as const)
    open.push(...(await measureOpening(kind, options)));
  return {
    benchmark: 'growth',
    store,
    inflight: 1,
    stepsPerRow: steps,
    rounds,
    rows,
    open,
    environment: environment(),
  };
}

export type GrowthReport = Awaited<ReturnType<typeof growthBenchmark>>;

/** One run at a time; every row executes the same number of steps, and rows take turns. The round that does not count compiles the charts. */
async function measureSteps({
  store,
  steps,
  rounds,
  folder,
}: GrowthOptions): Promise<readonly GrowthRow[]> {
  const cases = [
    ...[10, 100, 1_000, 10_000].map((size) => ({
      name: 'sequence',
      size,
      workflow: sequence(size),
    })),
    ...[10, 100].map((size) => ({ name: 'fork', size, workflow: fork(size) })),
  ].filter(({ size }) => size <= steps);
  const scratch = scratchFolder(folder);
  const opened = await openStore(store, scratch.path);
  const orchestrator = await openOrchestrator(
    opened,
    cases.map(({ workflow }) => workflow),
  );
  const microsPerStep = cases.map((): number[] => []);
  try {
    for (let round = -1; round < rounds; round += 1) {
      for (const [index, { size, workflow }] of inTurns([...cases.entries()], round + 1)) {
        const runs = Math.round(steps / size);
        const { wallMs } = await load(runs, 1, async (n) =>
          (await orchestrator.start(workflow.name, n)).result(),
        );
        if (round >= 0) microsPerStep[index]?.push((wallMs * 1000) / (runs * size));
      }
    }
  } finally {
    await orchestrator.close();
    await opened.close();
    scratch.remove();
  }
  return cases.map(({ name, size }, index) => ({
    case: `${name}-${size}`,
    steps: size,
    microsPerStep: rounded(median(microsPerStep[index] ?? []), 1),
    ratioToFirst: rounded(ratios(microsPerStep[index], microsPerStep[0]), 3),
  }));
}

/** Opens the same stores again and again, in turns; the process is the same, so that its own start does not hide what grows. */
async function measureOpening(
  store: StoreKind,
  { finished, rounds, folder }: GrowthOptions,
): Promise<readonly OpenRow[]> {
  const scratch = scratchFolder(folder);
  const measured = finished.map(() => ({
    openMs: [] as number[],
    firstRunMs: [] as number[],
    totalMs: [] as number[],
  }));
  try {
    const folders = await seedAll(store, finished, scratch.path);
    for (let round = -1; round < rounds; round += 1) {
      for (const [index, path] of inTurns([...folders.entries()], round + 1)) {
        const { openMs, firstRunMs } = await openAndRun(store, path);
        if (round < 0) continue;
        measured[index]?.openMs.push(openMs);
        measured[index]?.firstRunMs.push(firstRunMs);
        measured[index]?.totalMs.push(openMs + firstRunMs);
      }
    }
  } finally {
    scratch.remove();
  }
  return measured.map(({ openMs, firstRunMs, totalMs }, index) => ({
    store,
    finishedRuns: finished[index] ?? 0,
    openMs: rounded(median(openMs)),
    firstRunMs: rounded(median(firstRunMs)),
    totalMs: rounded(median(totalMs)),
    ratioToEmpty: rounded(ratios(totalMs, measured[0]?.totalMs), 3),
  }));
}

/** Each store begins as a copy of the next smaller one. */
async function seedAll(
  store: StoreKind,
  finished: readonly number[],
  parent: string,
): Promise<readonly string[]> {
  const folders = finished.map((runs) => join(parent, String(runs)));
  let before = { runs: 0, path: '' };
  for (const runs of finished.toSorted((a, b) => a - b)) {
    const path = join(parent, String(runs));
    if (before.path !== '') cpSync(before.path, path, { recursive: true });
    await seedFinishedRuns(store, path, { from: before.runs, to: runs });
    before = { runs, path };
  }
  return folders;
}

async function openAndRun(
  store: StoreKind,
  path: string,
): Promise<{ readonly openMs: number; readonly firstRunMs: number }> {
  const startedMs = performance.now();
  const opened = await openStore(store, path);
  const orchestrator = await openOrchestrator(opened, [helloSeq3]);
  const openMs = performance.now() - startedMs;
  await (await orchestrator.start(helloSeq3, 1)).result();
  const firstRunMs = performance.now() - startedMs - openMs;
  await orchestrator.close();
  await opened.close();
  return { openMs, firstRunMs };
}

/** Of figures of the same rounds, since the machine's mood changes from round to round. */
function ratios(of: readonly number[] = [], to: readonly number[] = []): number {
  return median(of.map((value, round) => value / (to[round] ?? Number.NaN)));
}

export function growthTable({ rows, open }: GrowthReport): readonly (readonly string[])[] {
  return [
    ['workflow', 'µs a step', 'ratio', ''],
    ...rows.map((row) => [row.case, String(row.microsPerStep), String(row.ratioToFirst), '']),
    ['finished runs', 'open ms', 'first run ms', 'ratio'],
    ...open.map((row) => [
      `${row.store} ${row.finishedRuns}`,
      String(row.openMs),
      String(row.firstRunMs),
      String(row.ratioToEmpty),
    ]),
  ];
}
