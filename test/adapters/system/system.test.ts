import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { createSystemIds } from '../../../src/adapters/system/ids.ts';

const day = 24 * 60 * 60 * 1000;
/** Longest delay a timer of Node takes; a longer one fires after a millisecond. */
const longest = 2 ** 31 - 1;

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([0, 1, 1_000, longest - 1, longest, longest + 1, 2 * longest + 1, 365 * day])(
    'C-05: wakes once after %i ms, not before',
    (delayMs) => {
      const wake = vi.fn<() => void>();
      systemClock.after(delayMs, wake);

      vi.advanceTimersByTime(Math.max(0, delayMs - 1));
      expect(wake).toHaveBeenCalledTimes(delayMs === 0 ? 1 : 0);
      vi.advanceTimersByTime(1);
      expect(wake).toHaveBeenCalledTimes(1);
      vi.advanceTimersByTime(2 * longest);
      expect(wake).toHaveBeenCalledTimes(1);
    },
  );

  it.each([-1, Number.NEGATIVE_INFINITY])('wakes at once after %s ms', (delayMs) => {
    const wake = vi.fn<() => void>();
    systemClock.after(delayMs, wake);

    vi.advanceTimersByTime(1);

    expect(wake).toHaveBeenCalledTimes(1);
  });

  it('never wakes after an endless delay', () => {
    const wake = vi.fn<() => void>();
    systemClock.after(Number.POSITIVE_INFINITY, wake);

    vi.advanceTimersByTime(3 * longest);

    expect(wake).not.toHaveBeenCalled();
  });

  it('does not wake once it is cancelled, also in the middle of a delay of several timers', () => {
    const wake = vi.fn<() => void>();
    const cancelShort = systemClock.after(1_000, wake);
    const cancelLong = systemClock.after(2 * longest, wake);

    cancelShort();
    vi.advanceTimersByTime(longest + 10);
    cancelLong();
    cancelLong();
    vi.advanceTimersByTime(3 * longest);

    expect(wake).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('measures delays by the monotonic clock: setting the wall clock moves no timer', () => {
    const wake = vi.fn<() => void>();
    systemClock.after(longest + 1_000, wake);

    vi.advanceTimersByTime(longest);
    vi.setSystemTime(Date.now() + 365 * day);
    vi.advanceTimersByTime(999);
    expect(wake).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);

    expect(wake).toHaveBeenCalledTimes(1);
  });

  it('tells the wall time in whole milliseconds since 1970, and a monotonic one', () => {
    vi.setSystemTime(Date.UTC(2026, 0, 1));
    const before = systemClock.monotonicMs();

    vi.setSystemTime(0);

    expect(systemClock.nowMs()).toBe(0);
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(before);
  });
});

describe('real timers', () => {
  it('wake no earlier than told', async () => {
    const delays = Array.from({ length: 60 }, (_, index) => (index % 20) + 1);

    const early = await Promise.all(
      delays.map(
        (delayMs) =>
          new Promise<number>((resolve) => {
            const startedMs = systemClock.monotonicMs();
            systemClock.after(delayMs, () =>
              resolve(delayMs - (systemClock.monotonicMs() - startedMs)),
            );
          }),
      ),
    );

    expect(early.filter((ms) => ms > 0)).toEqual([]);
  });
});

describe('system ids', () => {
  const at = (ms: number) => createSystemIds(() => ms);

  it('of runs sort by their time of creation', () => {
    const times = [
      0,
      1,
      35,
      36,
      1_000,
      Date.UTC(2001, 0, 1),
      Date.UTC(2026, 0, 1),
      Date.UTC(2026, 0, 2),
      Date.UTC(5000, 0, 1),
    ];
    const ids = times.map((ms) => at(ms).runId());

    expect(ids.toSorted()).toEqual(ids);
  });

  it('of runs fit into addresses and file names', () => {
    for (const ms of [-5, 0, Date.UTC(2026, 0, 1), 8.64e15])
      expect(at(ms).runId()).toMatch(/^[0-9a-z-]{20,64}$/);
  });

  it('and tokens are never given twice', () => {
    const { runId, token } = at(Date.UTC(2026, 0, 1));
    const count = 50_000;
    const ids = new Set(Array.from({ length: count }, () => [runId(), token()]).flat());

    expect(ids.size).toBe(2 * count);
  });

  it('of two makers at the same moment differ', () => {
    const makers = [at(0), at(0)];
    const ids = Array.from({ length: 10_000 }, () => makers.map(({ runId }) => runId())).flat();

    expect(new Set(ids).size).toBe(20_000);
  });

  it('have at least 80 random bits, and tokens 128', () => {
    const { runId, token } = at(0);

    expect(runId().split('-')[1]).toMatch(/^[0-9a-f]{20}$/);
    expect(token()).toMatch(/^[0-9a-f]{32}$/);
  });

  it('draws lie in [0, 1)', () => {
    const { random } = at(0);
    const draws = Array.from({ length: 1_000 }, random);

    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(new Set(draws).size).toBeGreaterThan(990);
  });
});
