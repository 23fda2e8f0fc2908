import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  ChoiceNode,
  Condition,
  MergeNode,
  MilestoneNode,
  Plan,
  PlanNode,
  UpdateNode,
  Wiring,
} from '../../src/plan/plan.ts';
import {
  type Evaluate,
  holds,
  indexPlan,
  type Settled,
  type Settlement,
  settle,
} from '../../src/plan/settle.ts';
import { aDerive, aGate, aPlan, aPredicate, aTask, from, nothing } from '../chart/support/plans.ts';

const base = { after: [], gates: [] };

const evaluate: Evaluate = {
  predicate: (_, value) => Boolean(value),
  derive: (id, value) => `${id}(${JSON.stringify(value) ?? 'undefined'})`,
};

/** Settles nodes of a run in which these have settled before. */
function settled(
  plan: Plan,
  seeds: { readonly [id: string]: unknown },
  before: { readonly [id: string]: Settled } = {},
  given: Partial<Evaluate> = {},
): Settlement {
  const progress = new Map(Object.entries(before));
  const complete = Object.entries(seeds).map(
    ([id, value]) => [id, { status: 'complete', value }] as const,
  );
  return settle(indexPlan(plan), progress, complete, source, { ...evaluate, ...given });
}

function atStart(plan: Plan, given: Partial<Evaluate> = {}): Settlement {
  return settle(indexPlan(plan), new Map(), [], source, { ...evaluate, ...given }, true);
}

function source(of: string): unknown {
  return { $input: { amount: 7 }, $context: { total: 3 } }[of];
}

function valuesOf(settlement: Settlement): { [id: string]: unknown } {
  return Object.fromEntries(
    settlement.settled.map(([id, each]) => [
      id,
      each.status === 'complete' ? each.value : `skipped: ${each.reason}`,
    ]),
  );
}

function complete(value: unknown): Settled {
  return { status: 'complete', value };
}

const skipped: Settled = { status: 'skipped', reason: 'no' };

describe('conditions', () => {
  const progress = new Map<string, Settled>([
    ['?yes', complete(true)],
    ['?no', complete(false)],
    ['?odd', complete('true')],
    ['?gone', skipped],
    ['kind', complete('book')],
    ['step', complete(null)],
  ]);

  it.each<[Condition, boolean]>([
    [{ fact: '?yes' }, true],
    [{ fact: '?no' }, false],
    [{ fact: '?odd' }, false],
    [{ fact: '?gone' }, false],
    [{ fact: '?unknown' }, false],
    [{ choice: 'kind', is: 'book' }, true],
    [{ choice: 'kind', is: 'toy' }, false],
    [{ choice: 'unknown', is: 'toy' }, false],
    [{ ran: 'step' }, true],
    [{ ran: '?gone' }, false],
    [{ ran: 'unknown' }, false],
    [{ not: { fact: '?yes' } }, false],
    [{ not: { ran: 'unknown' } }, true],
    [{ all: [] }, true],
    [{ any: [] }, false],
    [{ all: [{ fact: '?yes' }, { fact: '?no' }] }, false],
    [{ any: [{ fact: '?no' }, { not: { all: [{ fact: '?no' }] } }] }, true],
  ])('%j is %s', (condition, expected) => {
    expect(holds(condition, progress)).toBe(expected);
  });
});

