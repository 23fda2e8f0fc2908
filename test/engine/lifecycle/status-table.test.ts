import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  advance,
  compileChart,
  contextOf,
  possibleEvents,
  statusOf,
} from '../../../src/chart/advance.ts';
import type { ChartState } from '../../../src/chart/chart.ts';
import type { ChartEvent } from '../../../src/chart/events.ts';
import { assertLegal, lifecycle, runStatuses } from '../../../src/chart/lifecycle.ts';
import { defineEvent, defineWorkflow, SignalboxError } from '../../../src/index.ts';
import type { Plan, RunStatus } from '../../../src/plan/plan.ts';
import { incidentResponse } from '../../definition/support/incident-response.ts';
import { createDeeds } from '../../support/deeds.ts';
import { openBench, statusesOf } from '../../support/engine-bench.ts';

const legal: readonly (readonly [RunStatus, RunStatus])[] = [
  ['pending', 'processing'],
  ['pending', 'cancelled'],
  ['processing', 'waiting_review'],
  ['processing', 'compensating'],
  ['processing', 'failed'],
  ['processing', 'cancelled'],
  ['waiting_review', 'complete'],
  ['waiting_review', 'compensating'],
  ['waiting_review', 'failed'],
  ['waiting_review', 'cancelled'],
  ['compensating', 'failed'],
  ['compensating', 'cancelled'],
  ['failed', 'pending'],
];
const isLegal = (from: RunStatus, to: RunStatus) =>
  legal.some((pair) => pair[0] === from && pair[1] === to);
/** A workflow without steps starts and comes to its closing review by the same event. */
const isLegalInOneEvent = ([from, to]: readonly [RunStatus, RunStatus]) =>
  from === to || isLegal(from, to) || (from === 'pending' && isLegal('processing', to));
const allPairs = runStatuses.flatMap((from) => runStatuses.map((to) => [from, to] as const));

/** Workflows that together use every kind of step and every policy a chart depends on. */
const workflows = (() => {
  const deeds = createDeeds();
  const plain = deeds.task('plain');
  const flaky = deeds.task('flaky', { retry: { maxAttempts: 3 } });
  const unsafe = deeds.task('unsafe', { repeat: 'unsafe', compensate: 'irreversible' });
  const guarded = deeds.task('guarded', {
    breaker: { name: 'b', failureThreshold: 3, resetAfter: '60s' },
  });
  const paid = defineEvent({ name: 'order.paid', payload: z.object({ id: z.string() }) });
  const child = defineWorkflow({
    name: 'child',
    version: 1,
    input: z.unknown(),
    steps: (w) => w.task('only', plain, { input: w.input }),
  });
  const base = { version: 1, input: z.object({ amount: z.number(), items: z.array(z.string()) }) };
  return [
    incidentResponse,
    child,
    defineWorkflow({
      ...base,
      name: 'everything',
      timeout: '30m',
      steps(w) {
        const first = w.task('first', flaky, { input: w.input, within: '5m' });
        const isBig = w.is(w.input.$.amount, 'amount is big', (amount) => amount >= 1000);
        w.task('left', unsafe, { input: first, fallback: plain });
        w.task('right', guarded, { input: first, tolerate: 'any', when: isBig });
        w.sleep('nap', { for: '1h', after: [first] });
        w.waitFor('payment', paid, { within: '1d', onTimeout: 'continue' });
        w.emit('announce', paid, { payload: { id: 'x' } });
        w.child('sub', child, { input: first, tolerate: 'any' });
        w.map('each', w.input.$.items, {}, (item) => w.task('work', plain, { input: item }));
        w.review('look', { show: first, expires: '24h', onExpired: 'fail', onRejected: 'fail' });
        w.fail('give_up', 'The amount is big', { when: isBig });
        const last = w.task('last', plain, { input: first });
        return w.finish(last, { approve: w.not(isBig), expires: '24h' });
      },
    }),
    defineWorkflow({
      ...base,
      name: 'kept',
      onFailure: 'keep',
      stopping: 'abort',
      steps: (w) =>
        w.finish(w.task('only', flaky, { input: w.input }), { approve: 'person', expires: '1h' }),
    }),
    defineWorkflow({
      ...base,
      name: 'policy-inside',
      steps(w) {
        const isSmall = w.is(w.input.$.amount, 'amount < 1000', (amount) => amount < 1000);
        const look = w.review('look', { approve: isSmall });
        return w.task('after', plain, { input: look });
      },
    }),
    defineWorkflow({
      ...base,
      name: 'nothing',
      steps: (w) => w.derive('d', w.input, (input) => input.amount),
    }),
  ];
})();

