import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceBreaker,
  type BreakerContext,
  type BreakerEvent,
  type BreakerState,
} from '../../src/chart/breaker.ts';

const closed: BreakerContext = {
  failures: 0,
  failureThreshold: 3,
  resetAfterMs: 60_000,
  openedAtMs: null,
  probe: null,
};
const open: BreakerContext = { ...closed, openedAtMs: 1_000 };
const halfOpen: BreakerContext = { ...open, probe: { by: 'p', expiresAtMs: 100_000 } };

const failed = (atMs = 1_000, by = 'x'): BreakerEvent => ({ type: 'attempt.failed', by, atMs });
const succeeded = (by = 'x'): BreakerEvent => ({ type: 'attempt.succeeded', by });
const claimed = (atMs: number, by = 'p'): BreakerEvent => ({
  type: 'probe.claimed',
  by,
  atMs,
  expiresAtMs: atMs + 10_000,
});
const released = (by = 'p'): BreakerEvent => ({ type: 'probe.released', by });

describe('a breaker', () => {
  it.each<
    [
      string,
      BreakerState,
      BreakerContext,
      BreakerEvent,
      { state: BreakerState; context: Partial<BreakerContext> } | null,
    ]
  >([
    [
      'closed counts a failure',
      'closed',
      closed,
      failed(),
      { state: 'closed', context: { failures: 1 } },
    ],
    [
      'closed opens with the last failure of the row',
      'closed',
      { ...closed, failures: 2 },
      failed(5_000),
      { state: 'open', context: { openedAtMs: 5_000, failures: 0 } },
    ],
    [
      'closed forgets failures after a success',
      'closed',
      { ...closed, failures: 2 },
      succeeded(),
      { state: 'closed', context: { failures: 0 } },
    ],
    ['closed without failures writes nothing on success', 'closed', closed, succeeded(), null],
    ['closed has no probe', 'closed', closed, claimed(0), null],
    ['open lets nobody probe before its time', 'open', open, claimed(60_999), null],
    [
      'open lets one probe at its time',
      'open',
      open,
      claimed(61_000),
      { state: 'half_open', context: { probe: { by: 'p', expiresAtMs: 71_000 } } },
    ],
    ['open ignores late failures', 'open', open, failed(), null],
    ['open ignores late successes', 'open', open, succeeded(), null],
    [
      'half open closes when its probe succeeds',
      'half_open',
      halfOpen,
      succeeded('p'),
      { state: 'closed', context: { probe: null, openedAtMs: null } },
    ],
    [
      'half open opens anew with the first failure of its probe',
      'half_open',
      halfOpen,
      failed(70_000, 'p'),
      { state: 'open', context: { openedAtMs: 70_000, probe: null } },
    ],
    ['half open ignores others: success', 'half_open', halfOpen, succeeded('x'), null],
    ['half open ignores others: failure', 'half_open', halfOpen, failed(70_000, 'x'), null],
    ['half open lets no second one probe', 'half_open', halfOpen, claimed(99_999, 'q'), null],
    [
      'half open gives an expired probe to the next',
      'half_open',
      halfOpen,
      claimed(100_000, 'q'),
      { state: 'half_open', context: { probe: { by: 'q', expiresAtMs: 110_000 } } },
    ],
    [
      'half open takes back a probe that said nothing',
      'half_open',
      halfOpen,
      released('p'),
      { state: 'half_open', context: { probe: null } },
    ],
    [
      'half open gives a returned probe to the next at once',
      'half_open',
      { ...halfOpen, probe: null },
      claimed(70_000, 'q'),
      { state: 'half_open', context: { probe: { by: 'q', expiresAtMs: 80_000 } } },
    ],
    [
      'half open takes back a probe from its owner only',
      'half_open',
      halfOpen,
      released('x'),
      null,
    ],
  ])('%s', (_, state, context, event, expected) => {
    const next = advanceBreaker(state, context, event);

    if (expected === null) expect(next).toBeNull();
    else expect(next).toMatchObject(expected);
  });

  it('never has two probes at once, and opens only after as many failures in a row as it says', () => {
    const event = fc.record({
      kind: fc.constantFrom(
        'attempt.succeeded' as const,
        'attempt.failed',
        'probe.claimed',
        'probe.released',
      ),
      by: fc.constantFrom('a', 'b', 'c'),
      afterMs: fc.nat({ max: 40_000 }),
    });

    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let now = { state: 'closed' as BreakerState, context: closed };
        let atMs = 0;
        let inARow = 0;
        for (const { kind, by, afterMs } of events) {
          atMs += afterMs;
          const before = now;
          const next = advanceBreaker(now.state, now.context, {
            type: kind,
            by,
            atMs,
            expiresAtMs: atMs + 10_000,
          });
          if (before.state === 'closed')
            inARow =
              kind === 'attempt.failed' ? inARow + 1 : kind === 'attempt.succeeded' ? 0 : inARow;
          if (next === null) continue;
          now = next;
          if (before.state === 'closed' && now.state === 'open')
            expect(inARow).toBe(closed.failureThreshold);
          if (now.state !== 'closed') inARow = 0;
          const isNewProbe =
            now.context.probe !== null && now.context.probe.by !== before.context.probe?.by;
          if (isNewProbe && before.context.probe !== null)
            expect(before.context.probe.expiresAtMs).toBeLessThanOrEqual(atMs);
          expect(now.context.probe === null || now.state === 'half_open').toBe(true);
          expect(now.context.openedAtMs === null).toBe(now.state === 'closed');
        }
      }),
      { seed: 20_260_105, numRuns: 1_000 },
    );
  });
});
