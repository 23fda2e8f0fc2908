/** Plans that no definition made: stored, sent, or written by hand. */
import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../src/plan/check.ts';
import { planHash } from '../../src/plan/hash.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import type { MapStep, Plan, PlanNode, TaskCall, TaskStep, Wiring } from '../../src/plan/plan.ts';
import { flow, mistake } from '../definition/support/fixtures.ts';
import { incidentResponse } from '../definition/support/incident-response.ts';

const of = (id: string, ...path: (string | number)[]): Wiring => ({ kind: 'ref', of: id, path });
const base = flow((w) => w.input).plan;

const aCall = (rest: Partial<TaskCall> = {}): TaskCall => ({
  task: 'work',
  retry: {
    maxAttempts: 1,
    backoff: { kind: 'fixed', initialMs: 0, factor: 1, maxMs: 0, jitter: 'none' },
  },
  queue: 'default',
  repeat: 'safe',
  compensate: 'none',
  failures: {},
  inputSchema: {},
  outputSchema: {},
  sensitive: { input: [], output: [], detail: [] },
  ...rest,
});

const aTask = (id: string, rest: Partial<TaskStep> = {}): TaskStep => ({
  id,
  kind: 'task',
  after: [],
  gates: [],
  input: { kind: 'absent' },
  call: aCall(),
  ...rest,
});

const aMap = (rest: Partial<MapStep> = {}): MapStep => ({
  id: 'each',
  kind: 'map',
  after: [],
  gates: [],
  items: of('$input', 'list'),
  concurrency: 1,
  onItemFailure: 'fail',
  body: [],
  yields: { kind: 'absent' },
  ...rest,
});

const bare = { after: [], gates: [] };
const aPlan = (nodes: readonly unknown[], rest: Partial<Plan> = {}): Plan => ({
  ...base,
  nodes: nodes as PlanNode[],
  ...rest,
});
const check = (nodes: readonly unknown[], rest: Partial<Plan> = {}) =>
  mistake(() => checkPlan(aPlan(nodes, rest)));

