/** How a step or state of a run stands, in words, colour and icon. */
import {
  CircleCheck,
  CircleDashed,
  CirclePlay,
  CircleSlash,
  CircleX,
  Hourglass,
  type LucideIcon,
  SkipForward,
  Undo2,
} from 'lucide-react';
import type { Tint } from '../../parts/status-badge.tsx';

interface Look {
  readonly label: string;
  readonly tint: Tint;
  readonly icon: LucideIcon;
}

const looks: Readonly<Record<string, Look>> = {
  done: { label: 'Done', tint: 'green', icon: CircleCheck },
  current: { label: 'Running', tint: 'blue', icon: CirclePlay },
  waiting: { label: 'Waiting', tint: 'amber', icon: Hourglass },
  failed: { label: 'Failed', tint: 'red', icon: CircleX },
  skipped: { label: 'Skipped', tint: 'neutral', icon: SkipForward },
  not_taken: { label: 'Not taken', tint: 'neutral', icon: CircleSlash },
  undone: { label: 'Undone', tint: 'violet', icon: Undo2 },
};
const notYet: Look = { label: 'Not yet', tint: 'neutral', icon: CircleDashed };

/** @param state - as `data-state` of the drawing; `null`: the run has not come to it */
export function partLooks(state: string | null): Look {
  return (state === null ? undefined : looks[state]) ?? notYet;
}
