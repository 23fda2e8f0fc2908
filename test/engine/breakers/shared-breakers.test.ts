import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow, PermanentError, TransientError } from '../../../src/index.ts';
import { createDeeds, type DeedOptions } from '../../support/deeds.ts';
import { eventsOf, hour, minute, openBench, second, until } from '../../support/engine-bench.ts';
import { openPair } from '../../support/sqlite-pair.ts';

const breaker = { name: 'bank', failureThreshold: 3, resetAfter: '60s' } as const;
const input = z.object({ n: z.number().optional() });

/** A service that is down until it is mended, called by every run of the workflow. */
function aService(options: DeedOptions = {}) {
  const deeds = createDeeds();
  const service = { isUp: false, error: (): unknown => new TransientError('503') };
  const call = deeds.task('call', {
    breaker,
    compensate: 'none',
    retry: { maxAttempts: 99, backoff: { kind: 'fixed', initial: '1s' } },
    run: () => {
      if (!service.isUp) throw service.error();
      return 'answer';
    },
    ...options,
  });
  const workflow = defineWorkflow({
    name: 'caller',
    version: 1,
    input,
    steps: (w) => w.task('call', call, { input: w.input }),
  });
  return { deeds, service, workflow };
}

/** Three failures have opened the breaker. */
async function opened(options: DeedOptions = {}) {
  const made = aService(options);
  const bench = await openBench({ workflows: [made.workflow] });
  const run = await bench.engine.start(made.workflow, {});
  await until(() => made.deeds.names.length === 1);
  await bench.clock.advance(2 * second);
  return { ...bench, ...made, bench, run, runId: run.runId };
}

describe('a breaker', () => {
  it('does not open after two', async () => {
    const { workflow, deeds } = aService();
    const { engine, clock } = await openBench({ workflows: [workflow] });
    await engine.start(workflow, {});
    await until(() => deeds.names.length === 1);

    await clock.advance(second);

    expect(deeds.names).toHaveLength(2);
    expect(await engine.breakers()).toMatchObject([{ state: 'closed', failures: 2 }]);
  });

  it('M166: makes no request while it is open, for this run or any other', async () => {
    const { engine, clock, deeds, workflow } = await opened();
    const others = await Promise.all(
      Array.from({ length: 10 }, (_, n) => engine.start(workflow, { n })),
    );

    await clock.advance(59 * second);

    expect(deeds.names).toHaveLength(3);
    for (const { runId } of others) {
      expect(await engine.get(runId)).toMatchObject({
        status: 'processing',
        waitingOn: [{ kind: 'breaker', step: 'call', what: 'breaker "bank" is open' }],
      });
    }
  });

  it('M168, M171: lets one probe through after 60 seconds, whoever comes first', async () => {
    const { engine, clock, deeds, workflow } = await opened();
    for (let n = 0; n < 10; n += 1) await engine.start(workflow, { n });

    await clock.advance(59 * second + 999);
    const before = deeds.names.length;
    await clock.advance(1);

    expect(before).toBe(3);
    expect(deeds.names).toHaveLength(4);
  });

  it('writes only what changes: successes while it is closed leave it alone', async () => {
    const { workflow, service } = aService();
    service.isUp = true;
    const { engine } = await openBench({ workflows: [workflow] });

    for (let n = 0; n < 5; n += 1) await (await engine.start(workflow, { n })).result();

    expect(await engine.breakers()).toEqual([]);
  });

  it('a probe whose failure is permanent leaves the way free for the next one', async () => {
    const { engine, clock, deeds, service, workflow, run } = await opened();
    service.error = () => new PermanentError('404');
    await clock.advance(minute);
    await expect(run.result()).rejects.toThrow('404');
    service.isUp = true;

    const next = await engine.start(workflow, {});
    await clock.advance(0);

    expect(await next.result()).toBe('answer');
    expect(deeds.names).toHaveLength(5);
  });

  it('does not stay half open for ever when the process of its probe dies', async () => {
    let calls = 0;
    const { bench, runId } = await opened({
      timeout: '5s',
      run() {
        calls += 1;
        if (calls < 4) throw new TransientError('503');
        return calls === 4 ? new Promise(() => {}) : 'answer';
      },
    });
    await bench.clock.advance(minute);
    expect(await bench.engine.breakers()).toMatchObject([{ state: 'half_open' }]);

    const engine = await bench.crash();
    await bench.clock.advance(minute);

    expect(await engine.result(runId)).toBe('answer');
    expect(calls).toBe(5);
    expect(await engine.breakers()).toMatchObject([{ state: 'closed' }]);
  });

  it('is shared by all tasks that name it', async () => {
    const { deeds, workflow } = aService();
    const other = deeds.task('other', { breaker, compensate: 'none' });
    const beside = defineWorkflow({
      name: 'beside',
      version: 1,
      input,
      steps: (w) => w.task('other', other, { input: w.input }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow, beside] });
    await engine.start(workflow, {});
    await until(() => deeds.names.length === 1);
    await clock.advance(2 * second);

    const run = await engine.start(beside, {});
    await clock.advance(0);

    expect(await engine.get(run.runId)).toMatchObject({ waitingOn: [{ kind: 'breaker' }] });
    expect(deeds.of('other')).toEqual([]);
    expect(await engine.breakers()).toHaveLength(1);
  });
});

