/** Bringing runs into being, each under its key at most once. */
import { SignalboxError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunnableWorkflow } from '../ports/bindings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { RunHeader, Store } from '../ports/store.ts';
import { digest } from './canonical.ts';
import type { Catalogue } from './catalogue.ts';
import type { RunTable } from './run-table.ts';
import type { Settings } from './settings.ts';
import { begin, checkOptions, createRun, parseInput, type StartOptions } from './start.ts';

export interface Started {
  readonly runId: string;
  /** `false`: an earlier start with the same key made the run. */
  readonly created: boolean;
}

export interface Launch {
  readonly id: string;
  readonly workflow: RunnableWorkflow;
  readonly input: unknown;
  readonly options: StartOptions;
  readonly parent: RunHeader['parent'];
  readonly depth: number;
}

interface LauncherDeps {
  readonly store: Store;
  readonly runs: RunTable;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: Settings;
}

export function createLauncher(deps: LauncherDeps): (launch: Launch) => Promise<Started> {
  const { store, runs, catalogue, clock, log, settings } = deps;
  const savedPlans = new Set<string>();

  async function keepPlan(plan: Plan): Promise<void> {
    const name = `${plan.name}@${plan.version}#${plan.hash}`;
    if (savedPlans.has(name)) return;
    await store.savePlan(plan);
    savedPlans.add(name);
  }

  function sameRun(
    known: { runId: string; payloadHash: string },
    mine: string,
    launch: Launch,
  ): Started {
    const { runId } = known;
    const workflow = launch.workflow.name;
    const { key } = launch.options;
    if (known.payloadHash !== mine) {
      throw new SignalboxError(
        'KEY_CONFLICT',
        `Key "${key ?? ''}" of workflow "${workflow}" belongs to run "${runId}", which was started with another input`,
        { details: { runId, workflow, key }, hint: 'Use another key for another input' },
      );
    }
    log.info({ runId, workflow, key }, 'start with a known key: the earlier run is the answer');
    return { runId, created: false };
  }

  return async (launch) => {
    const { id, workflow, options, parent } = launch;
    const input = parseInput(workflow, launch.input, settings.maxPayloadBytes);
    checkOptions(options, settings.maxPayloadBytes);
    const definition = catalogue.define(workflow);
    await keepPlan(definition.plan);
    // A child's id is known before it is; its start may be delivered again.
    if (parent !== null && (runs.peek(id) ?? (await store.load(id))) !== null)
      return { runId: id, created: false };
    const nowMs = clock.nowMs();
    const claim =
      options.key === undefined
        ? null
        : {
            key: `${workflow.name}\n${options.key}`,
            payloadHash: digest(input),
            atMs: nowMs,
            expiresAtMs: nowMs + settings.keyTtlMs,
          };
    if (claim !== null) {
      const known = await store.key(claim.key, nowMs);
      if (known !== null) return sameRun(known, claim.payloadHash, launch);
    }
    const run = createRun({ ...launch, definition, input, nowMs });
    runs.add(run);
    try {
      await runs.change(run, (draft) => begin(draft, options), { claim });
      return { runId: id, created: true };
    } catch (error) {
      runs.discard(run);
      if (!(error instanceof SignalboxError)) throw error;
      if (error.code === 'KEY_CONFLICT' && claim !== null) {
        const { runId, payloadHash } = error.details;
        const known = { runId: String(runId), payloadHash: String(payloadHash) };
        return sameRun(known, claim.payloadHash, launch);
      }
      // Another process started the same child.
      if (parent !== null && error.code === 'LEASE_LOST' && (await store.load(id)) !== null)
        return { runId: id, created: false };
      throw error;
    }
  };
}