describe('what follows when a step settles', () => {
  it('is nothing if nobody reads it', () => {
    const settlement = settled(aPlan([aTask('a'), aTask('b', ['a'])]), { a: 1 });

    expect(settlement).toEqual({
      settled: [['a', complete(1)]],
      facts: {},
      derived: [],
      skipped: [],
      updates: [],
      milestones: [],
      fault: null,
    });
  });

  it('is nothing at all without a seed', () => {
    expect(settled(aPlan([aTask('a')]), {}).settled).toEqual([]);
  });

  it('are predicates, derived values and what reads those, in order', () => {
    const plan = aPlan([
      aTask('a'),
      aDerive('d1', from('a', 'x')),
      aDerive('d2', from('d1')),
      aPredicate('big', 'd2'),
    ]);

    const settlement = settled(plan, { a: { x: 5 } });

    expect(settlement.settled.map(([id]) => id)).toEqual(['a', 'd1', 'd2', '?big']);
    expect(settlement.derived).toEqual([
      ['d1', 'd1(5)'],
      ['d2', 'd2("d1(5)")'],
    ]);
    expect(settlement.facts).toEqual({ '?big': true });
  });

  it('waits for the last of several sources', () => {
    const plan = aPlan([
      aTask('a'),
      aTask('b'),
      aDerive('both', { kind: 'array', items: [from('a'), from('b')] }),
    ]);

    expect(valuesOf(settled(plan, { a: 1 }))).toEqual({ a: 1 });
    expect(valuesOf(settled(plan, { b: 2 }, { a: complete(1) }))).toEqual({
      b: 2,
      both: 'both([1,2])',
    });
  });

  it('is computed once, though several of its sources settle at once', () => {
    const calls: string[] = [];
    const plan = aPlan([
      aTask('a'),
      aTask('b'),
      aDerive('both', { kind: 'array', items: [from('a'), from('b')] }),
    ]);

    settled(plan, { a: 1, b: 2 }, {}, { derive: (id) => calls.push(id) });

    expect(calls).toEqual(['both']);
  });

  it('are updates of the run context and milestones', () => {
    const update: UpdateNode = {
      ...base,
      id: 'total.updated',
      kind: 'update',
      key: 'total',
      value: from('a', 'x'),
    };
    const milestone: MilestoneNode = {
      ...base,
      id: 'paid.reached',
      kind: 'milestone',
      name: 'paid',
      after: ['a'],
    };

    const settlement = settled(aPlan([aTask('a'), update, milestone]), { a: { x: 5 } });

    expect(settlement.updates).toEqual([{ key: 'total', value: 5 }]);
    expect(settlement.milestones).toEqual(['paid']);
  });

  it('reads the sources of the run', () => {
    const plan = aPlan([
      aTask('a'),
      aDerive('d', {
        kind: 'array',
        items: [from('a'), from('$input', 'amount'), from('$context', 'total')],
      }),
    ]);

    expect(settled(plan, { a: 1 }).derived).toEqual([['d', 'd([1,7,3])']]);
  });

  it('tells whether steps ran that some condition asks for', () => {
    const plan = aPlan([aTask('a'), aTask('b', [], { gates: [aGate({ ran: 'a' })] }), aTask('c')]);

    expect(settled(plan, { a: 1 }).facts).toEqual({ 'ran:a': true });
    expect(settled(plan, { c: 1 }).facts).toEqual({});
  });

  it('tells it for the policies of reviews as well', () => {
    const asks: Condition = { any: [{ not: { ran: 'a' } }, { all: [{ ran: 'b' }] }] };
    const approve = { by: 'guard', condition: asks, label: 'asks' } as const;
    const review: PlanNode = {
      ...base,
      id: 'r',
      kind: 'review',
      form: {},
      notBy: [],
      requesterMayDecide: true,
      approve,
      onExpired: 'continue',
      onRejected: 'continue',
    };

    expect(settled(aPlan([aTask('a'), aTask('b'), review]), { a: 1, b: 1 }).facts).toEqual({
      'ran:a': true,
      'ran:b': true,
    });
    expect(
      settled(aPlan([aTask('a')], { finish: { approve, requesterMayDecide: true } }), { a: 1 })
        .facts,
    ).toEqual({ 'ran:a': true });
  });
});

describe('gates', () => {
  it('skip a step with the reason given, or one made of the label', () => {
    const plan = aPlan([
      aTask('a'),
      aPredicate('ok', 'a'),
      aTask('b', [], { gates: [aGate({ fact: '?ok' }, 'Not approved.')] }),
      aTask('c', [], { gates: [{ condition: { fact: '?ok' }, label: 'ok' }] }),
    ]);

    expect(settled(plan, { a: 0 }).skipped).toEqual([
      { step: 'b', reason: 'Not approved.' },
      { step: 'c', reason: 'Condition "ok" does not hold.' },
    ]);
  });

  it('give the reason of the first that does not hold', () => {
    const plan = aPlan([
      aTask('a'),
      aPredicate('ok', 'a'),
      aTask('b', [], {
        gates: [
          aGate({ not: { fact: '?ok' } }, 'first'),
          aGate({ fact: '?ok' }, 'second'),
          aGate({ fact: '?ok' }, 'third'),
        ],
      }),
    ]);

    expect(settled(plan, { a: 0 }).skipped).toEqual([{ step: 'b', reason: 'second' }]);
  });

  it('that hold leave the step to the chart', () => {
    const plan = aPlan([
      aTask('a'),
      aPredicate('ok', 'a'),
      aTask('b', [], { gates: [aGate({ fact: '?ok' })] }),
    ]);

    expect(settled(plan, { a: 1 }).settled.map(([id]) => id)).toEqual(['a', '?ok']);
  });

  it('skip what depends on a skipped step only if it has a gate of its own that says so', () => {
    const plan = aPlan([
      aTask('a'),
      aPredicate('ok', 'a'),
      aTask('b', [], { gates: [aGate({ fact: '?ok' }, 'no')] }),
      aDerive('d', from('b')),
      aTask('c', [], { gates: [aGate({ ran: 'b' }, 'b did not run')] }),
      aTask('e', ['c']),
    ]);

    const settlement = settled(plan, { a: 0 });

    expect(settlement.skipped).toEqual([
      { step: 'b', reason: 'no' },
      { step: 'c', reason: 'b did not run' },
    ]);
    expect(settlement.derived).toEqual([['d', 'd(undefined)']]);
    expect(settlement.facts).toEqual({ '?ok': false, 'ran:b': false });
  });

  it('skip a predicate, which then counts as false', () => {
    const gated = { ...aPredicate('inner', 'a'), gates: [aGate({ fact: '?ok' }, 'no')] };
    const derive = { ...aDerive('d', from('a')), gates: [aGate({ fact: '?ok' }, 'no')] };

    const settlement = settled(aPlan([aTask('a'), aPredicate('ok', 'a'), gated, derive]), { a: 0 });

    expect(settlement.facts).toEqual({ '?ok': false, '?inner': false });
    expect(settlement.derived).toEqual([]);
    expect(valuesOf(settlement)).toMatchObject({ '?inner': 'skipped: no', d: 'skipped: no' });
    expect(settlement.skipped).toEqual([]);
  });
});

