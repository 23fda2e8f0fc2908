import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../../src/adapters/memory/index.ts';
import {
  defineTask,
  defineWorkflow,
  PermanentError,
  type Store,
  TransientError,
} from '../../../src/index.ts';
import { aGate } from '../../support/deeds.ts';
import { openBench, second, until } from '../../support/engine-bench.ts';

/** A service that is up or down, and how often it was asked. */
function createService() {
  const service = { isUp: false, calls: 0 };
  const call = (
    whenOpen: 'wait' | 'fail',
    failure: () => Error = () => new TransientError('503'),
  ) =>
    defineTask({
      name: `call-${whenOpen}`,
      input: z.object({}),
      output: z.string(),
      retry: { maxAttempts: 3, backoff: { kind: 'fixed', initial: '1s' } },
      breaker: { name: 'service', failureThreshold: 3, resetAfter: '60s', whenOpen },
      compensate: 'none',
      async run() {
        service.calls += 1;
        if (!service.isUp) throw failure();
        return 'answer';
      },
    });
  const workflow = (
    name: string,
    whenOpen: 'wait' | 'fail',
    kind: 'task' | 'item' = 'task',
    failure?: () => Error,
  ) =>
    defineWorkflow({
      name,
      version: 1,
      input: z.object({}),
      steps(w) {
        const task = call(whenOpen, failure);
        if (kind === 'task') return w.task('call', task, { input: w.input });
        const list = w.derive('list', w.input, () => [{}]);
        const answers = w.map('calls', list, { concurrency: 1 }, (item) =>
          w.task('call', task, { input: item }),
        );
        return w.derive('answer', answers, ([answer = '']) => answer);
      },
    });
  return { service, workflow };
}

const stateOf = async (engine: { breakers(): Promise<readonly { state: string }[]> }) =>
  (await engine.breakers()).map((breaker) => breaker.state);

