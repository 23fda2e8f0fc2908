import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compileChart, compiledFrom } from '../../../src/chart/advance.ts';
import { defineWorkflow } from '../../../src/index.ts';
import type { Plan, PredicateNode, TaskStep } from '../../../src/plan/plan.ts';
import { check, checkPlan } from '../../../src/proof/check/check.ts';
import { aGate, aPlan, aPredicate, aTask, from } from '../../chart/support/plans.ts';
import { createDeeds } from '../../support/deeds.ts';
import { plainIncident } from '../../support/incident.ts';
import {
  aReview,
  checkChanged,
  pathOf,
  ruleOf,
  violated,
  withNode,
  withState,
} from './support/mutations.ts';

const { plan, bindings } = plainIncident;
const working = 'processing.working';

describe('an invoice pipeline', () => {
  /** @param isGated - whether posting waits for the validation, and needs it to have completed */
  const anInvoice = (isGated: boolean) => {
    const deeds = createDeeds();
    return defineWorkflow({
      name: 'invoice',
      version: 1,
      input: z.object({ text: z.string() }),
      steps(w) {
        const read = w.task('extract', deeds.task('extract'), { input: w.input });
        const valid = w.task('validate', deeds.task('validate'), {
          input: read,
          protects: ['post'],
        });
        return w.task('post', deeds.task('post'), { input: isGated ? valid : read });
      },
    });
  };

  it('M001: has no path that skips the validation; one that has is a violation with its path', () => {
    const sound = check(anInvoice(true));
    const unsound = check(anInvoice(false));

    expect(violated(sound)).toEqual([]);
    expect(ruleOf(sound, 'protected-steps').verdict).toBe('holds');
    expect(ruleOf(unsound, 'protected-steps').findings[0]).toMatchObject({
      kind: 'violation',
      subject: 'post',
      path: { guardUnknown: false },
    });
  });
});