describe('the table of statuses', () => {
  it.each(allPairs)('%s → %s is legal exactly if design.md lists it', (from, to) => {
    expect(lifecycle[from].includes(to)).toBe(isLegal(from, to));
  });

  it('has 13 legal pairs of 49', () => {
    expect(allPairs).toHaveLength(49);
    expect(allPairs.filter(([from, to]) => lifecycle[from].includes(to))).toHaveLength(13);
  });

  it('M044–M050: restricted to the five first names leaves 6 of 25, and no way from processing to complete', () => {
    const five: readonly RunStatus[] = [
      'pending',
      'processing',
      'waiting_review',
      'complete',
      'failed',
    ];
    const pairs = five.flatMap((from) => five.map((to) => [from, to] as const));

    expect(pairs.filter(([from, to]) => lifecycle[from].includes(to))).toEqual([
      ['pending', 'processing'],
      ['processing', 'waiting_review'],
      ['processing', 'failed'],
      ['waiting_review', 'complete'],
      ['waiting_review', 'failed'],
      ['failed', 'pending'],
    ]);
  });

  it.each(allPairs.filter(([from, to]) => !isLegal(from, to)))(
    'M052: the error of %s → %s names both and what is allowed',
    (from, to) => {
      const attempt = () => assertLegal(from, to);

      expect(attempt).toThrow(SignalboxError);
      expect(attempt).toThrow(`"${from}" to "${to}"`);
      expect(attempt).toThrow(lifecycle[from].join(', ') || 'none');
    },
  );
});

describe('the charts of workflows', () => {
  it.each(workflows.map(({ name, plan }) => [name, plan] as const))(
    '"%s" has no edge outside the table',
    (_name, plan) => {
      const edges = edgesBetweenStatuses(plan);

      expect(edges.filter(([from, to]) => !isLegal(from, to))).toEqual([]);
      expect(edges.map(([from, to]) => `${from} → ${to}`)).not.toContain('processing → complete');
      expect(edges.some(([from, to]) => from === 'waiting_review' && to === 'complete')).toBe(true);
    },
  );

  it('together use all 13 pairs', () => {
    const used = new Set(workflows.flatMap(({ plan }) => edgesBetweenStatuses(plan).map(String)));

    expect([...used].sort()).toEqual(legal.map(String).sort());
  });

  it('M055: no sequence of events, in whatever order, takes a run along an illegal pair', () => {
    const draws = fc.record({
      workflow: fc.nat({ max: workflows.length - 1 }),
      picks: fc.array(fc.record({ event: fc.nat(), outcome: fc.boolean(), flag: fc.boolean() }), {
        minLength: 5,
        maxLength: 40,
      }),
    });

    fc.assert(
      fc.property(draws, ({ workflow, picks }) => {
        const compiled = compileChart(workflows[workflow]!.plan);
        let snapshot = compiled.initial;
        for (const pick of picks) {
          const events = [...possibleEvents(snapshot), ...allEventsOf(compiled.chart)];
          const { event } = events[pick.event % events.length]!;
          const result = advance(compiled, snapshot, anEvent(event, pick));
          if (result === null) continue;
          expect([result.from, result.to]).toSatisfy(isLegalInOneEvent);
          snapshot = result.snapshot;
          if (statusOf(snapshot) === 'complete') expect(contextOf(snapshot).failure).toBeNull();
        }
      }),
      { numRuns: 600, seed: 20260101 },
    );
  });
});

describe('the history of a run', () => {
  const nothing = defineWorkflow({
    name: 'nothing',
    version: 1,
    input: z.object({ amount: z.number() }),
    steps: (w) => w.derive('doubled', w.input, ({ amount }) => amount * 2),
  });
  const broken = defineWorkflow({
    name: 'broken',
    version: 1,
    input: z.object({ amount: z.number() }),
    steps: (w) =>
      w.derive('doubled', w.input, (): number => {
        throw new Error('no such amount');
      }),
  });

  it('passes processing and waiting_review even if there is no step at all', async () => {
    const { engine } = await openBench({ workflows: [nothing] });

    const run = await engine.start(nothing, { amount: 21 });

    expect(await run.result()).toBe(42);
    expect(await statusesOf(engine, run.runId)).toEqual([
      'pending',
      'processing',
      'waiting_review',
      'complete',
    ]);
  });

  it('passes processing even if a mapper fails at the start', async () => {
    const { engine } = await openBench({ workflows: [broken] });

    const run = await engine.start(broken, { amount: 21 });

    await expect(run.result()).rejects.toThrow("Workflow failed at step 'doubled': no such amount");
    expect(await statusesOf(engine, run.runId)).toEqual(['pending', 'processing', 'failed']);
    expect(await engine.verify(run.runId)).toMatchObject({ fault: null });
  });
});