describe('a plan', () => {
  it('of a definition is sound', () => {
    expect(() => checkPlan(incidentResponse.plan)).not.toThrow();
  });

  it.each<[string, () => string, string]>([
    ['an id used twice', () => check([aTask('a'), aTask('a')]), 'step "a": the id is used twice'],
    [
      'an id used twice, once in a map',
      () => check([aMap({ body: [aTask('a')] }), aTask('a')]),
      'step "a": the id is used twice',
    ],
    ['an unsafe id', () => check([aTask('__proto__')]), '"__proto__" is no id'],
    [
      'a predicate without its mark',
      () => check([{ ...bare, id: 'p q', kind: 'predicate', label: 'p', of: of('$input') }]),
      '"p q" is no id',
    ],
    [
      'an unknown step',
      () => check([aTask('abc'), aTask('b', { input: of('abd') })]),
      'its wiring names "abd", which does not exist; did you mean "abc"?',
    ],
    [
      'an unknown source',
      () => check([aTask('a', { input: of('$inptu') })]),
      'its wiring names "$inptu", which does not exist; did you mean "$input"?',
    ],
    [
      'an unknown step in the output',
      () =>
        check([], {
          output: { kind: 'array', items: [{ kind: 'object', entries: [['x', of('y')]] }] },
        }),
      'step "completion": its wiring names "y"',
    ],
    [
      'an unknown assignee',
      () =>
        check([], {
          finish: { approve: { by: 'person' }, requesterMayDecide: true, assignTo: of('y') },
        }),
      'step "completion": its wiring names "y"',
    ],
    [
      'an unknown fact of the closing review',
      () =>
        check([], {
          finish: {
            approve: { by: 'guard', condition: { fact: '?p' }, label: 'p' },
            requesterMayDecide: true,
          },
        }),
      'step "completion": a condition names "?p", which does not exist',
    ],
    [
      'a condition on what is no predicate',
      () =>
        check([
          aTask('a'),
          aTask('b', { gates: [{ condition: { not: { any: [{ fact: 'a' }] } }, label: 'x' }] }),
        ]),
      'a condition names "a", which is no predicate',
    ],
    [
      'a condition on what is no choice',
      () =>
        check([
          aTask('a'),
          aTask('b', { gates: [{ condition: { all: [{ choice: 'a', is: 'x' }] }, label: 'x' }] }),
        ]),
      'a condition names "a", which is no choice',
    ],
    [
      'a condition on itself',
      () => check([aTask('a', { gates: [{ condition: { ran: 'a' }, label: 'x' }] })]),
      'it waits for itself (a → a)',
    ],
    [
      'the item outside a map',
      () => check([aTask('a', { input: of('$item') })]),
      '"$item" exists in the body of a map only',
    ],
    [
      'a step of a map outside',
      () => check([aMap({ body: [aTask('in')] }), aTask('a', { input: of('in') })]),
      'which exists in the body of map "each" only',
    ],
    [
      'a body with a review',
      () => check([aMap({ body: [{ ...aTask('in'), kind: 'review' } as never] })]),
      'the body of a map holds tasks and derives only, not "review"',
    ],
    [
      'a body with a condition',
      () =>
        check([
          aMap({ body: [aTask('in', { gates: [{ condition: { ran: 'x' }, label: 'x' }] })] }),
        ]),
      'nothing in the body of a map can have a condition',
    ],
    [
      'an unknown step in a body',
      () => check([aMap({ body: [aTask('in', { after: ['x'] })] })]),
      'step "in": "after" names "x"',
    ],
    [
      'a cycle in a body',
      () => check([aMap({ body: [aTask('x', { after: ['y'] }), aTask('y', { after: ['x'] })] })]),
      'x → y → x',
    ],
    [
      'a merge of no choice',
      () =>
        check([
          aTask('a'),
          { ...bare, id: 'c.merged', kind: 'merge', choice: 'a', cases: [], members: [] },
        ]),
      '"a" is no choice',
    ],
    [
      'a merge with an unknown case',
      () =>
        check([
          { ...bare, id: 'c', kind: 'choice', by: { field: of('$input'), cases: ['yes'] } },
          {
            ...bare,
            id: 'c.merged',
            kind: 'merge',
            choice: 'c',
            cases: [['yse', { kind: 'absent' }]],
            members: [],
          },
        ]),
      'choice "c" has no branch "yse"; did you mean "yes"?',
    ],
    [
      'a merge with an unknown member',
      () =>
        check([
          { ...bare, id: 'c', kind: 'choice', by: { conditions: [], otherwise: 'o' } },
          {
            ...bare,
            id: 'c.merged',
            kind: 'merge',
            choice: 'c',
            cases: [['o', { kind: 'absent' }]],
            members: ['m'],
          },
        ]),
      'the list of members names "m"',
    ],
    [
      'an undeclared key',
      () =>
        check([{ ...bare, id: 'n.updated', kind: 'update', key: 'n', value: { kind: 'absent' } }]),
      '"n" is no key of the run context',
    ],
    ['an unsafe name', () => check([], { name: 'a b' }), '"a b" is no id'],
    ['version 0', () => check([], { version: 0 }), 'version must be a whole number from 1, got 0'],
    [
      'a time limit of nothing',
      () => check([], { timeoutMs: 0 }),
      'timeoutMs must be a whole number of milliseconds from 1',
    ],
    [
      'a task without a name',
      () => check([aTask('a', { call: aCall({ task: '' }) })]),
      '"" is no name',
    ],
    [
      'no attempts',
      () => check([aTask('a', { call: aCall({ retry: { ...aCall().retry, maxAttempts: 0 } }) })]),
      'retry.maxAttempts must be a whole number from 1, got 0',
    ],
    [
      'a shrinking backoff',
      () =>
        check([
          aTask('a', {
            fallback: aCall({
              retry: { maxAttempts: 1, backoff: { ...aCall().retry.backoff, factor: Number.NaN } },
            }),
          }),
        ]),
      'retry.backoff.factor must be a number from 1, got NaN',
    ],
    [
      'a negative time-out',
      () => check([], { onFailed: aCall({ timeoutMs: -1 }) }),
      'timeoutMs must be',
    ],
    [
      'an undo without a policy',
      () => check([aTask('a', { call: aCall({ compensate: 'handler' }) })]),
      'task "work" has no undo policy, and its compensation is "handler"',
    ],
    [
      'a policy without an undo',
      () => check([aTask('a', { call: aCall({ undo: { retry: aCall().retry } }) })]),
      'task "work" has an undo policy',
    ],
    [
      'a breaker that is never open',
      () =>
        check([
          aTask('a', {
            call: aCall({
              breaker: { name: 'b', failureThreshold: 0, resetAfterMs: 1, whenOpen: 'wait' },
            }),
          }),
        ]),
      'breaker.failureThreshold must be a whole number from 1',
    ],
    [
      'an undeclared failure',
      () => check([aTask('a', { tolerate: ['x'] })]),
      'it tolerates the failure "x", which task "work" does not declare',
    ],
    [
      'a map without a worker',
      () => check([aMap({ concurrency: 0 })]),
      'concurrency must be a whole number from 1, got 0',
    ],
    [
      'an empty batch',
      () => check([aMap({ batch: 0 })]),
      'batch must be a whole number from 1, got 0',
    ],
    [
      'a wait of no time',
      () =>
        check([
          {
            ...bare,
            id: 'w',
            kind: 'wait',
            event: 'e',
            where: [],
            withinMs: 0,
            onTimeout: 'fail',
            early: 'keep',
          },
        ]),
      'withinMs must be',
    ],
    [
      'a reminder that never rests',
      () =>
        check([
          {
            ...bare,
            id: 'r',
            kind: 'review',
            form: {},
            notBy: [],
            requesterMayDecide: true,
            approve: { by: 'person' },
            onExpired: 'reject',
            onRejected: 'continue',
            remind: { everyMs: 0, call: aCall() },
          },
        ]),
      'remind.everyMs must be',
    ],
    [
      'a condition of a review that does not exist',
      () =>
        check([
          {
            ...bare,
            id: 'r',
            kind: 'review',
            form: {},
            notBy: [],
            requesterMayDecide: true,
            approve: { by: 'guard', condition: { fact: '?p' }, label: 'p' },
            onExpired: 'reject',
            onRejected: 'continue',
          },
        ]),
      'a condition names "?p"',
    ],
  ])('with %s is refused', (_, refuse, message) => {
    expect(refuse()).toContain(message);
  });

  it('says less where its schemas are not known', () => {
    const strict = aCall({ inputSchema: { type: 'string' } });

    expect(() =>
      checkPlan(aPlan([aTask('a', { input: of('$input', 'nothing'), call: strict })])),
    ).not.toThrow();
    expect(check([aTask('a', { input: { kind: 'literal', value: 1 }, call: strict })])).toContain(
      '"input" cannot fit',
    );
  });
});

