/** Random workflows on the real engine, with crashes in between: whatever happens, the end is the one the scenario allows. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import { assertLegal } from '../../../src/chart/lifecycle.ts';
import {
  type HistoryEntry,
  type Orchestrator,
  type RunView,
  SignalboxError,
} from '../../../src/index.ts';
import { planHash } from '../../../src/plan/hash.ts';
import { stepName } from '../../chart/support/graphs.ts';
import { oracle, type Scenario, scenarios, waitsFor } from '../../chart/support/scenarios.ts';
import { type Bench, openBench } from '../../support/engine-bench.ts';
import { recorder } from '../../support/replayed.ts';
import { aWorld, failsAtLast, type World } from './support/world.ts';

const seed = 20_260_106;
const numRuns = process.env['SIGNALBOX_TEST_FULL'] === undefined ? 60 : 1_500;

describe('random workflows on the engine', () => {
  it('end as their scenario says, in order, each step once', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios(8), async (scenario) => {
        await play(scenario, { crashEvery: Number.POSITIVE_INFINITY });
      }),
      { seed, numRuns },
    );
  }, 300_000);

  it('end the same although the process dies again and again', async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios(8),
        fc.integer({ min: 2, max: 5 }),
        async (scenario, crashEvery) => {
          await play(scenario, { crashEvery });
        },
      ),
      { seed: seed + 1, numRuns },
    );
  }, 300_000);

  it('end the same although they move from version to version wherever they stand', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        scenarios(8),
        fc.integer({ min: 3, max: 1_000 }),
        async (scenario, crashEvery) => {
          await play(scenario, { crashEvery, moves: outcomes });
        },
      ),
      { seed: seed + 2, numRuns },
    );
    expect(outcomes.get('moved')).toBeGreaterThan(numRuns / 2);
  }, 300_000);
});

interface PlayOptions {
  readonly crashEvery: number;
  /** The run moves to and fro between two versions of the same structure; how often which outcome. */
  readonly moves?: Map<string, number>;
}

async function play(scenario: Scenario, { crashEvery, moves }: PlayOptions): Promise<void> {
  const world = aWorld(scenario);
  const { plan } = world.workflow;
  const again = { ...plan, version: 2 };
  const second = {
    ...world.workflow,
    version: 2,
    plan: { ...again, hash: planHash(again) },
  };
  const recorded = new Set<string>();
  const repeated: string[] = [];
  const replayable = recorder(createMemoryStore());
  const store = withWitness(replayable.store, recorded);
  const bench = await openBench({
    workflows: moves === undefined ? [world.workflow] : [world.workflow, second],
    store,
    settings: { maxDispatches: 1_000 },
  });
  world.onRun = (step) => {
    // A task that got its result recorded is never executed again; items of a map are counted apart.
    const index = Number(step.slice(1));
    if (scenario.scripts[index]?.kind !== 'map' && recorded.has(step)) repeated.push(step);
  };
  const { runId } = await bench.engine.start('flow', null);
  const move = moves === undefined ? unmoved : mover(runId, moves);
  const wasCancelled = await live(bench, runId, scenario, crashEvery, move);
  await compare(bench.engine, runId, scenario, world, {
    wasCancelled,
    isCrashed: crashEvery !== Number.POSITIVE_INFINITY,
  });
  if (canBeRepaired(scenario, await bench.engine.get(runId)))
    await retry(bench, runId, scenario, world, recorded, crashEvery, move);
  expect(repeated).toEqual([]);
  bench.kill();
  // Moments after a move are not recomputed.
  if (moves !== undefined) return;
  expect(await replayable.expectReplays(runId, [world.workflow])).toBeGreaterThan(0);
}

type Mover = (engine: Orchestrator) => Promise<void>;

const unmoved: Mover = async () => {};

