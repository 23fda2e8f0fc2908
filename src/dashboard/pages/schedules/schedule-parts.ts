import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';

export type Schedule = AnswerOf<typeof api.schedules.get>;
export type Slot = Schedule['next'][number];
export type Fire = Schedule['lastFires'][number];

export const overlapWords: Readonly<Record<Schedule['overlap'], string>> = {
  allow: 'both run',
  skip: 'the new one is skipped',
  queue: 'the new one waits for it',
  cancel: 'the last run is cancelled',
};

export const dstWords: Readonly<Record<NonNullable<Slot['dst']>, string>> = {
  moved: 'moved, clocks jump over it',
  first: 'first of two, clocks go back',
  second: 'second of two, clocks go back',
};

/** `2027-03-28T03:00:00+02:00` as `Sun 2027-03-28 03:00 +02:00`. */
export function localText(local: string): string {
  const [, day = local, time = '', offset = ''] =
    /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::00)?(.*)$/.exec(local) ?? [];
  return `${weekdays[new Date(`${day}T00:00Z`).getUTCDay()] ?? ''} ${day} ${time} ${offset}`.trim();
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
