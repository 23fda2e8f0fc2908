import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { cover } from '../../src/analysis/store-coverage.ts';
import { drawSvg } from '../../src/diagram/draw.ts';
import { heatOverlay } from '../../src/diagram/heat-overlay.ts';
import { defineTask, defineWorkflow, PermanentError, TransientError } from '../../src/index.ts';
import { openBench, second } from '../support/engine-bench.ts';

let failures: ('passing' | 'fatal')[] = [];
const charge = defineTask({
  name: 'charge',
  input: z.object({}),
  output: z.string(),
  compensate: async () => {},
  retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1s', jitter: 'none' } },
  run: async () => {
    const failure = failures.shift();
    if (failure === 'passing') throw new TransientError('busy');
    if (failure === 'fatal') throw new PermanentError('no');
    return 'charged';
  },
});
const versioned = (version: number) =>
  defineWorkflow({
    name: 'order',
    version,
    input: z.object({}),
    steps(w) {
      const first = w.task('first', charge, { input: {} });
      const last = w.task('last', charge, { input: {}, after: [first] });
      return w.finish(last, { approve: 'person', expires: `${version}d` });
    },
  });
const order = versioned(1);

async function lives() {
  const store = createMemoryStore();
  const bench = await openBench({ workflows: [order], store });
  const start = async (...planned: typeof failures) => {
    failures = planned;
    const { runId } = await bench.engine.start(order, {});
    await bench.clock.advance(10 * second);
    return runId;
  };
  await bench.engine.decide(await start(), 'completion', { outcome: 'approved', actor: 'ann' });
  await bench.engine.decide(await start('passing', 'passing'), 'completion', {
    outcome: 'approved',
    actor: 'ann',
  });
  await start('fatal');
  const retried = await start();
  await bench.engine.decide(retried, 'completion', { outcome: 'rejected', actor: 'ann' });
  await bench.clock.advance(10 * second);
  await bench.engine.retry(retried, { actor: 'ann' });
  await bench.clock.advance(10 * second);
  return store;
}

const countOf = (report: Awaited<ReturnType<typeof cover>>, id: string) =>
  report.transitions.find((transition) => transition.id === id);

describe('coverage', () => {
  it('counts what stored runs took, retries and eventless transitions included', async () => {
    const report = await cover(await lives(), order, false);

    expect(report).toMatchObject({ runs: 4, otherVersions: 0, paths: null });
    expect(countOf(report, 'pending run.started[1]')?.byRuns).toBe(5);
    expect(countOf(report, 'processing.working.first.running first.failed')?.byRuns).toBe(2);
    expect(countOf(report, 'processing.working.first.running first.failed[1]')?.byRuns).toBe(1);
    expect(countOf(report, 'waiting_review.person completion.decided')?.byRuns).toBe(2);
    expect(countOf(report, 'compensating.choosing always')?.byRuns).toBe(2);
    expect(countOf(report, 'failed run.retried')?.byRuns).toBe(1);
    expect(countOf(report, 'pending run.started')).toMatchObject({ byRuns: 0, byTests: null });
    expect(report.neverTaken).toContain('waiting_review.person completion.expired');
  });

  it('counts what the path tests take, and names what nobody takes or nobody tests', async () => {
    const report = await cover(await lives(), order, true);

    const covered = report.transitions.filter(({ byTests }) => (byTests ?? 0) > 0);
    expect(report.neverTested).toEqual([]);
    expect(report.untestedButTaken).toEqual([]);
    expect(covered.length).toBeGreaterThan(20);
    for (const { byTests, unreachable } of report.transitions)
      expect(byTests === 0).toBe(unreachable !== null);
  });

  it('leaves runs of other versions out', async () => {
    const report = await cover(await lives(), versioned(2), false);

    expect(report).toMatchObject({ runs: 0, otherVersions: 4 });
  });

  it('stands on the arrows of the statechart', async () => {
    const report = await cover(await lives(), order, false);
    const heats = report.transitions.map(({ byRuns, ...transition }) => ({
      ...transition,
      count: byRuns,
    }));

    const overlay = heatOverlay(order.plan, heats, 'as 4 runs took it');
    const svg = await drawSvg(order.plan, { view: 'states', overlay });

    expect(Math.max(...[...overlay.edges.values()].map(({ count }) => count ?? 0))).toBeGreaterThan(
      3,
    );
    expect(svg).toContain('as 4 runs took it');
    expect(svg).toContain('never');
  });
});
