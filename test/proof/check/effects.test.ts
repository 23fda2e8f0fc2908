import { describe, expect, it } from 'vitest';
import type { Plan, PlanNode } from '../../../src/plan/plan.ts';
import { checkPlan } from '../../../src/proof/check/check.ts';
import { undoListAt } from '../../../src/proof/check/undo-table.ts';
import { aGate, aPlan, aPredicate, aTask, attempts, nothing } from '../../chart/support/plans.ts';
import { aReview, checkChanged, pathOf, ruleOf, violated, withNode } from './support/mutations.ts';

const undo = { retry: attempts(1) };
const undoable = { call: { timeoutMs: 1_000, compensate: 'handler' as const, undo } };
const irreversible = { call: { timeoutMs: 1_000, compensate: 'irreversible' as const } };
const plain = { call: { timeoutMs: 1_000 } };
const working = 'processing.working';

/** Reserve, then pay beside packing, then send, which cannot be undone, then tell. */
const order = aPlan([
  aTask('reserve', [], undoable),
  aTask('pay', ['reserve'], undoable),
  aTask('pack', ['reserve'], undoable),
  aTask('send', ['pay', 'pack'], irreversible),
  aTask('tell', ['send'], plain),
]);

describe('effects of steps', () => {
  it('are undone wherever the run may fail, last first', () => {
    const { undo: table } = checkPlan(order);

    expect(undoListAt(table, 'reserve')).toEqual({ undone: [], perhaps: [], stay: [] });
    expect(undoListAt(table, 'pay')).toEqual({ undone: ['reserve'], perhaps: ['pack'], stay: [] });
    expect(undoListAt(table, 'send')).toEqual({
      undone: ['pack', 'pay', 'reserve'],
      perhaps: [],
      stay: [],
    });
    expect(undoListAt(table, 'tell').stay).toEqual(['send']);
    expect(undoListAt(table, 'completion')).toEqual(undoListAt(table, 'tell'));
    expect(table.pointsOfNoReturn).toEqual([{ step: 'send', failurePointsLeft: 1 }]);
  });

  it('of branches that exclude each other are never undone together', () => {
    const routed = aPlan([
      aTask('ask', [], plain),
      aPredicate('yes', 'ask'),
      aTask('buy', [], { ...undoable, gates: [aGate({ fact: '?yes' })] }),
      aTask('sell', [], { ...undoable, gates: [aGate({ not: { fact: '?yes' } })] }),
    ]);

    const report = checkPlan(routed);

    expect(undoListAt(report.undo, 'buy')).toEqual({ undone: [], perhaps: [], stay: [] });
    expect(ruleOf(report, 'effects-undone').findings.map(({ kind }) => kind)).not.toContain(
      'warning',
    );
  });

  it('that nothing orders are warned of', () => {
    expect(ruleOf(checkPlan(order), 'effects-undone').findings).toContainEqual({
      kind: 'warning',
      subject: 'pay',
      message:
        '"pay" and "pack" have effects and no order; if it matters which comes first, use "after" or w.sequence',
      path: null,
    });
    const sequence = withNode(order, 'pack', { after: ['pay'] });
    expect(
      ruleOf(checkPlan(sequence), 'effects-undone').findings.filter(
        ({ kind }) => kind === 'warning',
      ),
    ).toEqual([]);
  });

  it('that a completion does not put on the undo list are a violation', () => {
    const report = checkChanged(order, `${working}.reserve.running`, (state) => ({
      ...state,
      on: {
        ...state.on,
        'reserve.completed': (state.on?.['reserve.completed'] ?? []).map((to) => ({
          ...to,
          actions: (to.actions ?? []).filter(({ type }) => type !== 'countUndo'),
        })),
      },
    }));

    expect(violated(report)).toEqual(['effects-undone']);
    expect(ruleOf(report, 'effects-undone').findings[0]?.message).toBe(
      `What "reserve" has done is not undone if it completes in "${working}.reserve.running"`,
    );
    expect(pathOf(report, 'effects-undone')).toHaveLength(2);
  });

  it('that complete while the run stops are on the list as well', () => {
    const report = checkChanged(order, 'processing.draining', (state) => ({
      ...state,
      on: {
        ...state.on,
        'pay.completed': [{ actions: [{ type: 'untrack', params: { step: 'pay' } }] }],
      },
    }));

    expect(ruleOf(report, 'effects-undone').findings[0]).toMatchObject({
      kind: 'violation',
      subject: 'pay',
    });
  });

  it('are not left behind by a run that ends past compensation', () => {
    const report = checkChanged(order, 'waiting_review', (state) => ({
      ...state,
      on: { ...state.on, 'run.cancelled': [{ target: '#cancelled' }] },
    }));

    expect(violated(report)).toContain('effects-undone');
    expect(ruleOf(report, 'effects-undone').findings[0]?.message).toBe(
      'A run goes from "waiting_review" to "cancelled" although something may be left to undo',
    );
  });

  it('of children are for the check of the child', () => {
    const child: PlanNode = {
      id: 'sub',
      kind: 'child',
      after: [],
      gates: [],
      workflow: 'other',
      version: 2,
      sensitive: [],
      input: nothing,
    };

    expect(ruleOf(checkPlan(aPlan([child])), 'effects-undone')).toMatchObject({
      verdict: 'assumed',
      findings: [{ kind: 'assumption', subject: 'sub' }],
    });
  });

  it('make a table that grows with the workflow, not with its square', () => {
    const chainOf = (steps: number) =>
      aPlan(
        Array.from({ length: steps }, (_, at) =>
          aTask(`s${at}`, at === 0 ? [] : [`s${at - 1}`], undoable),
        ),
      );
    const sizeOf = (plan: Plan) => JSON.stringify(checkPlan(plan).undo).length;

    expect(sizeOf(chainOf(200)) / sizeOf(chainOf(20))).toBeLessThan(12);
  });
});

