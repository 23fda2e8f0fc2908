import type { ChartContext } from '../../chart/context.ts';
import type { ChartEvent } from '../../chart/events.ts';
import type { RunStatus } from '../../plan/plan.ts';
import type { Settled } from '../../plan/settle.ts';
import type { OpenItems } from './open-items.ts';
import type { UndoList } from './undo-list.ts';
import type { Subject, World } from './world.ts';

/** A run under way, as its steps see and move it. */
export interface ActiveRun {
  readonly subject: Subject;
  readonly world: World;
  readonly items: OpenItems;
  readonly undoList: UndoList;
  /** By step. */
  readonly children: Map<string, SampledRun>;
  context(): ChartContext;
  send(...next: Next): void;
  spawn(subject: Subject, world: World, onEnd: (ended: SampledEnd) => void): SampledRun;
}

/** An event, what it settles, and the wait it asks for. */
export type Next = readonly [event: ChartEvent, settles?: Settled | undefined, waitMs?: number];

export interface SampledRun {
  cancel(mode: 'drain' | 'abort'): void;
}

export interface SampledEnd {
  readonly status: RunStatus;
  /** Entries of the undo list that were undone, and all there were. */
  readonly undone: number;
  readonly undoable: number;
}