/** Moves a run to the version it is not on. A run that waits always can; one that stops, or is at work, cannot. */
function mover(runId: string, outcomes: Map<string, number>): Mover {
  return async (engine) => {
    const { version } = await engine.get(runId);
    const to = version === 1 ? 2 : 1;
    const asked = { workflow: 'flow', to, runId, actor: 'olga', reason: 'to and fro' };
    const [run] = (await engine.migrate(asked)).runs;
    const outcome = run?.outcome ?? 'none';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (outcome === 'cannot') expect(run?.reasons).toMatchObject([{ text: stopping }]);
    else expect(['moved', 'busy', 'ended']).toContain(outcome);
  };
}

const stopping = expect.stringContaining('being stopped');

/** A step that fails the run by itself would do so again. */
function canBeRepaired({ scripts }: Scenario, { status }: RunView): boolean {
  return status === 'failed' && scripts.every(({ kind }) => kind !== 'fail');
}

/** What was kept is not done again, what was undone is done afresh; either way the run completes now. */
async function retry(
  bench: Bench,
  runId: string,
  scenario: Scenario,
  world: World,
  recorded: Set<string>,
  crashEvery: number,
  move: Mover,
): Promise<void> {
  const { outcome } = await bench.engine.get(runId);
  if (outcome?.compensation !== 'nothing') recorded.clear();
  world.isRepaired = true;
  const scripts = scenario.scripts.map((given) => ({ ...given, ending: 'ok' as const }));
  const repaired: Scenario = { ...scenario, scripts, closing: 'approved', cancelAfter: null };

  await bench.engine.retry(runId, { acceptNotUndone: true, reason: 'It is repaired' });
  await live(bench, runId, repaired, crashEvery, move);

  expect(await bench.engine.get(runId)).toMatchObject({ status: 'complete', outcome: null });
  expect(await bench.engine.verify(runId)).toMatchObject({ fault: null });
}

/** @returns whether somebody cancelled it before it had failed */
async function live(
  bench: Bench,
  runId: string,
  scenario: Scenario,
  crashEvery: number,
  move: Mover,
): Promise<boolean> {
  let wasCancelled = false;
  for (let turn = 0; turn < 300; turn += 1) {
    // What is decided in memory is durable only when the event loop has come round.
    await new Promise((resolve) => setImmediate(resolve));
    const view = await bench.engine.get(runId);
    if (view.finishedAt !== null) return wasCancelled;
    if (scenario.cancelAfter === turn && view.status !== 'compensating') {
      await bench.engine.cancel(runId).catch(unlessLate);
      const { outcome, status } = await bench.engine.get(runId);
      wasCancelled ||= outcome?.failure === undefined || status !== 'failed';
    }
    await move(bench.engine);
    if (turn % crashEvery === crashEvery - 1) await bench.crash();
    else if (!(await decideSomething(bench.engine, runId, scenario)))
      await bench.clock.advance(turn > 100 ? 3_600_000 : 1_000);
  }
  throw new Error(`The run does not end: ${JSON.stringify(await bench.engine.get(runId))}`);
}

/** It may have ended between looking and asking. */
function unlessLate(error: unknown): void {
  const late = ['RUN_FINISHED', 'REVIEW_NOT_OPEN', 'SIGNAL_NOT_EXPECTED'];
  if (!(error instanceof SignalboxError) || !late.includes(error.code)) throw error;
}

/** @returns `false` if nobody is waited for */
async function decideSomething(
  engine: Orchestrator,
  runId: string,
  scenario: Scenario,
): Promise<boolean> {
  for (const { kind, step } of (await engine.get(runId)).waitingOn) {
    const given = scenario.scripts[Number(step.slice(1))];
    if (kind === 'review') {
      const isApproved =
        step === 'completion' ? scenario.closing === 'approved' : given?.ending === 'ok';
      await engine
        .decide(runId, step, {
          outcome: isApproved ? 'approved' : 'rejected',
          actor: 'ann',
        })
        .catch(unlessLate);
      return true;
    }
    if (kind === 'event' && given?.ending === 'ok') {
      await engine.signal(runId, 'arrived', null).catch(unlessLate);
      return true;
    }
  }
  return false;
}

