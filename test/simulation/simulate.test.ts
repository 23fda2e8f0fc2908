import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { incidentResponse } from '../../machines/incident-response/workflow.ts';
import { defineEvent, defineTask, defineWorkflow } from '../../src/index.ts';
import type { RunnableWorkflow } from '../../src/ports/bindings.ts';
import { mergeModels, parseModel } from '../../src/simulation/model.ts';
import { simulate } from '../../src/simulation/simulate.ts';

const taskOf = (name: string, options: object = {}) =>
  defineTask({
    name,
    input: z.unknown(),
    output: z.unknown(),
    compensate: 'none',
    run: async () => null,
    ...options,
  });

function run(workflow: RunnableWorkflow, model: unknown, runs = 2_000, seed = 1) {
  const { plan } = workflow;
  return simulate({
    plan,
    model: parseModel(model, plan),
    runs,
    seed,
    condition: (id, value) => workflow.bindings.predicates.get(id)?.(value) === true,
  });
}

const chain = defineWorkflow({
  name: 'chain',
  version: 1,
  input: z.object({}),
  steps(w) {
    const a = w.task('a', taskOf('a'), { input: {} });
    const b = w.task('b', taskOf('b'), { input: { a } });
    return w.task('c', taskOf('c'), { input: { b } });
  },
});

describe('durations', () => {
  it('of a chain add up', () => {
    const report = run(
      chain,
      { steps: { a: { duration: '1s' }, b: { duration: '2s' }, c: { duration: 500 } } },
      10,
    );

    expect(report.duration).toMatchObject({ count: 10, minMs: 3_500, p50Ms: 3_500, maxMs: 3_500 });
    expect(report.rates).toMatchObject({ complete: 1, failed: 0, stuck: 0 });
  });

  it('of exponential steps add up to their Erlang distribution', () => {
    const report = run(
      chain,
      { default: { duration: { kind: 'exponential', mean: 1_000 } } },
      20_000,
    );

    // Mean 3 and standard deviation √3 of the mean of one; the median of Erlang(3) is 2.674.
    expect(report.duration.meanMs / 1_000).toBeCloseTo(3, 1);
    expect(report.duration.p50Ms / 1_000).toBeCloseTo(2.674, 1);
  });

  it('of parallel branches are those of the longest', () => {
    const fork = defineWorkflow({
      name: 'fork',
      version: 1,
      input: z.object({}),
      steps(w) {
        const a = w.task('a', taskOf('a'), { input: {} });
        const b = w.task('b', taskOf('b'), { input: {} });
        return w.task('c', taskOf('c'), { input: { a, b } });
      },
    });

    const report = run(
      fork,
      { steps: { a: { duration: '3s' }, b: { duration: '5s' }, c: { duration: '1s' } } },
      5,
    );

    expect(report.duration.meanMs).toBe(6_000);
  });

  it('of sleeps come from the plan, of events from the model', () => {
    const came = defineEvent({ name: 'came', payload: z.object({}) });
    const slow = defineWorkflow({
      name: 'slow',
      version: 1,
      input: z.object({}),
      steps(w) {
        const nap = w.sleep('nap', { for: '2h' });
        const heard = w.waitFor('heard', came, {
          after: [nap],
          within: '3h',
          onTimeout: 'continue',
        });
        return w.task('c', taskOf('c'), { input: { heard } });
      },
    });

    const heard = run(slow, { events: { heard: { delay: '1h' } } }, 5);
    const missed = run(slow, { events: { heard: { rate: 0 } } }, 5);

    expect(heard.duration.meanMs).toBe(3 * 3_600_000);
    expect(missed.duration.meanMs).toBe(5 * 3_600_000);
    expect(missed.rates.expired).toBe(1);
  });
});

describe('failures', () => {
  const flaky = defineWorkflow({
    name: 'flaky',
    version: 1,
    input: z.object({}),
    steps(w) {
      const first = w.task('first', taskOf('first', { compensate: async () => {} }), { input: {} });
      const retry = { maxAttempts: 3, backoff: { kind: 'fixed', initial: '10s', jitter: 'none' } };
      return w.task('second', taskOf('second', { retry }), { input: { first } });
    },
  });

  it('are tried again after the wait of the policy, and end the run with the probability of all attempts failing', () => {
    const report = run(flaky, { steps: { second: { failureRate: 0.3 } } }, 8_000);

    expect(report.rates.failed).toBeCloseTo(0.3 ** 3, 2);
    expect(report.rates.compensated).toBe(report.rates.failed);
    const second = report.steps.find(({ step }) => step === 'second');
    expect((second?.attempts ?? 0) / 8_000).toBeCloseTo(1 + 0.3 + 0.09, 1);
    expect(report.duration.maxMs).toBe(20_000);
  });

  it('that no attempt can mend end the run at once', () => {
    const report = run(flaky, { steps: { second: { fatalRate: 0.25 } } }, 8_000);

    expect(report.rates.failed).toBeCloseTo(0.25, 2);
    expect(report.duration.maxMs).toBe(0);
  });

  it('are caught by tolerance and fallback', () => {
    const tolerant = defineWorkflow({
      name: 'tolerant',
      version: 1,
      input: z.object({}),
      steps(w) {
        const a = w.task('a', taskOf('a'), { input: {}, tolerate: 'any' });
        return w.task('b', taskOf('b'), { input: { a }, fallback: taskOf('c') });
      },
    });

    const report = run(tolerant, { steps: { a: { fatalRate: 1 }, b: { fatalRate: 0.5 } } }, 4_000);

    // The fallback has the rates of its step: a quarter fails.
    expect(report.rates.complete).toBeCloseTo(0.75, 1);
  });
});