describe('a review that is bypassed', () => {
  it('by a gate taken away: the path is printed, and is certain', () => {
    const bypassed = withNode<TaskStep>(plan, 'automated_fix', { gates: [], after: ['approval'] });

    const report = check({ plan: bypassed, bindings });

    expect(violated(report)).toEqual(['protected-steps']);
    const [finding] = ruleOf(report, 'protected-steps').findings;
    expect(finding).toMatchObject({
      kind: 'violation',
      subject: 'automated_fix',
      message: '"automated_fix" can begin although "approval" was rejected',
      path: {
        steps: ['$start', 'ingest', 'enrich', 'diagnosis', 'approval', 'automated_fix'],
        guardUnknown: false,
      },
    });
    expect(pathOf(report, 'protected-steps').slice(-2)).toEqual([
      `${working}.diagnosis.running diagnosis.completed ${working}.approval`,
      `${working}.approval.waiting_review approval.decided ${working}.stage:4`,
    ]);
  });

  it('by a step that no longer waits for it', () => {
    const beside = withNode<TaskStep>(plan, 'automated_fix', { gates: [] });

    const report = check({ plan: beside, bindings });

    expect(ruleOf(report, 'protected-steps').findings[0]).toMatchObject({
      message: '"automated_fix" can begin before "approval" is over',
      path: { guardUnknown: false },
    });
  });

  it('by a gate on something else: the path is possible, its guard unknown', () => {
    const bypassed: Plan = {
      ...withNode<TaskStep>(plan, 'automated_fix', { gates: [aGate({ fact: '?urgent' })] }),
    };
    const urgent = aPredicate('urgent', 'diagnosis');

    const report = check({ plan: { ...bypassed, nodes: [...bypassed.nodes, urgent] }, bindings });

    expect(ruleOf(report, 'protected-steps').findings[0]).toMatchObject({
      kind: 'violation',
      path: { guardUnknown: true },
    });
  });

  it('by a predicate that is true of a rejection', () => {
    const careless = new Map([['?approved', (outcome: unknown) => outcome !== 'expired']]);

    const report = check({ plan, bindings: { predicates: careless } });

    expect(ruleOf(report, 'protected-steps').findings[0]).toMatchObject({
      kind: 'violation',
      message: '"automated_fix" can begin although "approval" was rejected',
    });
  });

  it('by a predicate that reads something else', () => {
    const aside = withNode<PredicateNode>(plan, '?approved', { of: from('diagnosis') });

    const report = check({ plan: aside, bindings });

    expect(ruleOf(report, 'protected-steps').findings[0]).toMatchObject({
      kind: 'violation',
      message: '"automated_fix" can begin before "approval" is over',
    });
  });

  it('by a transition of the chart around it', () => {
    const report = checkChanged(plan, `${working}.diagnosis.running`, (state) => ({
      ...state,
      on: { ...state.on, 'run.hurried': [{ target: '#step:automated_fix.running' }] },
    }));

    expect(violated(report)).toContain('protected-steps');
    expect(pathOf(report, 'protected-steps').at(-1)).toBe(
      `${working}.diagnosis.running run.hurried ${working}.stage:4.region:0.automated_fix.running`,
    );
  });

  it('by a decision that asks for no outcome', () => {
    const report = checkChanged(plan, `${working}.approval.waiting_review`, (state) => ({
      ...state,
      on: {
        ...state.on,
        'approval.decided': (state.on?.['approval.decided'] ?? []).map(
          ({ guard: _, ...rest }) => rest,
        ),
      },
    }));

    // The gate still stands: what goes on is no approval, and the condition does not hold then.
    expect(ruleOf(report, 'protected-steps').verdict).toBe('assumed');
    const ungated = withNode<TaskStep>(plan, 'automated_fix', { gates: [] });
    expect(violated(checkPlan(ungated))).toContain('protected-steps');
  });

  it('is an assumption where the predicate cannot be asked', () => {
    const rule = ruleOf(checkPlan(plan), 'protected-steps');

    expect(rule).toMatchObject({
      verdict: 'assumed',
      findings: [
        {
          kind: 'assumption',
          message:
            '"automated_fix" needs it: condition "approved" holds only if "approval" was approved',
        },
      ],
    });
  });
});

describe('a closing review that is bypassed', () => {
  it('by a way to "complete" from anywhere else', () => {
    const report = checkChanged(plan, working, (state) => ({
      ...state,
      on: { ...state.on, 'run.skipped': [{ target: '#complete' }] },
    }));

    expect(violated(report)).toContain('completion-reviewed');
    expect(pathOf(report, 'completion-reviewed')).toEqual([
      'pending run.started processing',
      `${working} run.skipped complete`,
    ]);
  });

  it('by a decision without a guard', () => {
    const asked: Plan = {
      ...plan,
      finish: { approve: { by: 'person' }, requesterMayDecide: false, expiresMs: 1_000 },
    };
    const report = checkChanged(asked, 'waiting_review.person', (state) => ({
      ...state,
      on: { 'completion.decided': [{ target: '#complete' }], ...state.on },
    }));
    const unguarded = checkChanged(asked, 'waiting_review.person', (state) => ({
      ...state,
      on: { ...state.on, 'completion.decided': [{ target: '#complete' }] },
    }));

    expect(violated(report)).toEqual([]);
    expect(violated(unguarded)).toEqual(
      expect.arrayContaining(['completion-reviewed', 'four-eyes']),
    );
  });

  it('by a policy that the plan does not have', () => {
    const asked: Plan = {
      ...plan,
      finish: { approve: { by: 'person' }, requesterMayDecide: true },
    };
    const automatic = compileChart(plan).chart;
    const report = checkPlan(asked, { compiled: compiledFrom(asked, automatic) });

    expect(ruleOf(report, 'completion-reviewed').findings[0]?.message).toBe(
      '"completion.decided_by_policy" completes the run although nobody who may has approved it',
    );
  });

  it('by being taken out: there is no way to complete at all', () => {
    const chart = withState(compileChart(plan).chart, 'waiting_review', (state) => ({
      id: state.id ?? '',
    }));
    const report = checkPlan(plan, { compiled: compiledFrom(plan, chart) });

    expect(violated(report)).toEqual(expect.arrayContaining(['states-reachable', 'no-dead-ends']));
  });
});