describe('a review that excludes whoever asked', () => {
  const reviewed = aPlan([aReview('look', { requesterMayDecide: false })]);
  const decide = `${working}.look.waiting_review`;

  it('refuses them in every transition', () => {
    expect(ruleOf(checkPlan(reviewed), 'four-eyes')).toMatchObject({
      verdict: 'holds',
      claim: 'Whoever is excluded from "look" cannot decide there.',
    });
  });

  it('is violated by one transition whose guard does not ask, with the path', () => {
    const report = checkChanged(reviewed, decide, (state) => ({
      ...state,
      on: {
        ...state.on,
        'look.decided': (state.on?.['look.decided'] ?? []).map(({ guard, ...to }, index) =>
          index === 0 || guard === undefined ? to : { ...to, guard },
        ),
      },
    }));

    expect(violated(report)).toContain('four-eyes');
    expect(pathOf(report, 'four-eyes').at(-1)).toContain('look.decided');
  });

  it('is an assumption where an event starts the run, and says where a policy decides', () => {
    const started = withNode({ ...reviewed, startOn: ['order.placed'] }, 'look', {
      approve: { by: 'automatic' },
    });

    expect(ruleOf(checkPlan(started), 'four-eyes')).toMatchObject({
      verdict: 'assumed',
      findings: [{ kind: 'note' }, { kind: 'assumption' }],
    });
  });

  it('may also be the closing one', () => {
    const closing = aPlan([], {
      finish: { approve: { by: 'person' }, requesterMayDecide: false, expiresMs: 1_000 },
    });

    expect(ruleOf(checkPlan(closing), 'four-eyes').claim).toContain('"completion"');
  });
});

describe('deadlines', () => {
  const messagesOf = (plan: Plan) =>
    ruleOf(checkPlan(plan), 'deadlines-feasible').findings.map(
      ({ kind, message }) => `${kind}: ${message}`,
    );
  const minute = 60_000;

  it('of attempts and steps are not shorter than what is expected', () => {
    const slow = aTask('a', [], { call: { timeoutMs: minute }, expectedMs: 10 * minute });

    expect(messagesOf(aPlan([slow]))[0]).toBe(
      'violation: "a" is expected to take 10m, and an attempt is cut off after 1m',
    );
    const within = aTask('a', [], { expectedMs: 10 * minute, withinMs: minute });
    expect(messagesOf(aPlan([within]))[0]).toBe(
      'violation: "a" is expected to take 10m, and has 1m in all',
    );
  });

  it('of the run are not shorter than its longest path', () => {
    const plan = aPlan(
      [
        aTask('a', [], { call: { timeoutMs: minute }, expectedMs: minute }),
        aTask('b', ['a'], { call: { timeoutMs: 90 * minute }, expectedMs: 40 * minute }),
        aTask('c', ['a'], { call: { timeoutMs: 90 * minute }, expectedMs: 2 * minute }),
        aTask('d', ['b', 'c'], { call: { timeoutMs: 90 * minute }, expectedMs: 30 * minute }),
      ],
      { timeoutMs: 60 * minute },
    );

    const [finding] = ruleOf(checkPlan(plan), 'deadlines-feasible').findings;

    expect(finding).toMatchObject({
      kind: 'violation',
      message: 'The run is expected to take 1h 11m, and its limit is 1h',
      path: { steps: ['$start', 'a', 'b', 'd', 'completion'] },
    });
    expect(messagesOf({ ...plan, timeoutMs: 72 * minute })[0]).toMatch(/^note: With every retry/);
  });

  it('of reviews lie before the end of the run', () => {
    const plan = aPlan(
      [
        aTask('a', [], { call: { timeoutMs: 30 * minute }, expectedMs: 20 * minute }),
        aReview('look', { after: ['a'], expiresMs: 50 * minute }),
      ],
      { timeoutMs: 60 * minute },
    );

    expect(messagesOf(plan)).toContain(
      'violation: The expiry of "look" (50m) never comes: it begins after 20m at the earliest, and the run is cut off after 1h',
    );
    expect(violated(checkPlan({ ...plan, timeoutMs: 80 * minute }))).toEqual([]);
  });

  it('are an assumption where nothing says how long steps take', () => {
    const unknown = aPlan([aTask('a')], { timeoutMs: minute });
    const bounded = aPlan([aTask('a', [], { call: { timeoutMs: 1_000, retry: attempts(3) } })], {
      timeoutMs: minute,
    });

    expect(messagesOf(unknown)).toEqual([
      'assumption: The 1 task without an expected duration take next to no time',
    ]);
    expect(messagesOf(bounded)).toEqual([]);
  });
});
