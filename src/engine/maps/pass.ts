import type { MapStep } from '../../plan/plan.ts';
import type { AttemptFailure } from '../../ports/executor.ts';
import type { MapItem } from '../../ports/store.ts';
import type { LiveRun } from '../live-run.ts';
import type { OpenItem } from '../run-body.ts';
import type { ItemWriter } from './item-writer.ts';
import type { ItemState } from './items.ts';

/** One go at a map, by one process, until the map ends or its run is another's. */
export interface Pass {
  readonly run: LiveRun;
  readonly node: MapStep;
  readonly open: Extract<OpenItem, { kind: 'map' }>;
  readonly writer: ItemWriter;
  readonly abort: AbortController;
  /** Nothing more begins, not even the next attempt of an item; what runs ends. */
  readonly halt: AbortController;
  isStopping: boolean;
  /** Its run is held: the rest of the items waits. */
  isHeld: boolean;
  /** Items that have completed, those of earlier passes included. */
  order: number;
  /** The first item that failed, where that is the failure of the map. */
  failure: { readonly index: number; readonly failure: AttemptFailure } | null;
}

export function isOver({ isStopping, abort, failure }: Pass): boolean {
  return isStopping || abort.signal.aborted || failure !== null;
}

/** Nothing of it begins before its run goes on; but a pass that only finds out what has taken effect, so that it is undone, does not wait. */
export function waits({ isHeld, open }: Pass): boolean {
  return isHeld && !open.stopping;
}

export function hold(pass: Pass): void {
  pass.isHeld = true;
  pass.halt.abort();
}

/** The first item that fails is the failure of the map, unless failures are collected. */
export function failMap(pass: Pass, index: number, failure: AttemptFailure): void {
  if (pass.node.onItemFailure !== 'fail') return;
  pass.failure ??= { index, failure };
  pass.halt.abort();
}

export function failedState(pass: Pass, state: ItemState, failure: AttemptFailure): ItemState {
  return { ...state, failure: { ...failure, attempts: state.attempts + 1 }, pass: pass.open.token };
}

/** Durable when it resolves. @throws SignalboxError `LEASE_LOST` if the run is another's now */
export function save(pass: Pass, state: ItemState, status: MapItem['status']): Promise<void> {
  return pass.writer.write({
    runId: pass.run.header.id,
    generation: pass.run.state.generation,
    step: pass.node.id,
    index: state.index,
    status,
    state,
  });
}
