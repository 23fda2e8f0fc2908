import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { observeRuns } from '../../src/analysis/observed-runs.ts';
import { defineTask, defineWorkflow, TransientError } from '../../src/index.ts';
import { modelFrom } from '../../src/simulation/learn.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { hour, minute, openBench } from '../support/engine-bench.ts';

let calls = 0;
const work = defineTask({
  name: 'work',
  input: z.object({ cents: z.number() }),
  output: z.string(),
  compensate: 'none',
  retry: { maxAttempts: 2, backoff: { kind: 'fixed', initial: '1s', jitter: 'none' } },
  run: async () => {
    calls += 1;
    if (calls % 4 === 0) throw new TransientError('busy');
    return 'done';
  },
});
const order = defineWorkflow({
  name: 'order',
  version: 1,
  input: z.object({ cents: z.number() }),
  steps(w) {
    const done = w.task('work', work, { input: w.input });
    const large = w.is(w.input, 'large', ({ cents }) => cents > 100);
    const ok = w.review('ok', { when: large, after: [done], expires: '3h', onExpired: 'continue' });
    const end = w.derive('end', done, (text) => text, { after: [ok] });
    return w.finish(end, { approve: 'automatic' });
  },
});

describe('a model learned from stored runs', () => {
  it('has their durations, rates and delays', async () => {
    calls = 0;
    const bench = await openBench({ workflows: [order] });
    for (let index = 0; index < 12; index += 1) {
      const { runId } = await bench.engine.start(order, { cents: index < 9 ? 500 : 5 });
      await bench.clock.advance(5_000);
      if (index >= 9) continue;
      await bench.clock.advance(20 * minute);
      if (index < 6)
        await bench.engine.decide(runId, 'ok', {
          outcome: index < 3 ? 'approved' : 'rejected',
          actor: 'ann',
        });
      else await bench.clock.advance(4 * hour);
    }

    const { seen, runs } = await observeRuns(bench.store, order);
    const model = modelFrom(seen);

    expect(runs).toBe(12);
    expect(model.conditions).toEqual({ large: 0.75 });
    expect(model.reviews?.['ok']?.approvalRate).toBe(0.5);
    expect(model.steps?.['work']?.failureRate).toBeCloseTo(
      calls === 0 ? 0 : Math.floor(calls / 4) / calls,
      5,
    );
    expect(model.arrivals).toMatchObject({ kind: 'exponential' });
    const { arrivals: _arrivals, ...rest } = model;
    const report = simulate({ plan: order.plan, model: rest, runs: 4_000 });
    // A third of the reviews expired, and three quarters of the runs had one.
    expect(Math.abs(report.rates.expired - 0.25)).toBeLessThan(0.03);
    expect(report.duration.p50Ms).toBeGreaterThan(20 * minute - 1);
  });
});