describe('whenOpen: fail', () => {
  const failing = { breaker: { ...breaker, whenOpen: 'fail' }, retry: { maxAttempts: 1 } } as const;

  async function open() {
    const made = aService(failing);
    const bench = await openBench({ workflows: [made.workflow] });
    for (let n = 0; n < 3; n += 1)
      await bench.engine.drive((await bench.engine.start(made.workflow, { n })).runId, 'finished');
    return { ...bench, ...made };
  }

  it('is for a fallback to take over', async () => {
    const { deeds, service } = await open();
    const made = defineWorkflow({
      name: 'with-fallback',
      version: 1,
      input,
      steps: (w) =>
        w.task(
          'call',
          deeds.task('call', {
            ...failing,
            compensate: 'none',
            run: () => (service.isUp ? 1 : Promise.reject(new TransientError('503'))),
          }),
          {
            input: w.input,
            fallback: deeds.task('instead', { compensate: 'none' }),
          },
        ),
    });
    const { engine } = await openBench({ workflows: [made] });

    const results = [];
    for (let n = 0; n < 4; n += 1) results.push(await (await engine.start(made, { n })).result());

    expect(results).toEqual(['instead done', 'instead done', 'instead done', 'instead done']);
    expect(deeds.of('call')).toHaveLength(3 + 3);
  });

  it('still probes after its rest', async () => {
    const { engine, clock, service, workflow } = await open();
    service.isUp = true;

    await clock.advance(minute);
    const run = await engine.start(workflow, {});

    expect(await run.result()).toBe('answer');
  });
});

describe('J-06: shared by two engines', () => {
  it('opens for both, and one of them probes', async () => {
    const deeds = createDeeds();
    const service = { isUp: false };
    const { a, b, advance, advanceUntil } = await openPair({
      workflows: (side) => [
        defineWorkflow({
          name: 'caller',
          version: 1,
          input,
          steps: (w) =>
            w.task(
              'call',
              deeds.task('call', {
                breaker,
                compensate: 'none',
                retry: { maxAttempts: 99, backoff: { kind: 'fixed', initial: '1s' } },
                run: () => (service.isUp ? side : Promise.reject(new TransientError('503'))),
              }),
              { input: w.input },
            ),
        }),
      ],
    });
    const first = await a.engine.start('caller', {});
    await advance(2 * second);
    expect(await b.engine.breakers()).toMatchObject([{ state: 'open' }]);
    const calls = deeds.names.length;

    const others = await Promise.all(
      Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? a : b).engine.start('caller', { n })),
    );
    await advance(55 * second);
    const whileOpen = deeds.names.length;
    await advanceUntil(() => deeds.names.length > calls);
    const probes = deeds.names.length - calls;
    service.isUp = true;
    await advanceUntil(
      async () => (await a.engine.list({ status: ['complete'] })).runs.length === 7,
    );

    expect(calls).toBe(3);
    expect(whileOpen).toBe(3);
    expect(probes).toBe(1);
    expect(await b.engine.breakers()).toMatchObject([{ state: 'closed' }]);
    for (const { runId } of [first, ...others])
      expect(await eventsOf(a.engine, runId)).toContain('call.completed');
  });

  it('closes at once when somebody resets it, and lets the next call through', async () => {
    const { engine, clock, deeds, service, workflow } = await opened();
    service.isUp = true;

    const record = await engine.resetBreaker('bank');
    await engine.start(workflow, {});
    await clock.advance(0);

    expect(record).toMatchObject({ state: 'closed', failures: 0, openedAtMs: null });
    expect(await engine.breakers()).toMatchObject([{ state: 'closed' }]);
    expect(deeds.names).toHaveLength(4);
    await expect(engine.resetBreaker('unheard of')).rejects.toThrow('there are: bank');
  });

  it('J-06: when it closes again those who waited do not all fall due in the same instant as probes', async () => {
    const { engine, clock, deeds, service, workflow } = await opened();
    for (let n = 0; n < 20; n += 1) await engine.start(workflow, { n });
    await clock.advance(59 * second);
    service.isUp = true;

    await clock.advance(second);
    const atProbe = deeds.names.length;
    await clock.advance(hour);

    expect(atProbe).toBeLessThanOrEqual(4);
    expect((await engine.list({ status: ['complete'] })).runs).toHaveLength(21);
    expect(deeds.names).toHaveLength(3 + 21);
  });
});
