/** What a chart says it accepts, and what XState really accepts, are the same. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, possibleEvents } from '../../src/chart/advance.ts';
import type { Chart, ChartState } from '../../src/chart/chart.ts';
import type { ChartEvent } from '../../src/chart/events.ts';
import { anybody, ChartRun } from './support/chart-run.ts';
import { drive } from './support/drive.ts';
import { aCall, aPlan, aTask, attempts } from './support/plans.ts';
import { scenarios } from './support/scenarios.ts';

const seed = 20_260_104;

describe('the events a chart offers', () => {
  it('are exactly those that XState accepts, at every point of random runs', () => {
    fc.assert(
      fc.property(scenarios(6), (scenario) => {
        drive(scenario, compareAll);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('are exactly those that XState accepts, along random walks through a chart with every kind of wait', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1_000 }), { minLength: 30, maxLength: 30 }), (picks) => {
        const run = new ChartRun(everyWait).start();
        for (const pick of picks) {
          compareAll(run);
          const open = offered(run);
          const type = open[pick % open.length];
          if (type === undefined) return;
          const variants = variantsOf(type);
          // A refused variant of an accepted event changes nothing; the next one is tried.
          const first = pick % variants.length;
          for (const variant of [...variants.slice(first), ...variants.slice(0, first)])
            if (run.tries(variant) !== null) break;
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it('that are shut name the guards that shut them', () => {
    const approve = { by: 'guard', condition: { fact: '?cheap' }, label: 'cheap' } as const;
    const run = new ChartRun(
      aPlan([aTask('a')], { finish: { approve, requesterMayDecide: true } }),
    );
    const shut = () => possibleEvents(run.snapshot).filter(({ open }) => !open);

    run.start().fail('a');

    expect(shut()).toEqual([]);
    expect(possibleEvents(run.snapshot)).toEqual([
      { event: 'run.retried', open: true, blockedBy: [] },
    ]);
  });

  it('of a failed run whose undo failed are shut by the guard of the retry', () => {
    const run = new ChartRun(
      aPlan([aTask('a', [], { call: { compensate: 'handler' } }), aTask('b', ['a'])]),
    );

    run.start().complete('a').fail('b').undone({ failed: true });

    expect(possibleEvents(run.snapshot)).toEqual([
      { event: 'run.retried', open: false, blockedBy: ['mayRetry'] },
    ]);
  });

  it('of a finished run are none', () => {
    const run = new ChartRun(aPlan([aTask('a')])).start().complete('a');

    expect(run.status).toBe('complete');
    expect(possibleEvents(run.snapshot)).toEqual([]);
  });
});

/** Steps that can be deferred, doubted, out of time, fall back, expire and time out; side by side. */
const everyWait = aPlan(
  [
    aTask('deferrable', [], {
      call: {
        retry: attempts(2),
        compensate: 'handler',
        breaker: { name: 'b', failureThreshold: 1, resetAfterMs: 1, whenOpen: 'wait' },
      },
    }),
    aTask('unsafe', [], {
      call: { repeat: 'unsafe', retry: attempts(2), compensate: 'handler' },
      fallback: aCall({ retry: attempts(2) }),
      withinMs: 1_000,
    }),
    aTask('declared', [], { call: { failures: { full: {} } }, tolerate: ['full'] }),
    {
      id: 'look',
      kind: 'review',
      after: ['declared'],
      gates: [],
      form: {},
      notBy: [],
      requesterMayDecide: true,
      approve: { by: 'guard', condition: { fact: '?never' }, label: 'never' },
      expiresMs: 1_000,
      onExpired: 'continue',
      onRejected: 'continue',
    },
    {
      id: 'arrival',
      kind: 'wait',
      after: [],
      gates: [],
      event: 'arrived',
      where: [],
      withinMs: 1_000,
      onTimeout: 'continue',
      early: 'keep',
    },
  ],
  {
    timeoutMs: 1_000,
    stopping: 'abort',
    finish: { approve: { by: 'person' }, expiresMs: 1_000, requesterMayDecide: true },
  },
);

function offered(run: ChartRun): readonly string[] {
  return possibleEvents(run.snapshot)
    .filter(({ open }) => open)
    .map(({ event }) => event);
}

function compareAll(run: ChartRun): void {
  const accepted = eventTypesOf(run.compiled.chart).filter((type) =>
    variantsOf(type).some((event) => advance(run.compiled, run.snapshot, event) !== null),
  );
  expect(accepted.toSorted()).toEqual([...offered(run)].toSorted());
}

/** An event in all the forms that some guard tells apart. */
function variantsOf(type: string): readonly ChartEvent[] {
  const failure = { step: 's0', name: 'Error', message: 'boom', retryable: false };
  return [
    { type, failure },
    { type, failure: { ...failure, retryable: true, code: 'full' }, maxAttempts: 9 },
    { type, outcome: 'approved', decider: anybody },
    { type, outcome: 'rejected', decider: anybody },
  ];
}

const known = new WeakMap<Chart, readonly string[]>();

function eventTypesOf(chart: Chart): readonly string[] {
  const types = known.get(chart) ?? [...new Set([...eventsBelow(chart), 'nonsense', 'run', ''])];
  known.set(chart, types);
  return types;
}

function eventsBelow(state: ChartState): readonly string[] {
  return [
    ...Object.keys(state.on ?? {}),
    ...Object.values(state.states ?? {}).flatMap(eventsBelow),
  ];
}
