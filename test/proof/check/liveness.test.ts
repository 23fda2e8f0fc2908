import { describe, expect, it } from 'vitest';
import { compileChart } from '../../../src/chart/advance.ts';
import type { ChartState } from '../../../src/chart/chart.ts';
import type { ReviewStep, WaitStep } from '../../../src/plan/plan.ts';
import { checkPlan } from '../../../src/proof/check/check.ts';
import { aGate, aPlan, aPredicate, aTask, attempts, nothing } from '../../chart/support/plans.ts';
import { aReview, checkChanged, pathOf, ruleOf, violated, withNode } from './support/mutations.ts';

const timed = { call: { timeoutMs: 1_000 } };
const retried = { call: { timeoutMs: 1_000, retry: attempts(3) } };
const working = 'processing.working';

/** Two steps side by side, a third that waits for both, and one in the end. */
const diamond = aPlan([
  aTask('a', [], retried),
  aTask('b', ['a'], timed),
  aTask('c', ['a'], timed),
  aTask('d', ['b'], timed),
  aTask('e', ['b', 'c'], timed),
]);

const without = (state: ChartState, event: string): ChartState => {
  const { [event]: _, ...rest } = state.on ?? {};
  return { ...state, on: rest };
};

describe('a workflow in which nothing is wrong', () => {
  it('holds in every rule', () => {
    expect(checkPlan(diamond).verdict).toBe('holds');
  });

  it('has no state for somebody who is never asked, where a policy always approves', () => {
    const review = { ...aReview('look'), approve: { by: 'automatic' } } as const;

    expect(ruleOf(checkPlan(aPlan([review])), 'states-reachable').findings).toEqual([]);
  });

  it.each<[string, Partial<ReviewStep>]>([
    ['two approvals', { approvals: 2 }],
    [
      'one of each group',
      {
        approvals: 2,
        from: [
          { group: 'finance', approvals: 1 },
          { group: 'legal', approvals: 1 },
        ],
      },
    ],
    ['two rejections', { rejections: 2 }],
  ])('may ask for %s: a vote that nobody may give is refused', (_, policy) => {
    const review = { ...aReview('look'), ...policy };

    expect(ruleOf(checkPlan(aPlan([review])), 'failures-routed').verdict).toBe('holds');
  });

  it('may have no step at all', () => {
    expect(checkPlan(aPlan([])).verdict).toBe('holds');
  });
});

describe('a state that is never reached', () => {
  it('is named', () => {
    const report = checkChanged(diamond, working, (state) => ({
      ...state,
      states: {
        ...state.states,
        island: { on: { 'island.left': [{ target: '#waiting_review' }] } },
      },
    }));

    expect(ruleOf(report, 'states-reachable').findings).toMatchObject([
      { kind: 'violation', subject: `${working}.island` },
    ]);
  });

  it('belongs to a step whose conditions contradict each other', () => {
    const never = aPlan([
      aTask('a', [], timed),
      aPredicate('good', 'a'),
      aTask('b', [], {
        ...timed,
        gates: [aGate({ fact: '?good' }), aGate({ not: { fact: '?good' } })],
      }),
    ]);

    expect(ruleOf(checkPlan(never), 'states-reachable').findings).toMatchObject([
      { subject: 'b', message: expect.stringContaining('the conditions of "b" contradict') },
    ]);
  });

  it('waits for a step that does not tell it', () => {
    const chart = compileChart(diamond).chart;
    const path = `${working}.stage:1`;
    const region = Object.entries(
      chart.states['processing']?.states?.['working']?.states?.['stage:1']?.states ?? {},
    ).find(([, { states }]) => states?.['b'] !== undefined)?.[0];

    const report = checkChanged(diamond, `${path}.${region}.b.running`, (state) => ({
      ...state,
      on: {
        ...state.on,
        'b.completed': (state.on?.['b.completed'] ?? []).map((to) => ({
          ...to,
          actions: (to.actions ?? []).filter(({ type }) => type !== 'settle'),
        })),
      },
    }));

    expect(violated(report)).toEqual(expect.arrayContaining(['states-reachable', 'no-dead-ends']));
    expect(ruleOf(report, 'no-dead-ends').findings.map(({ message }) => message)).toContain(
      '"e" waits for "b" for ever after "b.completed": nobody tells it',
    );
  });
});

