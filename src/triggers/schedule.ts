import { z } from 'zod';
import {
  anything,
  count,
  duration,
  flag,
  oneOf,
  parseOptions,
  text,
} from '../definition/options.ts';
import type { Priority } from '../plan/plan.ts';
import { definitionInvalid } from '../plan/problem.ts';
import { type CronRule, type DstPolicy, dstOf, type Slot, type Slots, slotsOf } from './slots.ts';
import {
  checkTriggerName,
  placeOf,
  type Target,
  type TargetOptions,
  targetOf,
  targetOptions,
} from './target.ts';

/** The moment a schedule fires for; the run may begin later. */
export interface ScheduleTick {
  readonly schedule: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** ISO 8601 with the offset of the time zone: its first ten characters are the date there. */
  readonly local: string;
  readonly timeZone: string;
}

/** What becomes of a slot while the last run of the schedule still runs. */
export type OverlapPolicy = 'allow' | 'skip' | 'queue' | 'cancel';

/** When a schedule starts runs of its target, with which input, and what slots mean that are late or overlap. */
export type ScheduleOptions<I> = TargetOptions<I> & {
  /** Unique among the triggers of a service; it becomes part of keys and addresses. */
  readonly name: string;
  readonly description?: string;
  /** Five fields, or six with seconds in front; `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`. */
  readonly cron: string;
  /** IANA name. Default: `UTC`; the zone of the machine is never asked. */
  readonly timeZone?: string;
  /** Default: a rule that names hours runs once a day whatever clocks do; one that does not keeps its distance. */
  readonly dst?: Partial<DstPolicy>;
  /** The input itself, or a function of the slot. The same slot must give the same: it may be asked again after a crash. */
  readonly input: NoInfer<I> | ((tick: ScheduleTick) => NoInfer<I>);
  /**
   * While the last run still runs: start another (`allow`), leave the slot out (`skip`, the default), start it when that one has ended
   * (`queue`, one slot at most; later ones are left out), or cancel that one and start when it has ended (`cancel`).
   */
  readonly overlap?: OverlapPolicy;
  /** How many slots that were missed while nobody was there are made up for, the newest; 0 to 100. Default: 1. */
  readonly catchUp?: number;
  /**
   * Each slot begins up to this much later, but before the next one, and always by the same amount for the same slot, so that many schedules do not
   * begin at once.
   */
  readonly jitter?: string;
  /** It waits for somebody to resume it before its first slot. Default: false. */
  readonly paused?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly priority?: Priority;
};

/** A cron rule that starts runs. */
export interface Schedule {
  readonly trigger: 'schedule';
  readonly name: string;
  readonly description: string | null;
  readonly target: Target;
  readonly rule: CronRule;
  readonly slots: Slots;
  readonly input: (tick: ScheduleTick) => unknown;
  readonly overlap: OverlapPolicy;
  readonly catchUp: number;
  readonly jitterMs: number;
  readonly startsPaused: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: Priority;
}

const options = z.strictObject({
  ...targetOptions,
  cron: text,
  timeZone: text.optional(),
  dst: z
    .strictObject({
      gap: oneOf('after', 'skip').optional(),
      repeat: oneOf('once', 'twice').optional(),
    })
    .optional(),
  input: anything,
  overlap: oneOf('allow', 'skip', 'queue', 'cancel').optional(),
  catchUp: count(0, 100).optional(),
  jitter: duration.optional(),
  paused: flag.optional(),
});

const maxJitterMs = 24 * 60 * 60 * 1000;

/**
 * A cron rule that starts a run of a workflow, or publishes an event, at each of its slots; every slot at most once.
 *
 * @throws SignalboxError `DEFINITION_INVALID` if the rule is none or never comes, the zone is unknown, or an option is wrong
 * @example
 * export const nightly = defineSchedule({
 *   name: 'nightly-sync', cron: '0 2 * * *', timeZone: 'Europe/Berlin',
 *   workflow: dataSync, input: ({ local }) => ({ day: local.slice(0, 10) }),
 * });
 */
export function defineSchedule<I>(definition: ScheduleOptions<I>): Schedule {
  const place = placeOf(definition);
  const given = parseOptions(place, options, definition);
  checkTriggerName(given.name);
  const target = targetOf(given.name, given);
  const { input } = given;
  return scheduleOf({
    name: given.name,
    description: given.description ?? null,
    target,
    cron: given.cron,
    timeZone: given.timeZone ?? 'UTC',
    dst: given.dst ?? {},
    input: typeof input === 'function' ? (input as Schedule['input']) : () => input,
    overlap: given.overlap ?? null,
    catchUp: given.catchUp ?? 1,
    jitterMs: given.jitter ?? 0,
    startsPaused: given.paused ?? false,
    labels: given.labels ?? {},
    priority: given.priority ?? 'default',
  });
}

export type ScheduleParts = Omit<Schedule, 'trigger' | 'rule' | 'slots' | 'overlap'> & {
  readonly cron: string;
  readonly timeZone: string;
  readonly dst: {
    readonly gap?: DstPolicy['gap'] | undefined;
    readonly repeat?: DstPolicy['repeat'] | undefined;
  };
  /** `null`: the default of its target. */
  readonly overlap: OverlapPolicy | null;
};

/** A schedule from parts of any origin. @throws SignalboxError `DEFINITION_INVALID` */
export function scheduleOf(parts: ScheduleParts): Schedule {
  const { cron, timeZone, dst, overlap, ...rest } = parts;
  const place = { trigger: parts.name };
  const rule: CronRule = { cron, timeZone, dst: dstOf(cron, dst) };
  const slots = slotsOf(rule);
  if ('problem' in slots) throw definitionInvalid(place, slots.problem);
  if (parts.jitterMs > maxJitterMs)
    throw definitionInvalid(place, 'option "jitter" is more than "24h"');
  if (parts.target.kind === 'event' && overlap !== null && overlap !== 'allow') {
    throw definitionInvalid(place, 'an event has no run that could overlap; leave "overlap" out');
  }
  return {
    trigger: 'schedule',
    ...rest,
    rule,
    slots,
    overlap: overlap ?? (parts.target.kind === 'event' ? 'allow' : 'skip'),
  };
}

export function tickOf(
  schedule: Schedule,
  { atMs, local }: Pick<Slot, 'atMs' | 'local'>,
): ScheduleTick {
  return {
    schedule: schedule.name,
    atMs,
    at: new Date(atMs).toISOString(),
    local,
    timeZone: schedule.rule.timeZone,
  };
}