describe('parsing a plan', () => {
  const json = () =>
    JSON.parse(JSON.stringify(incidentResponse.plan)) as Record<string, unknown> & {
      nodes: Record<string, unknown>[];
    };
  const changed = (change: (plan: ReturnType<typeof json>) => void) => {
    const plan = json();
    change(plan);
    return mistake(() => parsePlan(plan));
  };

  it('gives back what a store kept', () => {
    expect(parsePlan(json())).toEqual(incidentResponse.plan);
  });

  it.each<[string, Parameters<typeof changed>[0], string]>([
    [
      'another format',
      (plan) => {
        plan['format'] = 2;
      },
      'Not a plan: "plan.format"',
    ],
    [
      'a missing part',
      (plan) => {
        delete plan['output'];
      },
      'Not a plan: "plan.output"',
    ],
    [
      'an unknown part',
      (plan) => {
        plan['extra'] = 1;
      },
      'Not a plan: "plan": Unrecognized key: "extra"',
    ],
    [
      'an unknown kind of node',
      (plan) => {
        plan.nodes[0]!['kind'] = 'agent';
      },
      'Not a plan: "plan.nodes[0].kind"',
    ],
    [
      'a node that lacks something',
      (plan) => {
        delete plan.nodes[1]!['call'];
      },
      'Not a plan: "plan.nodes[1].call"',
    ],
    [
      'a duplicate node',
      (plan) => {
        plan.nodes.push(plan.nodes[0]!);
      },
      'the id is used twice',
    ],
    [
      'a change since',
      (plan) => {
        plan['version'] = 2;
      },
      'it was changed after it was made',
    ],
  ])('refuses %s', (_, change, message) => {
    expect(changed(change)).toContain(message);
  });

  it.each([[null], ['text'], [[]], [{}]])('refuses %j', (value) => {
    expect(mistake(() => parsePlan(value))).toContain('Not a plan: ');
  });

  it('refuses what is nested without end, and what is no JSON', () => {
    let wiring: unknown = { kind: 'absent' };
    for (let n = 0; n < 100_000; n++) wiring = { kind: 'array', items: [wiring] };

    expect(mistake(() => parsePlan({ ...json(), output: wiring }))).toContain(
      'nested more than 1000 levels deep',
    );
    expect(mistake(() => parsePlan({ ...json(), output: new Map() }))).toContain(
      '"plan.output": is a Map',
    );
  });

  it('accepts every kind of node', async () => {
    const { everyKind } = await import('../definition/support/every-kind.ts');

    expect(parsePlan(JSON.parse(JSON.stringify(everyKind.plan)))).toEqual(everyKind.plan);
    expect(planHash(everyKind.plan)).toBe(everyKind.plan.hash);
    expect(new Set(everyKind.plan.nodes.map((node) => node.kind)).size).toBe(14);
  });
});
