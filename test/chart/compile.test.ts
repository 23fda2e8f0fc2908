import { describe, expect, it } from 'vitest';
import { compileChart, fromStored, toStored } from '../../src/chart/advance.ts';
import type { ChartState } from '../../src/chart/chart.ts';
import type { JsonObject } from '../../src/plan/json.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { ChartRun } from './support/chart-run.ts';
import { aCall, aGate, aPlan, aPredicate, aTask, attempts, from } from './support/plans.ts';

describe('the shape of a chart', () => {
  it('of a linear workflow has no parallel state and no eventless transition inside processing', () => {
    const working = workingOf(aPlan([aTask('a'), aTask('b', ['a']), aTask('c', ['b'])]));

    expect(statesBelow(working).filter((state) => state.type === 'parallel')).toEqual([]);
    expect(statesBelow(working).filter((state) => state.always !== undefined)).toEqual([]);
    expect(Object.keys(working.states!)).toEqual(['a', 'b', 'c']);
  });

  it('of a fork of three has one parallel state with three regions', () => {
    const working = workingOf(
      aPlan([
        aTask('fork'),
        ...['x', 'y', 'z'].flatMap((name) => [
          aTask(`${name}1`, ['fork']),
          aTask(`${name}2`, [`${name}1`]),
        ]),
        aTask('join', ['x2', 'y2', 'z2']),
      ]),
    );

    const parallel = statesBelow(working).filter((state) => state.type === 'parallel');
    expect(parallel).toHaveLength(1);
    expect(Object.keys(parallel[0]!.states!)).toHaveLength(3);
  });

  it('has an eventless transition only for steps that look into another region or have a gate', () => {
    const working = workingOf(
      aPlan([
        aTask('a'),
        aTask('b'),
        aTask('a2', ['a']),
        aTask('both', ['a', 'b']),
        aPredicate('ok', 'a'),
        aTask('gated', ['a'], { gates: [aGate({ fact: '?ok' })] }),
      ]),
    );

    expect(
      statesBelow(working)
        .filter((state) => state.states?.['blocked'] !== undefined)
        .map((state) => state.meta?.['step'] as string)
        .toSorted(),
    ).toEqual(['both', 'gated']);
  });

  it('is plain JSON', () => {
    const { chart } = compileChart(aPlan([aTask('a'), aTask('b')]));

    expect(JSON.parse(JSON.stringify(chart))).toEqual(chart);
  });

  it('goes straight to its closing review if there are no steps', () => {
    const run = new ChartRun(aPlan([])).start();

    expect(run.statuses).toEqual(['pending', 'processing', 'waiting_review', 'complete']);
  });
});

describe('long and wide workflows (B-10)', () => {
  it('a chain of 10,000 steps compiles and runs to its end', () => {
    const run = new ChartRun(chain(10_000)).start();

    for (let step = 0; step < 10_000; step += 1) run.complete(`s${step}`);

    expect(run.status).toBe('complete');
  });

  it('a chain of 10,000 steps is restored from its snapshot', () => {
    const run = new ChartRun(chain(10_000)).start();
    for (let step = 0; step < 5_000; step += 1) run.complete(`s${step}`);

    expect(toStored(run.restored())).toEqual(toStored(run.snapshot));
  });

  it('128 chains side by side run to their end', () => {
    const nodes = Array.from({ length: 128 }, (_, index) => [
      aTask(`a${index}`),
      aTask(`b${index}`, [`a${index}`]),
    ]).flat();
    const run = new ChartRun(aPlan(nodes)).start();

    for (const { id } of nodes) run.complete(id);

    expect(run.status).toBe('complete');
  });
});