describe('what a step protects', () => {
  const limited = { call: { timeoutMs: 1_000 } };

  it('may be the end of the run', () => {
    const guarded = aPlan([
      aReview('look', { protects: ['completion'], onRejected: 'fail' }),
      aTask('work', ['look'], limited),
    ]);
    const open = withNode(guarded, 'look', { onRejected: 'continue' });

    expect(ruleOf(checkPlan(guarded), 'protected-steps').verdict).toBe('holds');
    expect(ruleOf(checkPlan(open), 'protected-steps').findings[0]?.message).toBe(
      'The run can complete although "look" was rejected',
    );
  });

  it('is not protected by a step that only comes before it in the list', () => {
    const beside = aPlan([aReview('look', { protects: ['work'] }), aTask('work', [], limited)]);

    expect(ruleOf(checkPlan(beside), 'protected-steps').findings[0]?.message).toBe(
      '"work" can begin before "look" is over',
    );
  });

  it('is not protected by a step that may be skipped', () => {
    const gate = aGate({ fact: '?careful' });
    const skippable = aPlan([
      aTask('first', [], limited),
      aPredicate('careful', 'first'),
      aTask('test', [], { ...limited, gates: [gate], protects: ['ship'] }),
      aTask('ship', ['test'], limited),
    ]);
    const alsoSkipped = withNode<TaskStep>(skippable, 'ship', {
      gates: [aGate({ ran: 'test' })],
    });

    expect(ruleOf(checkPlan(skippable), 'protected-steps').findings[0]?.message).toBe(
      '"ship" can begin although "test" was skipped',
    );
    expect(ruleOf(checkPlan(alsoSkipped), 'protected-steps').verdict).toBe('holds');
  });

  it('is not protected by a step whose failure is tolerated', () => {
    const tolerant = aPlan([
      aTask('test', [], { ...limited, tolerate: 'any', protects: ['ship'] }),
      aTask('ship', ['test'], limited),
    ]);

    expect(ruleOf(checkPlan(tolerant), 'protected-steps').findings[0]?.message).toBe(
      '"ship" can begin although "test" has failed',
    );
  });

  it('is protected through a choice by the outcome, and by nothing but "approved"', () => {
    const routed = (is: string) =>
      aPlan([
        aReview('look', { protects: ['pay'], onExpired: 'continue' }),
        {
          id: 'route',
          kind: 'choice',
          after: [],
          gates: [],
          by: { field: from('look', 'outcome'), cases: ['approved', 'rejected', 'expired'] },
        },
        aTask('pay', [], { ...limited, gates: [aGate({ choice: 'route', is })] }),
      ]);

    expect(ruleOf(checkPlan(routed('approved')), 'protected-steps').verdict).toBe('holds');
    expect(ruleOf(checkPlan(routed('expired')), 'protected-steps').findings[0]?.message).toBe(
      '"pay" can begin although "look" has expired',
    );
  });

  it('is protected by what only runs after an approval', () => {
    const chained = aPlan([
      aReview('look', { protects: ['tell'] }),
      aPredicate('yes', 'look'),
      aTask('pay', [], { ...limited, gates: [aGate({ fact: '?yes' })] }),
      aTask('tell', [], { ...limited, gates: [aGate({ ran: 'pay' })] }),
    ]);

    const report = checkPlan(chained, {
      probe: (_, value) => (value as { outcome: string } | undefined)?.outcome === 'approved',
    });

    expect(ruleOf(report, 'protected-steps')).toMatchObject({ verdict: 'assumed' });
  });
});
