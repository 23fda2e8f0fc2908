import { describe, expect, it } from 'vitest';
import { createTimeScale } from '../../src/dashboard/pages/run/time-scale.ts';
import type { Waiting } from '../../src/engine/waiting.ts';
import type { HistoryEntry } from '../../src/ports/store.ts';
import { lanesOf } from '../../src/service/timeline/lanes.ts';
import { payout } from '../browser/support/payout.ts';

const startMs = 1_000_000;

function entry(seq: number, event: string, given: Partial<HistoryEntry>): HistoryEntry {
  return {
    seq,
    generation: 1,
    atMs: startMs,
    event,
    actor: 'signalbox',
    from: 'processing',
    to: 'processing',
    step: event.split('.')[0] ?? null,
    attempt: null,
    durationMs: null,
    settles: null,
    inputHash: null,
    inputDigest: null,
    outputDigest: null,
    salt: null,
    error: null,
    data: null,
    previousHash: '',
    hash: '',
    ...given,
  };
}

const history = [
  entry(1, 'run.created', { step: null }),
  entry(2, 'reserve_funds.completed', {
    atMs: startMs + 30,
    attempt: 1,
    durationMs: 20,
    settles: 'complete',
  }),
  entry(3, 'assess_risk.deferred', { atMs: startMs + 30, data: { delayMs: 60_000 } }),
  entry(4, 'assess_risk.retry_due', { atMs: startMs + 60_030, actor: 'clock' }),
  entry(5, 'assess_risk.failed', {
    atMs: startMs + 60_080,
    attempt: 1,
    durationMs: 50,
    error: { message: 'busy' },
    data: { delayMs: 1_000 },
  }),
  entry(6, 'assess_risk.retry_due', { atMs: startMs + 61_080, actor: 'clock' }),
  entry(7, 'assess_risk.completed', {
    atMs: startMs + 61_100,
    attempt: 2,
    durationMs: 10,
    settles: 'complete',
  }),
];
const review: Waiting = {
  kind: 'review',
  step: 'approval',
  since: new Date(startMs + 61_100).toISOString(),
  until: null,
  what: 'the decision of a person',
  afterwards: null,
};

describe('the timeline of a run', () => {
  it('#10: tells queue wait, attempts, backoff, time put off by a breaker, and what goes on now', () => {
    const lanes = lanesOf(payout.plan, history, [review]);

    const brief = lanes.map(({ step, phases }) => [
      step,
      phases.map(({ kind, fromMs, toMs }) => [
        kind,
        fromMs - startMs,
        toMs === null ? null : toMs - startMs,
      ]),
    ]);
    expect(brief).toEqual([
      [
        'reserve_funds',
        [
          ['queued', 0, 10],
          ['attempt', 10, 30],
        ],
      ],
      [
        'assess_risk',
        [
          ['put_off', 30, 60_030],
          ['attempt', 60_030, 60_080],
          ['backoff', 60_080, 61_080],
          ['queued', 61_080, 61_090],
          ['attempt', 61_090, 61_100],
        ],
      ],
      ['approval', [['waiting', 61_100, null]]],
    ]);
  });

  it('#10: shrinks stretches in which nobody works, and only them', () => {
    const lanes = lanesOf(payout.plan, history, [review]);
    const span = { fromMs: startMs, toMs: startMs + 86_400_000 };

    const scale = createTimeScale(lanes, span, true);
    const plain = createTimeScale(lanes, span, false);

    expect(scale.shrunk.map(({ fromMs, toMs }) => [fromMs - startMs, toMs - startMs])).toEqual([
      [30, 60_030],
      [60_080, 61_080],
      [61_100, 86_400_000],
    ]);
    expect(plain.shrunk).toEqual([]);
    // 30 ms of 100 ms of work, beside three gaps of a sixth each
    expect(scale.at(startMs + 30)).toBeCloseTo(30 / 150, 5);
    expect(plain.at(startMs + 30)).toBeLessThan(0.000_001);
    expect(scale.at(span.toMs)).toBe(1);
  });
});
