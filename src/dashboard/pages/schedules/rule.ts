/** What a new schedule is to be, as it is entered; and what that is as a call and as a command. */
import type { api } from '../../../api/api.ts';
import type { RequestOf } from '../../../api/route.ts';
import type { Json } from '../../../plan/json.ts';
import type { Schedule } from './schedule-parts.ts';

export interface NewSchedule {
  readonly name: string;
  readonly description: string;
  readonly cron: string;
  readonly timeZone: string;
  /** `null`: as the service has it for the rule. */
  readonly gap: Schedule['dst']['gap'] | null;
  readonly repeat: Schedule['dst']['repeat'] | null;
  readonly overlap: Schedule['overlap'];
  readonly catchUp: number;
  readonly jitterSeconds: number;
  readonly isPaused: boolean;
}

export const nothing: NewSchedule = {
  name: '',
  description: '',
  cron: '0 6 * * *',
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  gap: null,
  repeat: null,
  overlap: 'skip',
  catchUp: 1,
  jitterSeconds: 0,
  isPaused: false,
};

export function ruleOf({ cron, timeZone, gap, repeat }: NewSchedule) {
  const dst = { ...(gap !== null && { gap }), ...(repeat !== null && { repeat }) };
  return { cron: cron.trim(), timeZone, dst };
}

export function bodyOf(
  given: NewSchedule,
  workflow: string,
  input: Json,
): RequestOf<typeof api.schedules.create>['body'] {
  const { name, description, overlap, catchUp, jitterSeconds, isPaused } = given;
  return {
    name: name.trim(),
    ...(description.trim() !== '' && { description: description.trim() }),
    ...ruleOf(given),
    workflow,
    input,
    overlap,
    catchUp,
    jitterMs: jitterSeconds * 1_000,
    paused: isPaused,
  };
}

export function commandOf(given: NewSchedule, workflow: string, input: Json): readonly string[] {
  const { name, description, cron, timeZone, gap, repeat, overlap, catchUp, jitterSeconds } = given;
  return [
    'schedule',
    'create',
    name.trim(),
    '--workflow',
    workflow,
    '--cron',
    cron.trim(),
    '--time-zone',
    timeZone,
    '--input',
    JSON.stringify(input),
    ...(gap === null ? [] : ['--dst-gap', gap]),
    ...(repeat === null ? [] : ['--dst-repeat', repeat]),
    ...(overlap === 'skip' ? [] : ['--overlap', overlap]),
    ...(catchUp === 1 ? [] : ['--catch-up', String(catchUp)]),
    ...(jitterSeconds === 0 ? [] : ['--jitter', `${jitterSeconds}s`]),
    ...(description.trim() === '' ? [] : ['--description', description.trim()]),
    ...(given.isPaused ? ['--paused'] : []),
  ];
}
