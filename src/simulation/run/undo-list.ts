import type { ChartEvent } from '../../chart/events.ts';
import type { TaskCall } from '../../plan/plan.ts';
import type { PlanIndex } from '../../plan/settle.ts';
import { stepOf } from './events.ts';

/** What a run has done that can be undone, latest last. */
export interface UndoList {
  readonly entries: UndoEntry[];
  /** How many of them were undone. */
  undone: number;
}

export interface UndoEntry {
  readonly step: string;
  /** `null`: of a child or a map, which has its own. */
  readonly call: TaskCall | null;
}

/** As many entries of its step as the event adds. */
export function entriesOf({ nodes }: PlanIndex, event: ChartEvent): readonly UndoEntry[] {
  const { undo = 0 } = event;
  if (undo === 0) return [];
  const step = stepOf(event);
  const node = nodes.get(step);
  const entry = { step, call: node?.kind === 'task' ? node.call : null };
  return Array.from({ length: undo }, () => entry);
}
