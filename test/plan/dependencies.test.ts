import { describe, expect, it } from 'vitest';
import {
  dependenciesOf,
  factsOf,
  factsOfApproval,
  readsOf,
  wiringsOf,
} from '../../src/plan/dependencies.ts';
import type { PlanNode, Wiring } from '../../src/plan/plan.ts';
import { aCall, aDerive, aGate, aPredicate, aTask, from, nothing } from '../chart/support/plans.ts';

const base = { after: [], gates: [] };

const nodes: readonly [
  kind: PlanNode['kind'],
  node: PlanNode,
  dependsOn: readonly string[],
  wirings: readonly Wiring[],
][] = [
  ['task', aTask('t', ['z'], { input: from('a') }), ['z', 'a'], [from('a')]],
  [
    'review',
    {
      ...base,
      id: 'r',
      kind: 'review',
      form: {},
      show: from('a'),
      assignTo: from('b'),
      notBy: [from('c'), from('$run')],
      requesterMayDecide: true,
      approve: { by: 'guard', condition: { fact: '?cheap' }, label: 'cheap' },
      onExpired: 'continue',
      onRejected: 'continue',
    },
    ['a', 'b', 'c', '?cheap'],
    [from('a'), from('b'), from('c'), from('$run')],
  ],
  [
    'wait',
    {
      ...base,
      id: 'w',
      kind: 'wait',
      event: 'paid',
      where: [
        ['id', from('a')],
        ['no', nothing],
      ],
      onTimeout: 'fail',
      early: 'keep',
    },
    ['a'],
    [from('a'), nothing],
  ],
  ['sleep', { ...base, id: 's', kind: 'sleep', for: from('a') }, ['a'], [from('a')]],
  [
    'child',
    { ...base, id: 'c', kind: 'child', workflow: 'x', version: 1, sensitive: [], input: from('a') },
    ['a'],
    [from('a')],
  ],
  ['emit', { ...base, id: 'e', kind: 'emit', event: 'x', payload: from('a') }, ['a'], [from('a')]],
  [
    'fail',
    { ...base, id: 'f', kind: 'fail', message: 'no', gates: [aGate({ ran: 'a' })] },
    ['a'],
    [],
  ],
  ['predicate', aPredicate('p', 'a'), ['a'], [from('a')]],
  ['derive', aDerive('d', from('a')), ['a'], [from('a')]],
  [
    'choice',
    {
      ...base,
      id: 'ch',
      kind: 'choice',
      by: {
        conditions: [
          ['x', { fact: '?p' }, 'p'],
          ['y', { choice: 'other', is: 'z' }, 'z'],
        ],
        otherwise: 'n',
      },
    },
    ['?p', 'other'],
    [],
  ],
  [
    'choice',
    { ...base, id: 'cf', kind: 'choice', by: { field: from('a', 'kind'), cases: ['x'] } },
    ['a'],
    [from('a', 'kind')],
  ],
  [
    'merge',
    {
      ...base,
      id: 'm',
      kind: 'merge',
      choice: 'ch',
      cases: [
        ['x', from('a')],
        ['y', nothing],
      ],
      members: ['a', 'b'],
    },
    ['a', 'ch', 'b'],
    [from('a'), nothing],
  ],
  ['update', { ...base, id: 'u', kind: 'update', key: 'k', value: from('a') }, ['a'], [from('a')]],
  ['milestone', { ...base, id: 'ms', kind: 'milestone', name: 'done', after: ['a'] }, ['a'], []],
];

describe('dependencies of a node', () => {
  it.each(nodes)('of kind "%s" are all it reads', (_, node, expected) => {
    expect([...dependenciesOf(node)].toSorted()).toEqual([...expected].toSorted());
  });

  it.each(nodes)('of kind "%s": its wirings', (_, node, __, expected) => {
    expect(wiringsOf(node)).toEqual(expected);
  });

  it('are counted once', () => {
    const node = aTask('t', ['a'], { input: { kind: 'array', items: [from('a'), from('a')] } });

    expect([...dependenciesOf(node)]).toEqual(['a']);
  });

  it('of a map include what its body and its result read from outside, but not its own nodes', () => {
    const map: PlanNode = {
      ...base,
      id: 'm',
      kind: 'map',
      items: from('list'),
      concurrency: 1,
      onItemFailure: 'fail',
      body: [
        aTask('inner', [], { input: { kind: 'array', items: [from('$item'), from('outside')] } }),
        aDerive('made', from('inner')),
      ],
      yields: { kind: 'array', items: [from('made'), from('outside2')] },
    };

    expect([...dependenciesOf(map)].toSorted()).toEqual(['list', 'outside', 'outside2']);
  });

  it('of a review that a person or nobody decides include no facts', () => {
    expect(factsOfApproval({ by: 'person' })).toEqual(new Set());
    expect(factsOfApproval({ by: 'automatic' })).toEqual(new Set());
  });
});

describe('what a wiring reads', () => {
  it('are nodes at any depth, never sources or constants', () => {
    const wiring: Wiring = {
      kind: 'object',
      entries: [
        ['a', from('x', 'field')],
        ['b', { kind: 'array', items: [from('y'), { kind: 'literal', value: 'z' }, nothing] }],
        ['c', from('$input')],
      ],
    };

    expect(readsOf(wiring)).toEqual(new Set(['x', 'y']));
  });

  it('are found 100,000 levels deep without overflowing the stack', () => {
    let wiring = from('x');
    for (let level = 0; level < 100_000; level += 1) wiring = { kind: 'array', items: [wiring] };

    expect(readsOf(wiring)).toEqual(new Set(['x']));
  });
});

describe('what a condition reads', () => {
  it('are predicates, choices and steps, through every combination', () => {
    const found = factsOf({
      all: [
        { fact: '?a' },
        { not: { choice: 'c', is: 'x' } },
        { any: [{ ran: 's' }, { fact: '?b' }] },
      ],
    });

    expect(found).toEqual(new Set(['?a', 'c', 's', '?b']));
  });
});

it('reads no dependency from what a task calls', () => {
  const { fallback: _, ...task } = aTask('t', [], { fallback: aCall() });

  expect(dependenciesOf(task)).toEqual(new Set());
});