describe('choices', () => {
  const merge = (
    cases: readonly (readonly [string, Wiring])[],
    members: readonly string[] = [],
  ): MergeNode => ({
    ...base,
    id: 'route.merged',
    kind: 'merge',
    choice: 'route',
    cases,
    members,
  });
  const byField = (otherwise?: string): ChoiceNode => ({
    ...base,
    id: 'route',
    kind: 'choice',
    by: {
      field: from('a', 'kind'),
      cases: ['book', 'toy'],
      ...(otherwise === undefined ? {} : { otherwise }),
    },
  });

  it('take the branch that the field names', () => {
    const plan = aPlan([
      aTask('a'),
      byField(),
      merge([
        ['book', from('a', 'x')],
        ['toy', nothing],
      ]),
    ]);

    const settlement = settled(plan, { a: { kind: 'book', x: 1 } });

    expect(settlement.facts).toEqual({ route: 'book' });
    expect(valuesOf(settlement)['route.merged']).toBe(1);
  });

  it.each([
    ['toy', 'toy'],
    ['other', 'rest'],
    [undefined, 'rest'],
    [null, 'rest'],
    [3, 'rest'],
  ])('of a field %j take "%s"', (kind, expected) => {
    const settlement = settled(aPlan([aTask('a'), byField('rest'), merge([['toy', nothing]])]), {
      a: { kind },
    });

    expect(settlement.facts).toEqual({ route: expected });
    expect(valuesOf(settlement)['route.merged']).toBeUndefined();
  });

  it('take a boolean or a number by its text', () => {
    const node: ChoiceNode = {
      ...base,
      id: 'route',
      kind: 'choice',
      by: { field: from('a'), cases: ['true', '3', 'undefined'] },
    };

    expect(
      [true, 3, undefined].map(
        (value) => settled(aPlan([aTask('a'), node]), { a: value }).facts['route'],
      ),
    ).toEqual(['true', '3', 'undefined']);
  });

  it.each([['toString'], ['__proto__'], [undefined]])(
    'without a branch for %j end in a fault that names choice and value',
    (kind) => {
      const { fault } = settled(aPlan([aTask('a'), byField()]), { a: { kind } });

      expect(fault).toMatchObject({
        node: 'route',
        error: new Error(`No branch of choice "route" for the value ${JSON.stringify(kind)}`),
      });
    },
  );

  it('by conditions take the first that holds', () => {
    const node = (first: Condition): ChoiceNode => ({
      ...base,
      id: 'route',
      kind: 'choice',
      by: {
        conditions: [
          ['x', first, 'x'],
          ['y', { ran: 'a' }, 'y'],
        ],
        otherwise: 'z',
      },
    });

    expect(settled(aPlan([aTask('a'), node({ ran: 'a' })]), { a: 1 }).facts).toMatchObject({
      route: 'x',
    });
    expect(settled(aPlan([aTask('a'), node({ not: { ran: 'a' } })]), { a: 1 }).facts).toMatchObject(
      { route: 'y' },
    );
  });

  it('by conditions of which none holds take the rest', () => {
    const node: ChoiceNode = {
      ...base,
      id: 'route',
      kind: 'choice',
      by: { conditions: [['x', { fact: '?no' }, 'x']], otherwise: 'z' },
    };
    const plan = aPlan([aTask('a'), { ...aPredicate('no', 'a') }, node]);

    expect(settled(plan, { a: 0 }).facts).toMatchObject({ route: 'z' });
  });

  it('are joined when every node inside the branches has settled', () => {
    const inBranch = aTask('b', [], {
      gates: [aGate({ choice: 'route', is: 'book' }, 'not a book')],
    });
    const plan = aPlan([
      aTask('a'),
      byField(),
      inBranch,
      merge(
        [
          ['book', from('b')],
          ['toy', from('a', 'x')],
        ],
        ['b'],
      ),
    ]);

    const book = settled(plan, { a: { kind: 'book' } });
    const toy = settled(plan, { a: { kind: 'toy', x: 9 } });

    expect(valuesOf(book)).not.toHaveProperty(['route.merged']);
    expect(
      valuesOf(settled(plan, { b: 'B' }, { a: complete({}), route: complete('book') }))[
        'route.merged'
      ],
    ).toBe('B');
    expect(valuesOf(toy)).toMatchObject({ b: 'skipped: not a book', 'route.merged': 9 });
  });
});

