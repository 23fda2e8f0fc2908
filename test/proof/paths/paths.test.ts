import { describe, expect, it } from 'vitest';
import { compileChart } from '../../../src/chart/advance.ts';
import { transitionsOf } from '../../../src/chart/transitions.ts';
import type { Plan, ReviewStep } from '../../../src/plan/plan.ts';
import { textOf } from '../../../src/proof/paths/move.ts';
import { pathsOf } from '../../../src/proof/paths/paths.ts';
import {
  aGate,
  aPlan,
  aPredicate,
  aTask,
  attempts,
  from,
  nothing,
} from '../../chart/support/plans.ts';

function aChain(length: number): Plan {
  const steps = Array.from({ length }, (_, index) =>
    aTask(`s${index}`, index === 0 ? [] : [`s${index - 1}`], {
      call: { retry: attempts(2), compensate: 'handler', undo: { retry: attempts(2) } },
    }),
  );
  return aPlan(steps);
}

function aFork(width: number): Plan {
  const steps = Array.from({ length: width }, (_, index) => aTask(`s${index}`));
  return aPlan([
    ...steps,
    aTask(
      'end',
      steps.map(({ id }) => id),
    ),
  ]);
}

function aReview(id: string, given: Partial<ReviewStep> = {}): ReviewStep {
  return {
    id,
    kind: 'review',
    after: [],
    gates: [],
    form: {},
    notBy: [],
    requesterMayDecide: true,
    approve: { by: 'person' },
    onExpired: 'continue',
    onRejected: 'continue',
    ...given,
  };
}

const lines = (plan: Plan) =>
  pathsOf(plan).paths.map(
    ({ steps, end }) => `${steps.map(({ move }) => textOf(move)).join(' > ')} > ${end}`,
  );

describe('the paths of a workflow', () => {
  it('begin with the main line', () => {
    expect(lines(aChain(2))[0]).toBe('run.started > s0.completed > s1.completed > complete');
  });

  it('take every transition of the chart, or say why not', () => {
    const plan = aChain(3);

    const report = pathsOf(plan);

    const taken = new Set(report.paths.flatMap(({ steps }) => steps.flatMap((step) => step.taken)));
    const all = transitionsOf(compileChart(plan).chart).map(({ id }) => id);
    const missing = report.unreachable.map(({ transition }) => transition);
    expect([...taken, ...missing].sort()).toEqual([...all].sort());
    expect(report.paths.flatMap(({ covers }) => covers)).toHaveLength(taken.size);
    expect(report.unreachable.map(({ reason }) => reason)).not.toContain(
      'the walk found no way to it',
    );
  });

  it('grow with the number of steps, one by one', () => {
    const chains = [5, 10, 15].map((length) => pathsOf(aChain(length)));
    const forks = [2, 4, 6, 8].map((width) => pathsOf(aFork(width)));

    expect(stepsOf(chains.map(({ paths }) => paths.length))).toHaveLength(1);
    expect(stepsOf(forks.map(({ paths }) => paths.length))).toHaveLength(1);
    expect(stepsOf(forks.map(({ states }) => states)).length).toBeLessThanOrEqual(1);
  });

  it('do not multiply conditions: ten of them, each read at the end, are walked under few sets of answers', () => {
    const steps = Array.from({ length: 10 }, (_, index) => [
      aTask(`s${index}`, index === 0 ? [] : [`s${index - 1}`]),
      aPredicate(`yes${index}`, `s${index}`),
    ]).flat();
    const gated = Array.from({ length: 10 }, (_, index) =>
      aTask(`g${index}`, [index === 0 ? 's9' : `g${index - 1}`], {
        gates: [aGate({ fact: `?yes${index}` })],
      }),
    );

    const { unreachable, states } = pathsOf(aPlan([...steps, ...gated]));

    expect(unreachable.filter(({ transition }) => transition.includes('.working.'))).toEqual([]);
    expect(states).toBeLessThan(1_000);
  });

  it('lead through a step that runs only if two reviews were rejected', () => {
    const rejected = (id: string) => aPredicate(id, id);
    const plan = aPlan([
      aReview('a'),
      aReview('b', { after: ['a'] }),
      rejected('a'),
      rejected('b'),
      aTask('late', ['b'], { gates: [aGate({ not: { any: [{ fact: '?a' }, { fact: '?b' }] } })] }),
    ]);

    const { paths } = pathsOf(plan, {
      predict: (_predicate, [ended]) => ended?.ending === 'approved',
    });

    const late = paths.find(({ steps }) =>
      steps.some(({ move }) => move.type === 'late.completed'),
    );
    const outcomes = late?.steps.flatMap(({ move }) => move.outcome ?? []);
    expect(outcomes).toEqual(['rejected', 'rejected']);
  });

  it('let the earliest deadline pass first, and none that another always beats', () => {
    const plan = aPlan([aReview('slow', { expiresMs: 2_000 })], { timeoutMs: 1_000 });

    const { paths, unreachable } = pathsOf(plan);

    const moves = paths.flatMap(({ steps }) => steps.map(({ move }) => move.type));
    expect(moves).toContain('run.timed_out');
    expect(moves).not.toContain('slow.expired');
    expect(unreachable.map(({ transition, reason }) => `${transition}: ${reason}`)).toContain(
      'processing.working.slow.waiting_review slow.expired: another deadline always comes first',
    );
  });

  it('with coverage "paths" go every way through a step', () => {
    const plan = aPlan([
      aTask('pay', [], { call: { retry: attempts(3) }, input: nothing }),
      aPredicate('paid', 'pay'),
      { ...aTask('ship', ['pay']), input: from('pay') },
    ]);

    const few = pathsOf(plan);
    const all = pathsOf(plan, { coverage: 'paths' });

    const failuresOf = ({ steps }: (typeof all.paths)[number]) =>
      steps.filter(({ move }) => move.type === 'pay.failed').length;
    expect(new Set(all.paths.map(failuresOf))).toEqual(new Set([0, 1, 2, 3]));
    expect(all.paths.length).toBeGreaterThan(few.paths.length);
  });
});

/** The distinct differences between neighbours: one, if the numbers grow evenly. */
function stepsOf(counts: readonly number[]): readonly number[] {
  return [...new Set(counts.slice(1).map((count, index) => count - (counts[index] ?? 0)))];
}
