/** How long pages of the list of runs take over HTTP, every filter of them, in a store with many runs and in one with few. */
import type { RunStatus } from '../src/plan/plan.ts';
import type { RunCommit, Standing, Store } from '../src/ports/store.ts';
import { createService } from '../src/service/index.ts';
import { environment, percentile, rounded } from './support/measure.ts';
import { finishedRun } from './support/seeding.ts';
import { openOrchestrator, openStore, scratchFolder } from './support/stores.ts';
import { helloSeq3 } from './support/workflows.ts';

export interface ListOptions {
  readonly folder: string | undefined;
  /** Runs in the stores; the first is what the others are compared with. */
  readonly listed: readonly number[];
  /** Calls of each kind. */
  readonly rounds: number;
}

const calls: readonly (readonly [name: string, path: string])[] = [
  ['first page', '/runs'],
  ['a page of 1,000', '/runs?limit=1000'],
  ['workflow', '/runs?workflow=bench-7'],
  ['status, common', '/runs?status=complete'],
  ['status, rare', '/runs?status=failed'],
  ['status and workflow', '/runs?status=failed&status=cancelled&workflow=bench-7'],
  ['label, rare', '/runs?label=customer%3Dc-77'],
  ['text, rare', '/runs?q=customer%3DC-77'],
  ['text, nowhere', '/runs?q=nobody-has-this'],
  ['version', '/runs?version=2'],
  ['open review', '/runs?hasReview=true'],
  ['waits for an event', '/runs?waitsFor=event'],
  ['waits longer than a day', '/runs?waitsFor=review&waitsLongerThanMs=86400000'],
  ['state of the chart', '/runs?state=processing.working.approval.waiting_review'],
  [
    'created within a day',
    '/runs?createdAfter=2025-06-01T00:00:00Z&createdBefore=2025-06-02T00:00:00Z',
  ],
  ['counts', '/run-counts'],
  ['counts of a workflow', '/run-counts?workflow=bench-7'],
  ['counts of a text', '/run-counts?q=c-77'],
  ['counts of what waits', '/run-counts?waitsFor=review'],
];

export async function listBenchmark({ folder, listed, rounds }: ListOptions) {
  const scratch = scratchFolder(folder);
  const stores = [];
  try {
    for (const runs of listed) {
      const path = `${scratch.path}/list-${runs}`;
      const store = await openStore('sqlite', path);
      await seedRuns(store, runs);
      stores.push({ runs, ...(await measure(store, rounds)) });
    }
  } finally {
    scratch.remove();
  }
  const few = new Map(stores[0]?.calls.map(({ call, p95Ms }) => [call, p95Ms]));
  return {
    benchmark: 'list-runs',
    store: 'sqlite',
    rounds,
    stores: stores.map(({ runs, calls: measured }) => ({
      runs,
      calls: measured.map((one) => ({
        ...one,
        ratio: rounded(one.p95Ms / (few.get(one.call) ?? 1)),
      })),
    })),
    environment: environment(),
  };
}

type ListReport = Awaited<ReturnType<typeof listBenchmark>>;

export function listTable({ stores }: ListReport): readonly (readonly string[])[] {
  return [
    ['runs', 'call', 'median ms', 'p95 ms', 'ratio of p95'],
    ...stores.flatMap(({ runs, calls: measured }) =>
      measured.map(({ call, medianMs, p95Ms, ratio }) => [
        String(runs),
        call,
        String(medianMs),
        String(p95Ms),
        String(ratio),
      ]),
    ),
  ];
}

async function measure(store: Store, rounds: number) {
  const orchestrator = await openOrchestrator(store, []);
  const service = await createService(orchestrator, { store, logger: silence });
  const measured = [];
  try {
    for (const [call, path] of calls) {
      const times: number[] = [];
      for (let round = 0; round <= rounds; round += 1) {
        const begin = performance.now();
        const { statusCode } = await service.app.inject(`/api/v1${path}`);
        if (statusCode !== 200) throw new Error(`${path} answers ${statusCode}`);
        // the first warms up
        if (round > 0) times.push(performance.now() - begin);
      }
      const sorted = times.sort((a, b) => a - b);
      measured.push({
        call,
        medianMs: rounded(percentile(sorted, 0.5)),
        p95Ms: rounded(percentile(sorted, 0.95)),
      });
    }
  } finally {
    await service.close();
    await orchestrator.close();
    await store.close();
  }
  return { calls: measured };
}

const silence = { debug() {}, info() {}, warn() {}, error() {}, child: () => silence };

/** A year of runs: one in ten has not ended. */
async function seedRuns(store: Store, runs: number): Promise<void> {
  const model = await finishedRun();
  await store.savePlan(helloSeq3.plan);
  for (let from = 0; from < runs; from += 1_000) {
    const count = Math.min(1_000, runs - from);
    await store.commit(
      Array.from({ length: count }, (_, index) => asRun(model, from + index, runs)),
    );
  }
}

const yearMs = 365 * 24 * 60 * 60 * 1_000;

function asRun(
  { header, state, history }: Awaited<ReturnType<typeof finishedRun>>,
  n: number,
  of: number,
): RunCommit {
  const id = `run-${String(n).padStart(9, '0')}`;
  const createdAtMs = Date.UTC(2025, 0, 1) + Math.floor((n / of) * yearMs);
  const status: RunStatus = n % 10 === 0 ? 'processing' : n % 50 === 1 ? 'failed' : 'complete';
  return {
    runId: id,
    expectedRevision: 0,
    expectedEpoch: 0,
    header: {
      ...header,
      id,
      workflow: `bench-${n % 20}`,
      version: n % 500 === 0 ? 2 : 1,
      key: `order-${n}`,
      labels: { customer: `c-${n % 5_000}`, region: n % 2 === 0 ? 'eu' : 'us' },
      createdAtMs,
    },
    state: { ...state, revision: 1, status, ...standsAt(status, n, createdAtMs) },
    history,
    claim: null,
    messages: [],
    answers: [],
    remember: [],
    durability: 'fast',
  };
}

function standsAt(status: RunStatus, n: number, sinceMs: number) {
  if (status !== 'processing') return { finishedAtMs: sinceMs };
  const isReview = n % 20 === 0;
  const step = isReview ? 'approval.waiting_review' : `payment.waiting`;
  const standing: Standing = {
    waits: { [isReview ? 'review' : 'event']: sinceMs },
    states: [`processing.working.${step}`],
  };
  return { finishedAtMs: null, standing, reviews: isReview ? ['approval'] : [] };
}