describe('a dead end', () => {
  it('is a state that only a cancellation leaves, with the path to it', () => {
    const report = checkChanged(diamond, `${working}.a.running`, (state) => ({
      ...state,
      on: {},
    }));

    expect(violated(report)).toEqual(
      expect.arrayContaining(['no-dead-ends', 'failures-routed', 'states-reachable']),
    );
    expect(ruleOf(report, 'no-dead-ends').findings[0]?.message).toBe(
      `Nothing leaves "${working}.a.running" but a cancellation`,
    );
    expect(pathOf(report, 'no-dead-ends')).toEqual(['pending run.started processing']);
  });

  it('is a loop with no way out', () => {
    const report = checkChanged(diamond, `${working}.a.running`, (state) => ({
      ...state,
      on: { 'a.failed': [{ target: 'backing_off' }] },
    }));

    expect(ruleOf(report, 'no-dead-ends').findings.map(({ message }) => message)).toContain(
      `From "${working}.a.running" no end of the run can be reached`,
    );
  });

  it('is a gated step that has no way past it', () => {
    const gated = aPlan([
      aTask('a', [], timed),
      aPredicate('good', 'a'),
      aTask('b', [], { ...timed, gates: [aGate({ fact: '?good' })] }),
    ]);
    const report = checkChanged(gated, `${working}.b.blocked`, (state) => ({
      ...state,
      always: (state.always ?? []).slice(0, 1),
    }));

    expect(ruleOf(report, 'no-dead-ends').findings[0]?.message).toBe(
      `"${working}.b.blocked" can be stuck: its transitions lack a way if its conditions do not hold`,
    );
  });

  it('is a run that stops and waits for a step it does not hear', () => {
    const report = checkChanged(diamond, 'processing.draining', (state) =>
      without(state, 'b.completed'),
    );

    expect(ruleOf(report, 'no-dead-ends').findings[0]?.message).toBe(
      'A run that stops while "b" is under way waits for it for ever: "b.completed" is not heard there',
    );
  });
});

describe('a failure', () => {
  it('without a route is a violation, with the path', () => {
    const report = checkChanged(diamond, `${working}.a.running`, (state) =>
      without(state, 'a.failed'),
    );

    expect(violated(report)).toContain('failures-routed');
    expect(ruleOf(report, 'failures-routed').findings[0]?.message).toBe(
      `"${working}.a.running" has no way for "a.failed"`,
    );
  });

  it('that only a retry takes is a violation', () => {
    const report = checkChanged(diamond, `${working}.a.running`, (state) => ({
      ...state,
      on: { ...state.on, 'a.failed': (state.on?.['a.failed'] ?? []).slice(0, 1) },
    }));

    expect(ruleOf(report, 'failures-routed').findings[0]?.message).toBe(
      `"${working}.a.running" lacks, for "a.failed", a way if "retryable" do not hold`,
    );
  });

  it('of a stopped run with something to undo needs a way to compensation', () => {
    const report = checkChanged(diamond, 'processing.draining', (state) => ({
      ...state,
      always: (state.always ?? []).filter(({ target }) => target !== '#compensating'),
    }));

    expect(ruleOf(report, 'no-dead-ends').findings[0]?.message).toBe(
      '"processing.draining" can be stuck: its transitions lack a way for a cancelled run with something to undo',
    );
  });
});