describe('people', () => {
  const order = { approve: 'person', expires: '24h' } as const;
  const reviewed = defineWorkflow({
    name: 'reviewed',
    version: 1,
    input: z.object({}),
    steps: (w) => w.finish(w.task('a', taskOf('a'), { input: {} }), order),
  });

  it('let a review expire as often as they take longer than it lasts', () => {
    const report = run(
      reviewed,
      { reviews: { completion: { delay: { kind: 'exponential', mean: '12h' } } } },
      20_000,
    );

    expect(report.rates.expired).toBeCloseTo(Math.exp(-2), 2);
    expect(report.rates.failed).toBe(report.rates.expired);
  });

  it('reject at the rate given', () => {
    const report = run(reviewed, { reviews: { completion: { approvalRate: 0.8 } } }, 8_000);

    expect(Math.abs(report.rates.complete - 0.8)).toBeLessThan(0.01);
  });

  it('take the way their decision opens', () => {
    const report = simulate({
      plan: incidentResponse.plan,
      model: parseModel({ reviews: { approval: { approvalRate: 0.3 } } }, incidentResponse.plan),
      runs: 4_000,
      condition: (id, value) => incidentResponse.bindings.predicates.get(id)?.(value) === true,
    });

    const attemptsOf = (name: string) => report.steps.find(({ step }) => step === name)?.attempts;
    expect((attemptsOf('automated_fix') ?? 0) / 4_000).toBeCloseTo(0.3, 1);
    expect((attemptsOf('automated_fix') ?? 0) + (attemptsOf('escalate') ?? 0)).toBe(4_000);
    expect(report.rates.complete).toBe(1);
  });

  it('keep a queue as M/M/1 says', () => {
    // 10 arrivals and 15 services an hour: ρ = 2/3, a wait of ρ / (μ - λ) = 8 minutes, ρ² / (1 - ρ) = 4/3 waiting.
    const model = {
      reviewers: 1,
      arrivals: { kind: 'exponential', mean: '6m' },
      reviews: { completion: { work: { kind: 'exponential', mean: '4m' } } },
    };

    const [queue] = run(reviewed, model, 30_000, 3).queues;

    expect(queue).toMatchObject({ name: 'reviewers', size: 1, served: 30_000 });
    expect((queue?.meanWaitMs ?? 0) / 60_000).toBeGreaterThan(7.4);
    expect((queue?.meanWaitMs ?? 0) / 60_000).toBeLessThan(8.6);
    expect(queue?.meanLength).toBeGreaterThan(1.2);
    expect(queue?.meanLength).toBeLessThan(1.46);
    expect(queue?.utilisation).toBeCloseTo(2 / 3, 1);
  });
});

describe('a simulation', () => {
  it('is the same for the same seed, and another for another', () => {
    const model = { default: { duration: { kind: 'exponential', mean: 1_000 }, failureRate: 0.1 } };

    const first = run(chain, model, 500, 5);

    expect(run(chain, model, 500, 5)).toEqual(first);
    expect(run(chain, model, 500, 6)).not.toEqual(first);
  });

  it('shares workers of a queue among runs', () => {
    const report = run(
      chain,
      { default: { duration: '1s' }, workers: { default: 1 }, arrivals: '1s' },
      10,
    );

    // 30 seconds of work for one worker.
    expect(report.overMs).toBe(30_000);
    expect(report.queues[0]).toMatchObject({ name: 'default', size: 1, utilisation: 1 });
  });

  it('says what it takes for granted', () => {
    const { assumptions } = run(reviewedChain(), {}, 1);

    expect(assumptions).toEqual([
      '"a" takes no time',
      '"a" never fails',
      '"ok" is decided at once',
      '"ok" is always approved',
    ]);
  });

  it('takes nothing for granted that the default says', () => {
    const model = { default: { failureRate: 0.1 }, steps: { a: { duration: '1s' } } };

    expect(run(reviewedChain(), model, 1).assumptions).toEqual([
      '"ok" is decided at once',
      '"ok" is always approved',
    ]);
  });

  it.each([
    [{ steps: { nothing: {} } }, /steps\.nothing: there is none in the workflow, which has a, /],
    [{ steps: { a: { failureRate: 2 } } }, /steps\.a\.failureRate/],
    [{ steps: { a: { duration: 'soon' } } }, /steps\.a\.duration/],
    [{ extra: 1 }, /extra/],
  ])('refuses the model %o', (model, message) => {
    expect(() => parseModel(model, chain.plan)).toThrow(message);
  });

  it('lets a second model say more than the first', () => {
    const merged = mergeModels(
      { reviewers: 1, steps: { a: { failureRate: 1 } } },
      { reviewers: 2 },
    );

    expect(merged).toMatchObject({ reviewers: 2, steps: { a: { failureRate: 1 } } });
  });
});

function reviewedChain() {
  return defineWorkflow({
    name: 'reviewed-chain',
    version: 1,
    input: z.object({}),
    steps(w) {
      const a = w.task('a', taskOf('a'), { input: {} });
      const ok = w.review('ok', { show: a });
      const end = w.derive('end', a, () => 'end', { after: [ok] });
      return w.finish(end, { approve: 'automatic' });
    },
  });
}