describe('an event that no transition accepts', () => {
  it('M052: is refused with the state, the event and what is allowed, and nothing changes', async () => {
    const deeds = createDeeds();
    const reviewed = defineWorkflow({
      name: 'reviewed',
      version: 1,
      input: z.unknown(),
      steps: (w) =>
        w.finish(w.task('work', deeds.task('work'), { input: w.input }), { approve: 'person' }),
    });
    const { engine } = await openBench({ workflows: [reviewed] });
    const { runId } = await engine.start(reviewed, 1);
    const before = await engine.drive(runId);

    const refused = engine.retry(runId, { actor: 'ann' });

    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_TRANSITION',
      message: expect.stringMatching(
        /is waiting_review and does not accept "run\.retried"; it accepts: .*completion\.decided.*run\.cancelled/,
      ),
      details: {
        status: 'waiting_review',
        event: 'run.retried',
        allowed: expect.arrayContaining(['completion.decided', 'run.cancelled']),
      },
    });
    expect(await engine.get(runId)).toEqual(before);
  });

  it('M048: a complete run accepts nothing at all', async () => {
    const deeds = createDeeds();
    const plain = defineWorkflow({
      name: 'plain',
      version: 1,
      input: z.unknown(),
      steps: (w) => w.task('work', deeds.task('work'), { input: w.input }),
    });
    const { engine } = await openBench({ workflows: [plain] });
    const run = await engine.start(plain, 1);
    await run.result();

    await expect(engine.retry(run.runId)).rejects.toMatchObject({
      code: 'INVALID_TRANSITION',
      message: expect.stringContaining(
        'is complete and does not accept "run.retried"; it accepts: nothing',
      ),
    });
    await expect(engine.pause(run.runId)).rejects.toMatchObject({ code: 'RUN_FINISHED' });
    expect(await engine.get(run.runId)).toMatchObject({ status: 'complete' });
  });
});

// --- the chart as data ---------------------------------------------------------------------------------------------------------------

/** Every transition of the chart that leaves one status for another, found by resolving the targets by hand. */
function edgesBetweenStatuses(plan: Plan): (readonly [RunStatus, RunStatus])[] {
  const { chart } = compileChart(plan);
  const statusOfId = new Map<string, RunStatus>();
  const visit = (state: ChartState, look: (state: ChartState) => void): void => {
    look(state);
    for (const child of Object.values(state.states ?? {})) visit(child, look);
  };
  const statuses = Object.entries(chart.states) as [RunStatus, ChartState][];
  for (const [status, state] of statuses) {
    visit(state, ({ id }) => id !== undefined && statusOfId.set(id, status));
  }
  const edges = new Map<string, readonly [RunStatus, RunStatus]>();
  for (const [from, state] of statuses) {
    visit(state, ({ on, always, onDone }) => {
      const transitions = [...Object.values(on ?? {}).flat(), ...(always ?? []), ...(onDone ?? [])];
      for (const { target } of transitions) {
        if (target === undefined) continue;
        const to = target.startsWith('#')
          ? statusOfId.get(idOf(target, statusOfId))
          : topLevel(target, state, from);
        if (to === undefined) throw new Error(`The chart names "${target}", which does not exist`);
        if (to !== from) edges.set(`${from},${to}`, [from, to]);
      }
    });
  }
  return [...edges.values()];

  /** A bare name is a sibling: of a top-level state, another status. */
  function topLevel(target: string, state: ChartState, from: RunStatus): RunStatus {
    const isOfTop = Object.values(state.on ?? {})
      .flat()
      .some((transition) => transition.target === target);
    return isOfTop && Object.hasOwn(chart.states, target) ? (target as RunStatus) : from;
  }
}

/** `#step:a.running` names a child of `step:a`. */
function idOf(target: string, known: ReadonlyMap<string, unknown>): string {
  const id = target.slice(1);
  return known.has(id) ? id : id.slice(0, id.lastIndexOf('.'));
}

function allEventsOf(state: ChartState): { readonly event: string }[] {
  const own = Object.keys(state.on ?? {}).map((event) => ({ event }));
  return [...own, ...Object.values(state.states ?? {}).flatMap(allEventsOf)];
}

function anEvent(
  type: string,
  pick: { readonly outcome: boolean; readonly flag: boolean },
): ChartEvent {
  return {
    type,
    outcome: pick.outcome ? 'approved' : 'rejected',
    decider: { actor: 'ann', groups: [], assignees: null, excluded: [] },
    facts: { '?amount is big': pick.flag, '?amount < 1000': pick.flag, '?approved': pick.flag },
    failure: { step: 'x', name: 'E', message: 'm', retryable: pick.flag },
    acceptNotUndone: pick.flag,
  };
}