describe('a loop', () => {
  it('without a count is a violation, and is printed round', () => {
    const report = checkChanged(diamond, `${working}.a.running`, (state) => ({
      ...state,
      on: {
        ...state.on,
        'a.failed': (state.on?.['a.failed'] ?? []).map((to, index) =>
          index === 0 ? { target: 'backing_off' } : to,
        ),
      },
    }));

    expect(violated(report)).toContain('loops-bounded');
    expect(ruleOf(report, 'loops-bounded').findings[0]?.message).toBe(
      `Nothing ends the loop "${working}.a.running" → "${working}.a.backing_off" → "${working}.a.running"`,
    );
  });

  it('whose rounds are not counted is a violation', () => {
    const report = checkChanged(diamond, 'compensating.undoing', (state) => ({
      ...state,
      on: {
        ...state.on,
        'undo.completed': [{ target: 'choosing' }],
      },
    }));

    expect(ruleOf(report, 'loops-bounded').findings[0]?.subject).toMatch(/^compensating/);
  });

  it('back to an earlier step is a violation', () => {
    const report = checkChanged(diamond, `${working}.a`, (state) => ({
      ...state,
      on: { 'a.again': [{ target: '#processing' }] },
    }));

    expect(violated(report)).toContain('loops-bounded');
  });

  it('that waits for a breaker is an assumption, unless something limits it', () => {
    const breaker = {
      name: 'bank',
      failureThreshold: 3,
      resetAfterMs: 1_000,
      whenOpen: 'wait' as const,
    };
    const waiting = aPlan([aTask('a', [], { call: { timeoutMs: 1_000, breaker } })]);

    expect(ruleOf(checkPlan(waiting), 'loops-bounded')).toMatchObject({
      verdict: 'assumed',
      findings: [{ message: expect.stringContaining('Breaker "bank" closes again') }, {}],
    });
    const limited = withNode(waiting, 'a', { withinMs: 60_000 });
    expect(ruleOf(checkPlan(limited), 'loops-bounded').verdict).toBe('holds');
  });
});

describe('a wait', () => {
  const wait: WaitStep = {
    id: 'paid',
    kind: 'wait',
    after: [],
    gates: [],
    event: 'payment',
    where: [],
    onTimeout: 'fail',
    early: 'keep',
  };
  const assumptionsOf = (...args: Parameters<typeof checkPlan>) =>
    ruleOf(checkPlan(...args), 'waits-bounded').findings.map(({ message }) => message);

  it('without owner or deadline is listed', () => {
    expect(assumptionsOf(aPlan([wait]))).toEqual([
      'Event "payment" comes: "paid" has no deadline',
      'Somebody sends "payment": "paid" names no owner',
    ]);
    expect(assumptionsOf(aPlan([{ ...wait, owner: 'shop' }], { timeoutMs: 1_000 }))).toEqual([]);
  });

  it('for a person without owner or deadline is listed, the closing review included', () => {
    const { audience: _, expiresMs: __, ...bare } = aReview('look');
    const plan = aPlan([bare], { finish: { approve: { by: 'person' }, requesterMayDecide: true } });

    expect(assumptionsOf(plan)).toEqual([
      'Somebody decides "look": it has no assignTo, audience or owner',
      'Somebody decides "look": it has no deadline',
      'Somebody decides the closing review: it is assigned to nobody',
      'Somebody decides the closing review: it has no deadline',
    ]);
  });

  it('for code without a limit is listed once for all', () => {
    expect(assumptionsOf(aPlan([aTask('a'), aTask('b', ['a'])]))).toEqual([
      'The code of "a", "b" ends by itself: there is no time limit on an attempt, a step or the run',
    ]);
  });

  it('for a word about an attempt in doubt is listed', () => {
    const unsafe = aPlan([aTask('a', [], { call: { timeoutMs: 1_000, repeat: 'unsafe' } })]);

    expect(assumptionsOf(unsafe)[0]).toContain('that question has no owner and no deadline');
    expect(assumptionsOf({ ...unsafe, owner: 'me', timeoutMs: 9_000 })).toEqual([]);
  });

  it('whose time passes unheard is a violation', () => {
    const limited = aPlan([{ ...wait, withinMs: 1_000, owner: 'shop' }]);
    const report = checkChanged(limited, `${working}.paid.waiting`, (state) =>
      without(state, 'paid.timed_out'),
    );

    expect(ruleOf(report, 'waits-bounded').findings[0]).toMatchObject({
      kind: 'violation',
      message: `The time of "${working}.paid.waiting" passes unheard: it has no transition for "paid.timed_out"`,
    });
    const untimed = checkChanged({ ...diamond, timeoutMs: 60_000 }, working, (state) =>
      without(state, 'run.timed_out'),
    );
    expect(violated(untimed)).toEqual(expect.arrayContaining(['waits-bounded', 'failures-routed']));
  });

  it('is never one for a value nobody gives', () => {
    const asleep = aPlan([{ id: 'nap', kind: 'sleep', after: [], gates: [], for: nothing }]);

    expect(assumptionsOf(asleep)).toEqual([
      '"nap" sleeps for a sensible time: its input says how long',
    ]);
  });
});
