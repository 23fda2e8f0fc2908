import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dstOf, type Slots, slotsOf, upcoming } from '../../src/triggers/slots.ts';

type Policy = Parameters<typeof dstOf>[1];

function slots(cron: string, timeZone = 'Europe/Berlin', dst: Policy = {}): Slots {
  const found = slotsOf({ cron, timeZone, dst: dstOf(cron, dst) });
  if ('problem' in found) throw new Error(found.problem);
  return found;
}

/** Local time without date and seconds, and the mark. */
function shown(cron: string, after: string, count: number, timeZone?: string, dst?: Policy) {
  return upcoming(slots(cron, timeZone, dst), Date.parse(after), count).map(
    ({ local, dst }) => `${local.slice(5, 16)}${local.slice(19)}${dst === null ? '' : ` ${dst}`}`,
  );
}

function problem(cron: string, timeZone = 'UTC'): string {
  const found = slotsOf({ cron, timeZone, dst: dstOf(cron, {}) });
  return 'problem' in found ? found.problem : '';
}

const [springNight, autumnNight] = ['2026-03-29T00:00:00Z', '2026-10-24T22:59:00Z'];

describe('slots of a cron rule when clocks are set', () => {
  it('C-08: a time of day in the gap comes right after it, once', () => {
    expect(shown('30 2 * * *', springNight, 2)).toEqual([
      '03-29T03:00+02:00 moved',
      '03-30T02:30+02:00',
    ]);
    expect(shown('0,30 2 * * *', springNight, 2)).toEqual([
      '03-29T03:00+02:00 moved',
      '03-30T02:00+02:00',
    ]);
  });

  it('C-08: a time of day in the gap is left out if the policy says so', () => {
    expect(shown('30 2 * * *', springNight, 1, 'Europe/Berlin', { gap: 'skip' })).toEqual([
      '03-30T02:30+02:00',
    ]);
  });

  it('C-08: a time of day that comes twice is taken the first time, or twice if the policy says so', () => {
    expect(shown('30 2 * * *', autumnNight, 2)).toEqual([
      '10-25T02:30+02:00 first',
      '10-26T02:30+01:00',
    ]);
    expect(shown('0,30 2 * * *', autumnNight, 5, 'Europe/Berlin', { repeat: 'twice' })).toEqual([
      '10-25T02:00+02:00 first',
      '10-25T02:30+02:00 first',
      '10-25T02:00+01:00 second',
      '10-25T02:30+01:00 second',
      '10-26T02:00+01:00',
    ]);
  });

  it('C-08: a rule without hours keeps its distance in both nights', () => {
    for (const night of [springNight, autumnNight]) {
      const found = upcoming(slots('*/30 * * * *'), Date.parse(night), 10);

      const distances = found.slice(1).map(({ atMs }, index) => atMs - (found[index]?.atMs ?? 0));
      expect(new Set(distances)).toEqual(new Set([30 * 60_000]));
    }
  });

  it('C-08: changes of half an hour and of a whole day are changes as well', () => {
    expect(shown('*/15 * * * *', '2026-04-04T14:29:00Z', 5, 'Australia/Lord_Howe')).toEqual([
      '04-05T01:30+11:00 first',
      '04-05T01:45+11:00 first',
      '04-05T01:30+10:30 second',
      '04-05T01:45+10:30 second',
      '04-05T02:00+10:30',
    ]);
    expect(shown('0 12 30 12 *', '2011-06-01T00:00:00Z', 2, 'Pacific/Apia')).toEqual([
      '12-31T00:00+14:00 moved',
      '12-30T12:00+14:00',
    ]);
  });

  it('C-08: whatever the rule, zone and policy, slots ascend, so that none comes twice', () => {
    const rule = fc.record({
      cron: fc.constantFrom(
        '30 2 * * *',
        '*/20 1-3 * * *',
        '5 * * * *',
        '0 0 * * 0',
        '15 2,3 * * *',
      ),
      timeZone: fc.constantFrom('Europe/Berlin', 'America/Santiago', 'Asia/Beirut', 'UTC'),
      gap: fc.constantFrom('after' as const, 'skip' as const),
      repeat: fc.constantFrom('once' as const, 'twice' as const),
      fromMs: fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
    });
    fc.assert(
      fc.property(rule, ({ cron, timeZone, gap, repeat, fromMs }) => {
        const found = upcoming(slots(cron, timeZone, { gap, repeat }), fromMs, 30);
        const times = found.map(({ atMs }) => atMs);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        expect(times[0]).toBeGreaterThan(fromMs);
        // Looking from any slot on gives the same slots.
        expect(upcoming(slots(cron, timeZone, { gap, repeat }), times[9] ?? 0, 20)).toEqual(
          found.slice(10),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('cron rules that are none', () => {
  it('C-10: garbage, an unknown zone and 31 February are refused at once', () => {
    problem('0 0 * * *');
    const begun = process.cpuUsage();

    expect(problem('garbage')).toContain('is no cron rule');
    expect(problem('61 * * * *')).toContain('is no cron rule');
    expect(problem('0 0 31 2 *')).toContain('never comes');
    expect(problem('0 0 ? * *')).toContain('"?"');
    expect(problem(`${'0,'.repeat(5_000)}0 * * * *`)).toContain('too long');
    expect(problem('0 0 * * *', 'Mars/Olympus')).toContain('is no time zone');
    // Of the processor: how long it takes by the clock is the machine's affair.
    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1_000 / 6).toBeLessThan(50);
  });
});
