import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignalboxError } from '../../src/errors.ts';
import { chainCover } from '../../src/plan/chain-cover.ts';
import { type Layout, layOut, maxWidth, type Stage } from '../../src/plan/layout.ts';
import { closure, type Graph, graphs, stepName, widthOf } from '../chart/support/graphs.ts';
import { aDerive, aGate, aPlan, aPredicate, aTask, from } from '../chart/support/plans.ts';

const seed = 20_260_101;

describe('stages', () => {
  it('puts the steps of a linear workflow one after the other', () => {
    const plan = aPlan([aTask('a'), aTask('b', ['a']), aTask('c', ['b'])]);

    expect(layOut(plan).stages).toEqual([cut('a'), cut('b'), cut('c')]);
  });

  it('gives a fork of three exactly three regions, however long its branches are', () => {
    const plan = aPlan([
      aTask('fork'),
      ...['x', 'y', 'z'].flatMap((name) => [
        aTask(`${name}1`, ['fork']),
        aTask(`${name}2`, [`${name}1`]),
      ]),
      aTask('join', ['x2', 'y2', 'z2']),
    ]);

    expect(layOut(plan).stages).toEqual([
      cut('fork'),
      {
        kind: 'parallel',
        chains: [
          ['x1', 'x2'],
          ['y1', 'y2'],
          ['z1', 'z2'],
        ],
      },
      cut('join'),
    ]);
  });

  it('orders steps that depend on each other, whatever the order of declaration', () => {
    const plan = aPlan([aTask('c', ['b']), aTask('b', ['a']), aTask('a')]);

    expect(layOut(plan).stages).toEqual([cut('a'), cut('b'), cut('c')]);
  });

  it('has no stage for a workflow without steps', () => {
    expect(layOut(aPlan([])).stages).toEqual([]);
  });

  it('ignores dependencies on nodes that do not exist', () => {
    expect(layOut(aPlan([aTask('a', ['nowhere'])])).stages).toEqual([cut('a')]);
  });

  it('are cut exactly where a step is comparable to all others', () => {
    check(graphs(12), (graph) => {
      const precedes = closure(graph);
      const expected = graph.before.flatMap((_, step) =>
        graph.before.every(
          (__, other) => other === step || precedes[step]![other]! || precedes[other]![step]!,
        )
          ? [stepName(step)]
          : [],
      );

      const { stages } = layoutOf(graph);

      const cuts = stages.flatMap((stage) => (stage.kind === 'step' ? [stage.step] : []));
      expect(cuts.toSorted()).toEqual(expected.toSorted());
    });
  });

  it('follow each other: all steps of a stage precede all steps of the next but one, and cuts separate', () => {
    check(graphs(12), (graph) => {
      const precedes = closure(graph);
      const { stages } = layoutOf(graph);

      for (const [index, stage] of stages.entries()) {
        for (const later of stages.slice(index + 1)) {
          for (const a of stepsOf(stage))
            for (const b of stepsOf(later)) expect(precedes[numberOf(a)]![numberOf(b)]).toBe(true);
        }
      }
    });
  });
});

describe('chains', () => {
  it('hold every step exactly once', () => {
    check(graphs(12), (graph) => {
      const steps = layoutOf(graph).stages.flatMap(stepsOf);

      expect(steps.toSorted()).toEqual(graph.before.map((_, step) => stepName(step)).toSorted());
    });
  });

  it('hold only steps that precede one another, in that order', () => {
    check(graphs(12), (graph) => {
      const precedes = closure(graph);

      for (const stage of layoutOf(graph).stages) {
        if (stage.kind === 'step') continue;
        for (const chain of stage.chains) {
          for (const [position, step] of chain.entries()) {
            for (const later of chain.slice(position + 1))
              expect(precedes[numberOf(step)]![numberOf(later)]).toBe(true);
          }
        }
      }
    });
  });

  it('are as few as the largest set of independent steps (Dilworth)', () => {
    check(graphs(12), (graph) => {
      const precedes = closure(graph);

      for (const stage of layoutOf(graph).stages) {
        if (stage.kind === 'parallel')
          expect(stage.chains.length).toBe(widthOf(stepsOf(stage).map(numberOf), precedes));
      }
    });
  });

  it('are as few as possible where the nearest successor is not the best one', () => {
    // Greedy pairing takes a→c and leaves b without a successor; a→d, b→c is right.
    const precedence = new Map<string, string[]>([
      ['a', []],
      ['b', []],
      ['c', ['a', 'b']],
      ['d', ['a']],
    ]);

    const chains = chainCover(['a', 'b', 'd', 'c'], precedence);

    expect(chains).toHaveLength(2);
  });
});

