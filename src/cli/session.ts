/** A store with an orchestrator on it, for as long as one command needs them. */
import { createInlineExecutor } from '../adapters/inline/executor.ts';
import { systemClock } from '../adapters/system/clock.ts';
import type { Settings } from '../engine/settings.ts';
import { createOrchestrator, type Orchestrator } from '../orchestrator.ts';
import type { Plan } from '../plan/plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { Executor } from '../ports/executor.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import { createTracing, isTraced } from '../telemetry/index.ts';
import type { Interruption } from './interruption.ts';
import { loadMachines, type Machines, withoutRepeats } from './machines.ts';
import { planIn } from './plan-in.ts';
import { findService } from './remote/find-service.ts';
import { type Access, openStore, parseStoreLocation } from './store-location.ts';

export interface Session {
  readonly store: Store;
  readonly orchestrator: Orchestrator;
  readonly machines: Machines;
  /** The plan a run goes on with; `null` if nobody has it. */
  planOf(runId: string): Promise<Plan | null>;
  /** Its runs are gone when it is closed. */
  readonly isForgetful: boolean;
  /** A running service does the work. */
  readonly isRemote: boolean;
  /** Runs that were written to since the session began. */
  readonly touched: ReadonlySet<string>;
  close(): Promise<void>;
}

/** What an orchestrator gets in place of the usual. */
export interface Prepared {
  readonly store: Store;
  readonly clock?: Clock;
  readonly executor?: Executor;
}

export interface SessionOptions {
  readonly store: string;
  readonly machines: string;
  /** A service to talk to, in place of the store. */
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly access: Access;
  /** The work is to be done in this process, whoever else serves the store. */
  readonly isHere: boolean;
  readonly lookAfter: Settings['lookAfter'];
  /** Puts something between the orchestrator and its store, clock and handlers. Default: nothing. */
  readonly prepare?: (store: Store) => Promise<Prepared>;
  readonly log: Logger;
  readonly interruption: Interruption;
  /** Told when closing takes a while. */
  readonly onSlowClose: () => void;
  readonly onProblem: (problem: Machines['problems'][number]) => void;
}

const graceMs = 5_000;
/** A command that is over lets the tasks it took up end: to cut them off would leave some in doubt. */
const patienceMs = 365 * 24 * 60 * 60 * 1000;
const slowMs = 1_000;

export async function openSession(options: SessionOptions): Promise<Session> {
  const location = parseStoreLocation(options.store);
  // Reading needs no lock; only changes go through whoever has the store open.
  if (!options.isHere && (options.access !== 'read' || options.url !== undefined)) {
    const service = await findService(location, options);
    if (service !== null) {
      const { openRemoteSession } = await import('./remote/remote-session.ts');
      return openRemoteSession(service, location);
    }
  }
  const machines = await loadMachines(options.machines);
  for (const problem of machines.problems) options.onProblem(problem);
  const touched = new Set<string>();
  const opened = await openStore(location, options.access);
  try {
    const prepared: Prepared = (await options.prepare?.(opened)) ?? { store: opened };
    const { store: given, ...ports } = prepared;
    const store = watched(given, touched);
    const tracing = isTraced() ? createTracing({ store }) : null;
    const orchestrator = await createOrchestrator({
      workflows: withoutRepeats(machines.workflows),
      store,
      ...ports,
      logger: options.log,
      settings: { lookAfter: options.lookAfter },
      ...(tracing === null
        ? {}
        : { executor: tracing.executor(ports.executor ?? createInlineExecutor(systemClock)) }),
    });
    const endTracing = tracing?.follow(orchestrator);
    return {
      store,
      orchestrator,
      machines,
      touched,
      isForgetful: store.kind === 'memory',
      isRemote: false,
      planOf: (runId) => planIn(store, runId),
      async close() {
        try {
          await closeInTime(orchestrator, options);
          endTracing?.();
        } finally {
          await store.close();
        }
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function closeInTime(
  orchestrator: Orchestrator,
  { interruption, onSlowClose }: SessionOptions,
): Promise<void> {
  const slow = setTimeout(onSlowClose, slowMs);
  const isHurried = interruption.signal !== null;
  let hurry: NodeJS.Timeout | undefined;
  const outOfTime = interruption.happened.then(
    () => new Promise<void>((resolve) => (hurry = setTimeout(resolve, graceMs + 1_000))),
  );
  try {
    const closed = orchestrator.close({ graceMs: isHurried ? graceMs : patienceMs });
    await Promise.race([closed, outOfTime]);
  } finally {
    clearTimeout(slow);
    clearTimeout(hurry);
  }
}

function watched(store: Store, touched: Set<string>): Store {
  return {
    ...store,
    commit(batch) {
      for (const { runId } of batch) touched.add(runId);
      return store.commit(batch);
    },
  };
}