describe('what the chart remembers', () => {
  it('are only facts that some gate still reads', () => {
    const run = new ChartRun(
      aPlan([
        aTask('a'),
        aPredicate('read', 'a'),
        aPredicate('unread', 'a'),
        aTask('b', ['a'], { gates: [aGate({ fact: '?read' })] }),
        aTask('c', ['b']),
        aTask('d', ['c']),
      ]),
    ).start();

    const facts = ['a', 'b', 'c'].map((step) => run.complete(step).context.facts);

    expect(facts).toEqual([{ '?read': true }, {}, {}]);
  });

  it('are facts of the closing review to the end', () => {
    const approve = { by: 'guard', condition: { fact: '?ok' }, label: 'ok' } as const;
    const plan = aPlan(
      [
        aTask('a'),
        aPredicate('ok', 'a'),
        aTask('b', ['a'], { gates: [aGate({ fact: '?ok' })] }),
        aTask('c', ['b']),
      ],
      { finish: { approve, requesterMayDecide: true } },
    );

    const run = new ChartRun(plan).start().complete('a').complete('b');

    expect(run.context.facts).toEqual({ '?ok': true });
    expect(run.complete('c').status).toBe('complete');
  });

  it('does not grow with the number of steps', () => {
    const size = (steps: number) => {
      const run = new ChartRun(chain(steps)).start();
      for (let step = 0; step < steps - 1; step += 1) run.complete(`s${step}`);
      return JSON.stringify(toStored(run.snapshot)).replace(/s\d+/g, 's').length;
    };

    expect(size(300)).toBe(size(3));
  });

  it('are steps settled in other regions until the parallel stage is over', () => {
    const run = new ChartRun(
      aPlan([
        aTask('a'),
        aTask('b'),
        aTask('ab', ['a', 'b']),
        aTask('c'),
        aTask('last', ['ab', 'c']),
      ]),
    ).start();

    expect(run.complete('a').complete('b').context.settled).not.toEqual({});
    expect(run.complete('ab').complete('c').context.settled).toEqual({});
  });
});

describe('a gate that asks whether a step ran', () => {
  const plan = aPlan([
    aTask('a'),
    aPredicate('ok', 'a'),
    aTask('b', [], { gates: [aGate({ fact: '?ok' }, 'not ok')] }),
    aTask('ran', [], { gates: [aGate({ ran: 'b' }, 'b did not run')] }),
    aTask('not_ran', [], { gates: [aGate({ not: { ran: 'b' } }, 'b ran')] }),
    aTask('reader', [], { input: from('ran') }),
  ]);

  it('opens when it did', () => {
    const run = new ChartRun(plan).start().complete('a').complete('b');

    expect([...run.asked.running]).toEqual(['ran']);
    expect(run.skipped).toEqual(['not_ran']);
  });

  it('stays shut when it did not', () => {
    const run = new ChartRun(plan, () => false).start().complete('a');

    expect(run.skipped.toSorted()).toEqual(['b', 'ran']);
    expect([...run.asked.running].toSorted()).toEqual(['not_ran', 'reader']);
  });
});

describe('stored snapshots', () => {
  const compiled = compileChart(aPlan([aTask('a'), aTask('b', ['a'])]));

  it.each<[string, JsonObject]>([
    ['an unknown state', { value: 'sleeping', context: {} }],
    [
      'a step that was removed',
      { value: { processing: { working: { gone: 'running' } } }, context: {} },
    ],
    [
      'a state inside a step',
      { value: { processing: { working: { a: 'dreaming' } } }, context: {} },
    ],
    ['a name from the prototype', { value: 'toString', context: {} }],
    [
      'a name from the prototype below',
      { value: { processing: { constructor: 'a' } }, context: {} },
    ],
    ['children of a state that has none', { value: { pending: 'x' }, context: {} }],
  ])('with %s are refused, and the message names it', (_, stored) => {
    const names = JSON.stringify(stored['value']).match(/[a-z]+/gi) ?? [];

    expect(() => fromStored(compiled, stored)).toThrow(
      /^State "[\w.]+" does not exist in this version/,
    );
    expect(() => fromStored(compiled, stored)).toThrow(new RegExp(names.slice(-2).join('|')));
  });

  it('of an older version get the defaults of what they lack', () => {
    const snapshot = fromStored(compiled, { value: 'pending', context: {} });

    expect(toStored(snapshot)).toEqual(toStored(compiled.initial));
  });
});

function chain(length: number): Plan {
  return aPlan(
    Array.from({ length }, (_, index) => aTask(`s${index}`, index === 0 ? [] : [`s${index - 1}`])),
  );
}

function workingOf(plan: Plan): ChartState {
  return compileChart(plan).chart.states['processing']!.states!['working']!;
}

function statesBelow(state: ChartState): readonly ChartState[] {
  return Object.values(state.states ?? {}).flatMap((below) => [below, ...statesBelow(below)]);
}

describe('a fallback that is tried once', () => {
  it('has no state in which it would wait for another attempt', () => {
    const chart = compileChart(
      aPlan([aTask('pay', [], { fallback: aCall({ retry: attempts(1) }) })]),
    ).chart;

    expect(JSON.stringify(chart)).toContain('"fallback"');
    expect(JSON.stringify(chart)).not.toContain('fallback_backing_off');
  });
});
