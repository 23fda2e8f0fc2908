/** Schedules as text. */
import type { z } from 'zod';
import type { Fire, Schedule, Slot } from '../api/schedules.ts';
import { printable } from './escape.ts';
import { localTime } from './format.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

type ScheduleView = z.output<typeof Schedule>;
type FireView = z.output<typeof Fire>;
type SlotView = z.output<typeof Slot>;

const titles = (...names: readonly string[]) => names.map((title) => ({ title }));

export function scheduleTable(schedules: readonly ScheduleView[], style: Style): readonly string[] {
  if (schedules.length === 0) return ['No schedules'];
  const rows = schedules.map(
    ({ name, cron, timeZone, target, next, paused, problem, lastFires }) => [
      name,
      cron,
      timeZone,
      target.name,
      paused === null ? (next[0]?.local ?? 'never') : `paused by ${paused.actor}`,
      problem ?? lastFires[0]?.outcome ?? '',
    ],
  );
  return table(titles('SCHEDULE', 'CRON', 'ZONE', 'STARTS', 'NEXT', 'LAST'), rows, style.dim);
}

const marks = {
  moved: 'clocks skip its time: moved behind the gap',
  first: 'clocks show it twice: the first time',
  second: 'clocks show it twice: the second time',
} as const;

export function slotLines(slots: readonly SlotView[]): readonly string[] {
  return slots.map(({ local, dst }) => (dst === null ? local : `${local}  ${marks[dst]}`));
}

export function fireTable(fires: readonly FireView[], style: Style): readonly string[] {
  const rows = fires.map(({ local, cause, outcome, runId, reason, count, isAtLeast }) => [
    local,
    cause,
    count === 1 ? outcome : `${count}${isAtLeast ? ' or more' : ''} ${outcome}`,
    runId ?? reason ?? '',
  ]);
  return table(titles('SLOT', 'CAUSE', 'OUTCOME', 'RUN OR REASON'), rows, style.dim);
}

export function scheduleLines(schedule: ScheduleView, style: Style): readonly string[] {
  const { name, description, cron, timeZone, target, dst, overlap, catchUp, paused } = schedule;
  const { problem, queued, next, lastFires } = schedule;
  return [
    `Schedule ${printable(name)}: ${printable(cron)} in ${printable(timeZone)}, starts ${printable(target.name)}`,
    ...(description === null ? [] : [printable(description)]),
    `While the last run still runs: ${overlap}. Missed slots made up for: ${catchUp}`,
    `A time clocks skip: ${dst.gap === 'after' ? 'right after it' : 'left out'}. A time they show twice: ${dst.repeat}`,
    ...(paused === null
      ? []
      : [
          `Paused by ${printable(paused.actor)} since ${localTime(paused.at)}${paused.reason === null ? '' : `: ${printable(paused.reason)}`}`,
        ]),
    ...(queued === null ? [] : [`The slot of ${queued} waits for the last run`]),
    ...(problem === null ? [] : [`Problem: ${printable(problem)}`]),
    'Next',
    ...slotLines(next).map((line) => `  ${line}`),
    'Last',
    ...(lastFires.length === 0
      ? ['  none']
      : fireTable(lastFires, style).map((line) => `  ${line}`)),
  ];
}