async function compare(
  engine: Orchestrator,
  runId: string,
  scenario: Scenario,
  world: World,
  { wasCancelled, isCrashed }: { readonly wasCancelled: boolean; readonly isCrashed: boolean },
): Promise<void> {
  const view = await engine.get(runId);
  const history = await engine.history(runId);
  expect(await engine.verify(runId)).toMatchObject({ fault: null });
  assertLegalPath(history);

  const fate = fateOf(scenario);
  expect(wasCancelled ? ['cancelled', fate] : [fate]).toContain(view.status);

  const settled = settledIn(history);
  expect(new Set(settled).size).toBe(settled.length);
  assertOrder(scenario, settled);
  if (view.status === 'complete') expect(settled.length).toBe(scenario.scripts.length);

  const undone = history
    .filter(({ event, settles }) => event.startsWith('undo.') && settles !== null)
    .map(({ step }) => step);
  const isUndone =
    view.status === 'cancelled' ||
    (view.status === 'failed' && scenario.onFailure === 'compensate');
  expect(undone).toEqual(isUndone ? undoableIn(scenario, history).toReversed() : []);

  if (isCrashed || view.status !== 'complete') return;
  for (const [step, given] of scenario.scripts.entries()) {
    if (given.kind !== 'task' || !settled.includes(stepName(step))) continue;
    const isSkipped = history.some(({ event }) => event === `${stepName(step)}.skipped`);
    const own = Math.min(given.transientFailures + 1, given.maxAttempts);
    const isDone = given.transientFailures < given.maxAttempts && given.ending === 'ok';
    const attempts = own + (isDone || !given.hasFallback ? 0 : 1);
    expect([step, world.runs.get(stepName(step)) ?? 0]).toEqual([step, isSkipped ? 0 : attempts]);
  }
}

/** A failing step fails the run once it is reached, and it is reached if nothing it waits for fails. */
function fateOf(scenario: Scenario): 'complete' | 'failed' {
  const done = new Map<number, 'complete' | 'skipped'>();
  for (let before = -1; before !== done.size; ) {
    before = done.size;
    const { settled, underWay } = oracle(scenario, done);
    for (const [step, how] of settled) done.set(step, how);
    for (const step of underWay) {
      if (failsAtLast(scenario.scripts[step]!)) return 'failed';
      done.set(step, 'complete');
    }
  }
  return scenario.closing === 'rejected' ? 'failed' : 'complete';
}

function assertLegalPath(history: readonly HistoryEntry[]): void {
  for (const { from, to } of history) if (from !== null && from !== to) assertLegal(from, to);
}

function settledIn(history: readonly HistoryEntry[]): readonly string[] {
  return history
    .filter(
      ({ step, settles, event }) =>
        /^s\d+$/.test(step ?? '') &&
        settles !== null &&
        settles !== 'failed' &&
        !event.startsWith('undo.'),
    )
    .map(({ step }) => step!);
}

/** No step settles before those it waits for. */
function assertOrder(scenario: Scenario, settled: readonly string[]): void {
  for (const [position, name] of settled.entries()) {
    const before = settled.slice(0, position);
    for (const other of waitsFor(scenario, Number(name.slice(1))))
      expect(before).toContain(stepName(other));
  }
}

/** Undo paths in order of completion. A map that was stopped may have completed no item. */
function undoableIn(scenario: Scenario, history: readonly HistoryEntry[]): readonly string[] {
  return history.flatMap(({ step, event, data }) => {
    const given = scenario.scripts[Number(step?.slice(1))];
    if (step === null || given?.isUndoable !== true) return [];
    const isDone = event === `${step}.completed`;
    if (given.kind === 'task') return isDone ? [step] : [];
    if (given.kind === 'child') return isDone ? [`${step}/work`] : [];
    return given.kind === 'map' && Number(data?.['undo'] ?? 0) > 0 ? [step] : [];
  });
}

/** Takes down which steps are durable as completed. */
function withWitness(
  store: ReturnType<typeof createMemoryStore>,
  recorded: Set<string>,
): typeof store {
  return {
    ...store,
    async commit(batch) {
      const outcomes = await store.commit(batch);
      for (const { history } of batch)
        for (const { event, step } of history)
          if (step !== null && event === `${step}.completed`) recorded.add(step);
      return outcomes;
    },
  };
}
