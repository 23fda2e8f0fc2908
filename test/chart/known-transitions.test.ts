import { describe, expect, it } from 'vitest';
import { advance, compileChart, fromStored, toStored } from '../../src/chart/advance.ts';
import type { ChartEvent } from '../../src/chart/events.ts';
import { aGate, aPlan, aPredicate, aTask, attempts } from './support/plans.ts';

const plan = aPlan([
  aTask('first', [], { call: { retry: attempts(3), compensate: 'handler' } }),
  aPredicate('large', 'first'),
  aTask('second', ['first'], { gates: [aGate({ fact: '?large' })] }),
  aTask('third', ['second'], { call: { compensate: 'handler' } }),
]);

const failure = { step: 'first', name: 'Error', message: 'broken', retryable: true };
const begin: ChartEvent = { type: 'run.started' };
const large: ChartEvent = { type: 'first.completed', facts: { '?large': true } };
const small: ChartEvent = { type: 'first.completed', facts: { '?large': false } };
const end: readonly ChartEvent[] = [
  { type: 'third.completed', undo: 1 },
  { type: 'completion.decided_by_policy', outcome: 'approved' },
];

describe('transitions that are known already', () => {
  it.each([
    ['a condition that holds', [begin, large, { type: 'second.completed' }, ...end]],
    ['a condition that does not hold', [begin, small, ...end]],
    ['a retry', [begin, { type: 'first.failed', failure }, { type: 'first.retry_due' }, small]],
    ['an undo that is not wanted', [begin, small, { type: 'third.completed', undo: 0 }]],
  ])('are what would be worked out, on the way of %s', (_, events) => {
    const compiled = compileChart(plan);
    for (const way of [[begin, large], [begin, small], events, events]) {
      let snapshot = compiled.initial;
      for (const event of way) {
        const unknown = advance(compiled, fromStored(compiled, toStored(snapshot)), event);
        const known = advance(compiled, snapshot, event);

        expect(known?.effects).toEqual(unknown?.effects);
        expect(known && toStored(known.snapshot)).toEqual(unknown && toStored(unknown.snapshot));
        snapshot = known?.snapshot ?? snapshot;
      }
    }
  });

  it('are the same for every run that comes the same way', () => {
    const compiled = compileChart(plan);

    const [one, other] = [1, 2].map(() => advance(compiled, compiled.initial, begin));

    expect(other).toBe(one);
  });

  it('do not include what hardly two runs share', () => {
    const compiled = compileChart(plan);
    const begun = advance(compiled, compiled.initial, begin);
    const snapshot = begun?.snapshot ?? compiled.initial;

    const [one, other] = [1, 2].map(() =>
      advance(compiled, snapshot, { type: 'first.failed', failure }),
    );

    expect(other).not.toBe(one);
    expect(other?.effects).toEqual(one?.effects);
  });

  it('do not accept what is refused', () => {
    const compiled = compileChart(plan);

    expect(advance(compiled, compiled.initial, large)).toBeNull();
    expect(advance(compiled, compiled.initial, large)).toBeNull();
  });

  it('are bounded in number', () => {
    const compiled = compileChart(aPlan([aTask('only')]));
    const begun = advance(compiled, compiled.initial, begin)?.snapshot ?? compiled.initial;
    const completed = (undo: number) => advance(compiled, begun, { type: 'only.completed', undo });

    for (let undo = 0; undo < 1_200; undo += 1) completed(undo);

    expect(completed(0)).toBe(completed(0));
    expect(completed(1_199)).not.toBe(completed(1_199));
    expect(completed(1_199)?.to).toBe('waiting_review');
  });
});
