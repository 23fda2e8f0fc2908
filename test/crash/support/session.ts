import {
  createOrchestrator,
  type Orchestrator,
  type RunView,
  SignalboxError,
} from '../../../src/index.ts';
import type { Logger } from '../../../src/ports/logger.ts';
import type { Store } from '../../../src/ports/store.ts';
import { turns } from '../../../src/testing/crash/life.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import type { Scenario, Session } from './scenarios.ts';
import type { Stage } from './stage.ts';

export class Stuck extends Error {
  override readonly name = 'Stuck';
}

export const silence: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silence,
};

const settings = { leaseMs: 3_000, pollMs: 1_000 };
const maxTurns = 300;

/** Opens the store for work and brings every run of the scenario to its end, from wherever an earlier life left it. */
export async function live(scenario: Scenario, stage: Stage, store: Store): Promise<void> {
  const clock = new ManualClock(stage.clock.nowMs());
  stage.clock = clock;
  const nextId = () => String((stage.ids += 1)).padStart(6, '0');
  const orchestrator = await createOrchestrator({
    workflows: scenario.workflows,
    store,
    clock,
    ids: { runId: () => `run-${nextId()}`, token: () => `token-${nextId()}`, random: () => 0.5 },
    logger: silence,
    settings,
  });
  await converse(scenario, stage, store, orchestrator, clock);
  // What is still to be written is written again by the clock.
  await Promise.all([orchestrator.close(), clock.advance(10_000)]);
}

async function converse(
  scenario: Scenario,
  stage: Stage,
  store: Store,
  orchestrator: Orchestrator,
  clock: ManualClock,
): Promise<void> {
  let views: readonly RunView[] = [];
  const look = async () => {
    views = (await orchestrator.list({ limit: 100 })).runs;
  };
  /** Somebody who waits for an answer has time pass, in which the process that holds the run may be found dead. */
  const patiently = async <T>(work: Promise<T>): Promise<T> => {
    let isAnswered = false;
    const noted = () => {
      isAnswered = true;
    };
    work.then(noted, noted);
    for (let turn = 0; turn < 60; turn += 1) {
      await turns(50);
      if (isAnswered) break;
      await clock.advance(500);
    }
    return work;
  };
  const promise = (made: (typeof stage.promises)[number]) => void stage.promises.push(made);
  const entry = (runId: string, event: string) => promise({ kind: 'entry', runId, event });
  const session: Session = {
    runsOf: (workflow) => views.filter((view) => view.workflow === workflow),
    hasEntry: async (runId, event) =>
      (await orchestrator.history(runId)).some((known) => known.event === event),
    hasHappened: (runId, effect) =>
      stage.effects.some(
        ({ runId: of, name, kind }) => of === runId && name === effect && kind === 'run',
      ),
    async start(workflow, input, options = stage.isKeyed ? { key: workflow } : {}) {
      const { runId } = await patiently(orchestrator.start(workflow, input, options));
      promise({ kind: 'start', runId });
    },
    async decide(runId, step, decision) {
      await patiently(orchestrator.decide(runId, step, decision));
      const { outcome } = decision;
      entry(
        runId,
        `${step}.${outcome === 'approved' || outcome === 'rejected' ? 'decided' : outcome}`,
      );
    },
    async signal(runId, event, payload, id) {
      await patiently(orchestrator.signal(runId, event, payload, { id }));
      promise({ kind: 'signal', runId, id });
    },
    async publish(event, payload, id) {
      await patiently(orchestrator.publish(event, payload, { id }));
      promise({ kind: 'message', id: `event/${id}` });
    },
    async cancel(runId) {
      await patiently(orchestrator.cancel(runId));
      entry(runId, 'run.cancelled');
    },
    async retry(runId) {
      await patiently(orchestrator.retry(runId));
      entry(runId, 'run.retried');
    },
    async pause(runId) {
      await patiently(orchestrator.pause(runId));
      entry(runId, 'run.paused');
    },
    async resume(runId) {
      await patiently(orchestrator.resume(runId));
      entry(runId, 'run.resumed');
    },
    async rest() {
      await clock.advance(0);
      await look();
    },
  };

  /** @returns whether everything has ended */
  const act = async (): Promise<boolean> => {
    if (hasEnded(scenario, views)) return true;
    if ((await scenario.intervene?.(session, views)) === true) return false;
    const before = stage.promises.length;
    for (const view of views) {
      if (view.paused) continue;
      for (const waiting of view.waitingOn) {
        if (waiting.kind === 'review' || waiting.kind === 'event')
          await scenario.answer?.(session, view, waiting);
      }
    }
    if (stage.promises.length === before) await clock.advance(patience(views, clock.nowMs()));
    return false;
  };

  let hasBegun = false;
  for (let turn = 0; turn < maxTurns; turn += 1) {
    try {
      await session.rest();
      if (!hasBegun) await scenario.begin(session);
      else if (await act()) return;
      hasBegun = true;
    } catch (error) {
      // Somebody who is told so tries again a little later.
      if (!(error instanceof SignalboxError) || error.code !== 'STORE_UNAVAILABLE') throw error;
      await clock.advance(1_000);
    }
  }
  const standing = views.map((view) => ({ ...view, waitingOn: view.waitingOn }));
  throw new Stuck(`Stuck: ${JSON.stringify(standing, null, 1)}`);
}

function hasEnded({ ends }: Scenario, views: readonly RunView[]): boolean {
  const expected = Object.entries(ends);
  if (views.length < expected.reduce((sum, [, statuses]) => sum + statuses.length, 0)) return false;
  return expected.every(([workflow, statuses]) =>
    views
      .filter((view) => view.workflow === workflow)
      .every(
        ({ status, waitingOn }) =>
          statuses.includes(status) && waitingOn.every(({ kind }) => kind !== 'notice'),
      ),
  );
}

/** Until the next thing that happens by itself; a second if nobody says when. */
function patience(views: readonly RunView[], nowMs: number): number {
  const dues = views
    .filter(({ paused }) => !paused)
    .flatMap(({ waitingOn }) =>
      waitingOn.flatMap(({ until }) => (until === null ? [] : [Date.parse(until)])),
    )
    .filter((dueMs) => dueMs > nowMs);
  const isWorking = views.some(({ waitingOn }) =>
    waitingOn.some(
      ({ kind }) => kind === 'attempt' || kind === 'map' || kind === 'undo' || kind === 'notice',
    ),
  );
  return dues.length === 0 || isWorking ? 1_000 : Math.min(Math.min(...dues) - nowMs, 60_000);
}
