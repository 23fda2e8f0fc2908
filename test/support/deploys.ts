/** A store on disk that outlives deploys: engines with other workflows are opened on it one after the other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLowdbStore } from '../../src/adapters/lowdb/index.ts';
import { openSqliteStore } from '../../src/adapters/sqlite/index.ts';
import { toCode, toStandingRun } from '../../src/engine/standing-run.ts';
import {
  createOrchestrator,
  type Orchestrator,
  type OrchestratorOptions,
  type Store,
  type Workflow,
} from '../../src/index.ts';
import { indexPlan } from '../../src/plan/settle.ts';
import {
  createUpgrade,
  type JudgedRun,
  judgeRun,
  missingNames,
} from '../../src/proof/diff/runs.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { createLogBook } from './log-book.ts';

export type Medium = 'lowdb' | 'sqlite';
type Workflows = OrchestratorOptions['workflows'];

export interface Deploys {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly engine: Orchestrator;
  /** Ends the engine and its store, and opens both again with these workflows. `wrap` puts something between them. */
  deploy(workflows: Workflows, wrap?: (store: Store) => Store): Promise<Orchestrator>;
  /** What `diff` says of the run, read from the store as it is now. */
  judge(
    runId: string,
    before: Workflow<never, unknown>,
    after: Workflow<never, unknown>,
  ): Promise<JudgedRun>;
}

export async function openDeploys(medium: Medium, workflows: Workflows): Promise<Deploys> {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-deploys-'));
  const clock = new ManualClock();
  let open = await start(workflows);
  onTestFinished(async () => {
    await stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(given: Workflows, wrap: (store: Store) => Store = (store) => store) {
    const store =
      medium === 'lowdb'
        ? await openLowdbStore(join(directory, 'runs'), { fsync: false, takeOver: true })
        : await openSqliteStore(join(directory, 'runs.db'));
    const { logger } = createLogBook();
    const engine = await createOrchestrator({
      workflows: given,
      store: wrap(store),
      clock,
      logger,
    });
    return { store, engine };
  }

  async function stop(): Promise<void> {
    await open.engine.close({ graceMs: 0 });
    await open.store.close();
  }

  return {
    clock,
    get store() {
      return open.store;
    },
    get engine() {
      return open.engine;
    },
    async deploy(given, wrap) {
      await stop();
      open = await start(given, wrap);
      return open.engine;
    },
    async judge(runId, before, after) {
      const stored = await open.store.load(runId);
      if (stored === null) throw new Error(`no run ${runId}`);
      const run = toStandingRun(stored, await open.store.settled(runId, stored.state.generation));
      const upgrade = createUpgrade(before.plan, after.plan);
      const code = toCode(indexPlan(after.plan), after.bindings);
      return judgeRun(upgrade, run, missingNames(before.plan, after.plan), code);
    },
  };
}
