/** The moments a cron rule names, under a policy for the hours that clocks skip or repeat. */
import { Cron } from 'croner';
import { createWallClock, localText } from './wall-clock.ts';

/** What becomes of a slot when clocks are put forward or back. */
export interface DstPolicy {
  /** A time that clocks skip: at the first moment `after` the gap, or `skip` it. */
  readonly gap: 'after' | 'skip';
  /** A time that clocks show twice: `once`, the first time, or `twice`. */
  readonly repeat: 'once' | 'twice';
}

export interface CronRule {
  /** Five fields, or six with seconds in front; `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`. */
  readonly cron: string;
  /** IANA name, as `Europe/Berlin`. */
  readonly timeZone: string;
  readonly dst: DstPolicy;
}

export interface Slot {
  readonly atMs: number;
  /** ISO 8601 with the offset of the zone. */
  readonly local: string;
  /** `moved` out of a gap; the `first` or `second` of two moments with the same wall time. */
  readonly dst: 'moved' | 'first' | 'second' | null;
}

export interface Slots {
  /** The first one after an instant, exclusive; `null` if there is none any more. */
  next(afterMs: number): Slot | null;
}

/** Any rule that matches at all does so within these years (29 February on a given weekday takes up to 40). */
const searchFrom = new Date(Date.UTC(2000, 0, 1));

/**
 * A rule that names hours means a time of day: it runs once on every day, also on the day clocks are set. One that does not means a distance:
 * it keeps its distance over the change.
 */
function defaultDst(cron: string): DstPolicy {
  const fields = cron.trim().split(/\s+/);
  const hour = fields.length === 6 ? fields[2] : fields[1];
  const isDistance = hour === undefined ? /@hourly/i.test(cron) : /[*/?]/.test(hour);
  return isDistance ? { gap: 'skip', repeat: 'twice' } : { gap: 'after', repeat: 'once' };
}

/** What is not given is as {@link defaultDst} has it. */
export function dstOf(
  cron: string,
  { gap, repeat }: { readonly [K in keyof DstPolicy]?: DstPolicy[K] | undefined },
): DstPolicy {
  const usual = defaultDst(cron);
  return { gap: gap ?? usual.gap, repeat: repeat ?? usual.repeat };
}

/** @returns what is wrong with the rule, in words, or its slots */
export function slotsOf(rule: CronRule): Slots | { readonly problem: string } {
  const clock = createWallClock(rule.timeZone);
  if (clock === null) {
    return {
      problem: `"${rule.timeZone.slice(0, 80)}" is no time zone; use an IANA name such as "Europe/Berlin" or "UTC"`,
    };
  }
  const pattern = patternOf(rule.cron);
  if (typeof pattern === 'string') return { problem: pattern };
  const { dst } = rule;
  const nextWall = (wallMs: number) => pattern.nextRun(new Date(wallMs))?.getTime() ?? null;

  function momentsOf(wallMs: number): readonly Slot[] {
    const instants = clock!.instantsOf(wallMs);
    const [first, second] = instants;
    if (first === undefined) {
      if (dst.gap === 'skip') return [];
      const atMs = clock!.endOfGap(wallMs);
      return [{ atMs, local: localText(atMs, clock!.wallAt(atMs)), dst: 'moved' }];
    }
    if (second === undefined) return [{ atMs: first, local: localText(first, wallMs), dst: null }];
    const both: readonly Slot[] = [
      { atMs: first, local: localText(first, wallMs), dst: 'first' },
      { atMs: second, local: localText(second, wallMs), dst: 'second' },
    ];
    return dst.repeat === 'once' ? both.slice(0, 1) : both;
  }

  function firstAfter(afterMs: number, fromWallMs: number): Slot | null {
    let wallMs = nextWall(fromWallMs);
    while (wallMs !== null) {
      const slot = momentsOf(wallMs).find(({ atMs }) => atMs > afterMs);
      if (slot !== undefined) return slot;
      wallMs = nextWall(wallMs);
    }
    return null;
  }

  return {
    next(afterMs) {
      const wallMs = clock.wallAt(afterMs);
      const slot = firstAfter(afterMs, wallMs);
      const [first, second] = clock.instantsOf(Math.floor(wallMs / 1_000) * 1_000);
      const isFirstPass = first !== undefined && second !== undefined && afterMs < second;
      if (dst.repeat === 'once' || !isFirstPass) return slot;
      // Clocks will be set back before the wall moves on: what it shows then comes earlier than what it shows next.
      const changeMs = clock.changeBetween(afterMs, second);
      const again = firstAfter(Math.max(afterMs, changeMs - 1), clock.wallAt(changeMs) - 1_000);
      if (slot === null || again === null) return slot ?? again;
      return slot.atMs <= again.atMs ? slot : again;
    },
  };
}

/** A pattern of wall times, in UTC so that no clock is ever set. */
function patternOf(cron: string): Cron | string {
  const shown = JSON.stringify(cron.slice(0, 80));
  if (cron.length > 200) return `${shown} is too long for a cron rule`;
  if (cron.includes('?')) return `${shown} contains "?", which would mean the hour of its creation`;
  let pattern: Cron;
  try {
    pattern = new Cron(cron, { timezone: 'UTC', mode: '5-or-6-parts', paused: true });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error);
    return `${shown} is no cron rule: ${why}`;
  }
  return pattern.nextRun(searchFrom) === null
    ? `${shown} never comes: no date matches it`
    : pattern;
}

/** What a clock on the wall of a known zone shows at an instant, as milliseconds of a clock in UTC. */
export function wallAt(timeZone: string, atMs: number): number {
  return createWallClock(timeZone)?.wallAt(atMs) ?? atMs;
}

/** Up to `count` slots after an instant. */
export function upcoming(slots: Slots, afterMs: number, count: number): readonly Slot[] {
  const found: Slot[] = [];
  for (let slot = slots.next(afterMs); slot !== null; slot = slots.next(slot.atMs)) {
    found.push(slot);
    if (found.length >= count) break;
  }
  return found;
}