describe('J-06: a circuit breaker', () => {
  it('opens after three consecutive transient failures, and then lets no request through', async () => {
    const { service, workflow } = createService();
    const patient = workflow('patient', 'wait');
    const { engine, clock } = await openBench({ workflows: [patient] });

    const first = await engine.start(patient, {});
    await clock.advance(2 * second);
    const second_ = await engine.start(patient, {});
    await clock.advance(30 * second);

    await expect(first.result()).rejects.toThrow(/503/);
    expect(await stateOf(engine)).toEqual(['open']);
    expect(service.calls).toBe(3);
    expect((await engine.get(second_.runId)).waitingOn).toMatchObject([
      { kind: 'breaker', step: 'call', what: 'breaker "service" is open' },
    ]);
  });

  it('lets one probe through after the reset time; its success closes it for everybody', async () => {
    const { service, workflow } = createService();
    const patient = workflow('patient', 'wait');
    const { engine, clock } = await openBench({ workflows: [patient] });
    const first = await engine.start(patient, {});
    await clock.advance(2 * second);
    await expect(first.result()).rejects.toThrow(/503/);
    const waiting = await Promise.all([1, 2, 3].map(() => engine.start(patient, {})));
    await clock.advance(0);
    service.isUp = true;

    await clock.advance(60 * second);
    await clock.advance(60 * second);

    expect(await Promise.all(waiting.map((run) => run.result()))).toEqual([
      'answer',
      'answer',
      'answer',
    ]);
    expect(await stateOf(engine)).toEqual(['closed']);
    expect(service.calls).toBe(6);
  });

  it('M172: opens again on the first failed probe, which is the only request of that round', async () => {
    const { service, workflow } = createService();
    const patient = workflow('patient', 'wait');
    const { engine, clock } = await openBench({ workflows: [patient] });
    await engine.start(patient, {});
    await clock.advance(2 * second);
    for (let run = 0; run < 5; run += 1) await engine.start(patient, {});
    await clock.advance(0);

    await clock.advance(60 * second);

    expect(service.calls).toBe(4);
    expect(await stateOf(engine)).toEqual(['open']);
  });

  it('counts no attempt while it makes a step wait', async () => {
    const { service, workflow } = createService();
    const patient = workflow('patient', 'wait');
    const { engine, clock } = await openBench({ workflows: [patient] });
    await engine.start(patient, {});
    await clock.advance(2 * second);
    const run = await engine.start(patient, {});
    await clock.advance(0);
    service.isUp = true;

    await clock.advance(61 * second);

    expect(await run.result()).toBe('answer');
    const done = (await engine.history(run.runId)).find(
      (entry) => entry.event === 'call.completed',
    );
    expect(done?.attempt).toBe(1);
  });

  it('fails at once with CircuitOpenError where a task asks for that', async () => {
    const { service, workflow } = createService();
    const hasty = workflow('hasty', 'fail');
    const { engine, clock } = await openBench({ workflows: [hasty] });
    const first = await engine.start(hasty, {});
    await clock.advance(2 * second);
    await expect(first.result()).rejects.toThrow();

    const next = await engine.start(hasty, {});

    await expect(next.result()).rejects.toThrow(/Circuit is open: breaker "service"/);
    expect(service.calls).toBe(3);
    expect((await engine.get(next.runId)).outcome?.failure?.name).toBe('CircuitOpenError');
  });

  it('M170: a success sets the count of failures back', async () => {
    const { service, workflow } = createService();
    const patient = workflow('patient', 'wait');
    const { engine, clock } = await openBench({ workflows: [patient] });
    await engine.start(patient, {});
    await clock.advance(1 * second);
    service.isUp = true;
    await clock.advance(1 * second);

    const [breaker] = await engine.breakers();

    expect(service.calls).toBe(3);
    expect(breaker).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('does not count refusals: they say nothing about the health of the service', async () => {
    const { service, workflow } = createService();
    const refused = workflow('refused', 'wait', 'task', () => new PermanentError('404'));
    const { engine } = await openBench({ workflows: [refused] });

    for (let run = 0; run < 5; run += 1) {
      await expect((await engine.start(refused, {})).result()).rejects.toThrow(/404/);
    }

    expect(service.calls).toBe(5);
    expect((await engine.breakers()).every((breaker) => breaker.state === 'closed')).toBe(true);
  });

  it('M173: is still open after a restart, and lets its probe through at the time it had set', async () => {
    const { service, workflow } = createService();
    const patient = workflow('patient', 'wait');
    const bench = await openBench({ workflows: [patient] });
    await bench.engine.start(patient, {});
    await bench.clock.advance(2 * second);
    const waiting = await bench.engine.start(patient, {});
    await bench.clock.advance(10 * second);
    service.isUp = true;

    const reopened = await bench.restart();
    await bench.clock.advance(30 * second);
    const callsBefore = service.calls;
    await bench.clock.advance(25 * second);

    expect(callsBefore).toBe(3);
    expect(service.calls).toBe(4);
    await until(async () => (await reopened.get(waiting.runId)).status === 'complete');
  });

  it.each(['task', 'item'] as const)(
    'lets another probe when the run of the first one (%s) is paused before it begins',
    async (kind) => {
      const { service, workflow } = createService();
      const patient = workflow('patient', 'wait', kind);
      const other = workflow('other', 'wait');
      const memory = createMemoryStore();
      let gate: ReturnType<typeof aGate<void>> | null = null;
      const store: Store = {
        ...memory,
        async saveBreaker(record) {
          const saved = await memory.saveBreaker(record);
          await gate?.pass();
          return saved;
        },
      };
      const { engine, clock } = await openBench({ workflows: [patient, other], store });
      const opening = await engine.start(other, {});
      await clock.advance(2 * second);
      await expect(opening.result()).rejects.toThrow(/503/);
      await clock.advance(60 * second);

      gate = aGate();
      const paused = await engine.start(patient, {});
      await gate.reached;
      await engine.pauseRuns({ workflow: 'patient' }, { reason: 'it costs too much' });
      gate.open();
      service.isUp = true;
      const next = await engine.start(other, {});
      await clock.advance(0);
      expect(await engine.get(next.runId)).toMatchObject({ status: 'complete' });
      expect(service.calls).toBe(4);

      await engine.resumeRuns({ workflow: 'patient' });
      await clock.advance(second);
      expect(await engine.get(paused.runId)).toMatchObject({ status: 'complete' });
      expect(service.calls).toBe(5);
    },
  );
});