describe('precedence', () => {
  it('sees through predicates and derived values', () => {
    const plan = aPlan([
      aTask('a'),
      aDerive('double', from('a')),
      aPredicate('big', 'double'),
      aTask('b', [], { gates: [aGate({ fact: '?big' })] }),
    ]);

    expect(layOut(plan).precedence).toEqual(
      new Map([
        ['a', []],
        ['b', ['a']],
      ]),
    );
  });

  it('names each step once, in order of declaration', () => {
    const plan = aPlan([
      aTask('a'),
      aTask('b'),
      aDerive('both', { kind: 'array', items: [from('b'), from('a')] }),
      aTask('c', ['b', 'a'], { input: from('both') }),
    ]);

    expect(layOut(plan).precedence.get('c')).toEqual(['a', 'b']);
  });

  it('follows 10,000 derived values in a row without overflowing the stack', () => {
    const derives = Array.from({ length: 10_000 }, (_, index) =>
      aDerive(`d${index}`, from(index === 0 ? 'a' : `d${index - 1}`)),
    );
    const plan = aPlan([
      aTask('a'),
      ...derives.toReversed(),
      aTask('b', [], { input: from('d9999') }),
    ]);

    expect(layOut(plan).precedence.get('b')).toEqual(['a']);
  });

  it('does not hang on derived values that read each other', () => {
    const plan = aPlan([aDerive('x', from('y')), aDerive('y', from('x')), aTask('a', ['x'])]);

    expect(layOut(plan).stages).toEqual([cut('a')]);
  });
});

describe('limits (B-10)', () => {
  it(`accepts ${maxWidth} steps side by side`, () => {
    const { stages } = layOut(aPlan(sideBySide(maxWidth)));

    expect(stages.map((stage) => (stage.kind === 'parallel' ? stage.chains.length : 1))).toEqual([
      maxWidth,
    ]);
  });

  it.each([maxWidth + 1, 10_000])(
    'refuses %i steps side by side with the limit and the way out',
    (width) => {
      const error = failureOf(() => layOut(aPlan(sideBySide(width))));

      expect(error).toMatchObject({
        code: 'DEFINITION_INVALID',
        details: { workflow: 'flow', width, maxWidth },
      });
      expect(error.message).toContain(`${width} steps side by side`);
      expect(error.message).toContain(`at most ${maxWidth}`);
      expect(error.hint).toContain('w.map');
    },
  );

  it('lays out a chain of 10,000 steps', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) =>
      aTask(`s${index}`, index === 0 ? [] : [`s${index - 1}`]),
    );

    expect(layOut(aPlan(chain.toReversed())).stages).toHaveLength(10_000);
  });

  it('lays out two interleaved chains of 2,500 steps that look at each other', () => {
    const nodes = Array.from({ length: 5_000 }, (_, index) => {
      const before = [index - 2, ...(index % 50 === 0 ? [index - 1] : [])].filter(
        (other) => other >= 0,
      );
      return aTask(
        `s${index}`,
        before.map((other) => `s${other}`),
      );
    });

    const { stages } = layOut(aPlan(nodes));

    expect(stages.every((stage) => stage.kind === 'step' || stage.chains.length === 2)).toBe(true);
  });

  it('names the steps that wait for each other', () => {
    const plan = aPlan([aTask('ok'), aTask('a', ['b']), aTask('b', ['c']), aTask('c', ['a'])]);

    expect(failureOf(() => layOut(plan)).message).toBe('Steps wait for each other: "a", "b", "c"');
  });
});

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { seed, numRuns: 500 });
}

function layoutOf({ before }: Graph): Layout {
  return layOut(aPlan(before.map((own, step) => aTask(stepName(step), own.map(stepName)))));
}

function sideBySide(width: number) {
  return Array.from({ length: width }, (_, index) => aTask(`s${index}`));
}

function cut(step: string): Stage {
  return { kind: 'step', step };
}

function stepsOf(stage: Stage): readonly string[] {
  return stage.kind === 'step' ? [stage.step] : stage.chains.flat();
}

function numberOf(step: string): number {
  return Number(step.slice(1));
}

function failureOf(act: () => unknown): SignalboxError {
  try {
    act();
  } catch (error) {
    if (error instanceof SignalboxError) return error;
    throw error;
  }
  throw new Error('Expected an error, and there was none');
}
