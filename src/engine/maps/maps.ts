/** Dynamic fan-out: items are rows of the store, worked on side by side, each recorded when it ends, none of them in chart or snapshot. */
import { SignalboxError } from '../../errors.ts';
import { failureOf } from '../../failure.ts';
import type { Json } from '../../plan/json.ts';
import { applyEvent } from '../apply.ts';
import { closeItems } from '../draft.ts';
import { holdMapBack, isHeld } from '../hold-back.ts';
import type { Incoming } from '../incoming.ts';
import type { LiveRun } from '../live-run.ts';
import { isLost, persist } from '../persist.ts';
import { isQuarantined, quarantined } from '../recovery.ts';
import type { OpenItem } from '../run-body.ts';
import type { WorkDeps } from '../work-deps.ts';
import { endingOf, failing, hasCompleted } from './ending.ts';
import { createItemWorker } from './item-worker.ts';
import { createItemWriter } from './item-writer.ts';
import type { ItemState } from './items.ts';
import { hold, isOver, type Pass, waits } from './pass.ts';
import { itemsOf, recalled } from './recall.ts';

export interface Maps {
  start(run: LiveRun, step: string): void;
  /** Starts no further item; what runs ends. */
  stop(runId: string, step: string): void;
  /** As `stop` for the maps of all runs that are held now; they go on with the run. */
  hold(): void;
}

export function createMaps(deps: WorkDeps): Maps {
  const { runs, inFlight, store, clock } = deps;
  const passes = new Map<string, Pass>();
  const workOn = createItemWorker(deps);

  function start(run: LiveRun, step: string): void {
    const open = run.open.find(
      (item): item is Pass['open'] => item.kind === 'map' && item.step === step,
    );
    const node = run.definition.index.nodes.get(step);
    if (
      open === undefined ||
      node?.kind !== 'map' ||
      open.held === true ||
      run.state.pausedAtMs !== null ||
      inFlight.has(open.token)
    )
      return;
    const runId = run.header.id;
    const abort = new AbortController();
    inFlight.set(open.token, { runId, step, abort, details: null, isRunning: true });
    const pass: Pass = {
      run,
      node,
      open,
      writer: createItemWriter(deps, { runId, epoch: run.state.epoch }),
      abort,
      halt: new AbortController(),
      isStopping: open.stopping,
      isHeld: false,
      order: 0,
      failure: null,
    };
    passes.set(open.token, pass);
    if (isHeld(deps, run)) hold(pass);
    void work(pass)
      .finally(() => {
        inFlight.delete(open.token);
        passes.delete(open.token);
      })
      .then((outcome) =>
        outcome === 'held' ? persist(deps, () => holdMapBack(deps, runId, open.token)) : undefined,
      )
      .catch((error: unknown) =>
        deps.log.warn({ err: error, runId, step }, 'the map waits to be taken up again'),
      );
  }

  async function work(pass: Pass): Promise<'held' | void> {
    const { run, node, open, abort } = pass;
    const log = deps.log.child({ runId: run.header.id, step: node.id });
    if (waits(pass)) return 'held';
    try {
      const items = itemsOf(pass, store);
      const states = await recalled(pass, items.length, store);
      if (isQuarantined(open, deps.settings)) {
        const failure = quarantined(`map "${node.id}"`, open);
        log.error({ failure }, 'run quarantined');
        return await settle(pass, () => failing(pass, failure, hasCompleted(states)));
      }
      await workOnAll(pass, items, states);
      await pass.writer.flush();
      if (abort.signal.reason instanceof SignalboxError) return;
      if (pass.isHeld && !isOver(pass) && !haveEnded(states, items.length)) return 'held';
      const { maxPayloadBytes } = deps.settings;
      await settle(pass, () => endingOf(pass, items.length, states, maxPayloadBytes));
    } catch (error) {
      if (isLost(error) || abort.signal.reason instanceof SignalboxError) {
        log.warn({}, 'the map goes on in another process, or at the next start');
        return;
      }
      log.error({ err: error }, 'the map could not be carried out');
      await settle(pass, () => failing(pass, failureOf(error), false)).catch((lost: unknown) =>
        log.error({ err: lost }, 'the failed map could not be recorded'),
      );
    }
  }

  /**
   * Items begin in order, and what was at work when a process died is on nobody's record: it is among the first that have not ended. Those are done
   * again even if the map has failed or is stopped, so that what they did is known and undone.
   */
  async function workOnAll(
    pass: Pass,
    items: readonly Json[],
    states: Map<number, ItemState>,
  ): Promise<void> {
    let next = 0;
    const take = (): number | null => {
      while (next < items.length && !waits(pass)) {
        const index = next;
        next += 1;
        const state = states.get(index);
        // One that waited for its next attempt was not at work; once the map is over, it is left alone.
        const isLeft = isOver(pass) && (state?.retryAtMs ?? 0) > clock.nowMs();
        if (!hasEnded(state) && !isLeft) return index;
      }
      return null;
    };
    let unclear = isOver(pass) ? unaccounted(pass, states) : 0;
    const begins = () => {
      if (!isOver(pass)) return true;
      unclear -= 1;
      return unclear >= 0 && !pass.abort.signal.aborted;
    };
    const worker = async (): Promise<void> => {
      for (let index = take(); index !== null && begins(); index = take()) {
        const item = items[index] ?? null;
        const known = states.get(index) ?? {
          index,
          item,
          results: {},
          attempts: 0,
          retryAtMs: null,
        };
        states.set(index, await workOn(pass, known));
      }
    };
    const workers = Math.min(pass.node.concurrency, Math.max(1, items.length));
    await Promise.all(Array.from({ length: workers }, worker));
  }

  async function settle({ run: { header }, open }: Pass, ending: () => Incoming): Promise<void> {
    const isIt = (item: OpenItem) => item.kind === 'map' && item.token === open.token;
    const run = await runs.own(header.id);
    if (run === null || !run.open.some(isIt)) return;
    await runs.change(run, (draft) => {
      closeItems(draft, isIt);
      applyEvent(draft, ending());
    });
  }

  return {
    start,
    stop(runId, step) {
      for (const pass of passes.values())
        if (pass.run.header.id === runId && pass.node.id === step) {
          pass.isStopping = true;
          pass.halt.abort();
        }
    },
    hold() {
      for (const pass of passes.values()) if (isHeld(deps, pass.run)) hold(pass);
    },
  };
}

function hasEnded(state: ItemState | undefined): boolean {
  return state?.output !== undefined || state?.failure !== undefined;
}

function haveEnded(states: ReadonlyMap<number, ItemState>, count: number): boolean {
  return [...states.values()].filter(hasEnded).length === count;
}

/** Items that may have been at work when an earlier process died. An unsafe one is on record. */
function unaccounted({ node, open }: Pass, states: ReadonlyMap<number, ItemState>): number {
  const isSafe = node.body.every((part) => part.kind !== 'task' || part.call.repeat === 'safe');
  if ((open.dispatches ?? 1) === 1 || !isSafe) return 0;
  // Whoever's item has failed takes no other.
  const failed = [...states.values()].filter((state) => state.pass === open.token);
  return Math.max(0, node.concurrency - failed.length);
}