describe('faults', () => {
  const plan = aPlan([
    aTask('a'),
    aDerive('d1', from('a')),
    aPredicate('p', 'd1'),
    aDerive('d2', from('d1')),
  ]);

  it('name the node whose function threw, and keep what was settled before', () => {
    const error = new Error('boom');
    const throwing = () => {
      throw error;
    };

    const settlement = settled(plan, { a: 1 }, {}, { predicate: throwing });

    expect(settlement.fault).toEqual({ node: '?p', error });
    expect(valuesOf(settlement)).toEqual({ a: 1, d1: 'd1(1)' });
  });

  it('at the start name the node as well', () => {
    const throwing = () => {
      throw new Error('boom');
    };

    expect(atStart(aPlan([aDerive('d', from('$input'))]), { derive: throwing }).fault?.node).toBe(
      'd',
    );
  });
});

describe('at the start', () => {
  it('settles what depends on the input alone, gates included', () => {
    const predicate = { ...aPredicate('big', ''), of: from('$input', 'missing') };
    const plan = aPlan([
      predicate,
      aDerive('d', from('$input', 'amount')),
      aDerive('e', from('d')),
      aTask('a', [], { gates: [aGate({ fact: '?big' }, 'small')] }),
      aTask('b', [], { gates: [aGate({ all: [] })] }),
      aDerive('later', from('a2')),
      aTask('a2'),
    ]);

    const settlement = atStart(plan);

    expect(valuesOf(settlement)).toEqual({
      '?big': false,
      d: 'd(7)',
      e: 'e("d(7)")',
      a: 'skipped: small',
    });
    expect(settlement.skipped).toEqual([{ step: 'a', reason: 'small' }]);
  });

  it('settles nothing of a plan that waits for its steps', () => {
    expect(atStart(aPlan([aTask('a'), aTask('b', ['a'])])).settled).toEqual([]);
  });
});

describe('order', () => {
  it('of settlement makes no difference: at once or one after the other give the same', () => {
    const plan = aPlan([
      aTask('a'),
      aTask('b'),
      aTask('c'),
      aDerive('ab', { kind: 'array', items: [from('a'), from('b')] }),
      aPredicate('abc', 'ab'),
      aTask('g', [], { gates: [aGate({ all: [{ fact: '?abc' }, { ran: 'c' }] }, 'no')] }),
      aTask('h', [], { gates: [aGate({ not: { ran: 'g' } }, 'g ran')] }),
    ]);
    const index = indexPlan(plan);
    const run = (groups: readonly (readonly string[])[], truth: boolean) => {
      const progress = new Map<string, Settled>();
      const facts: Record<string, boolean | string> = {};
      for (const group of groups) {
        const seeds = group.map((id) => [id, complete(id)] as const);
        const settlement = settle(index, progress, seeds, source, {
          ...evaluate,
          predicate: () => truth,
        });
        for (const [id, value] of settlement.settled) progress.set(id, value);
        Object.assign(facts, settlement.facts);
      }
      return { progress: new Map(progress), facts };
    };
    const order = fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 3 });

    fc.assert(
      fc.property(order, fc.boolean(), fc.boolean(), (ids, truth, inPairs) => {
        const groups = inPairs ? [ids.slice(0, 2), ids.slice(2)] : ids.map((id) => [id]);

        expect(run(groups, truth)).toEqual(run([['a', 'b', 'c']], truth));
      }),
      { seed: 20_260_102 },
    );
  });
});
