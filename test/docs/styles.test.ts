/** The constructs that docs/styles.md maps to Signalbox, each as an example that runs. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineTask,
  defineWorkflow,
  PermanentError,
  type RunResult,
  type Task,
  TransientError,
  type Workflow,
} from '../../src/index.ts';
import { aGate, createDeeds } from '../support/deeds.ts';
import { entryOf, eventsOf, openBench, second, until } from '../support/engine-bench.ts';

const text = z.string();
const numbers = z.array(z.number());

/** A task that makes one text of another. */
function step(name: string, work: (value: string) => string): Task<string, string> {
  return defineTask({
    name,
    input: text,
    output: text,
    compensate: 'none',
    run: async ({ input }) => work(input),
  });
}

async function resultOf<I, O>(workflow: Workflow<I, O>, input: NoInfer<I>): Promise<RunResult<O>> {
  const { engine } = await openBench({ workflows: [workflow] });
  const run = await engine.start(workflow, input);
  return run.result();
}

describe('function style', () => {
  it('M096: three tasks in a row yield one final result', async () => {
    const simple = defineWorkflow({
      name: 'simple',
      version: 1,
      input: text,
      steps(w) {
        const one = w.task(
          'task1',
          step('one', (value) => `${value}1`),
          { input: w.input },
        );
        const two = w.task(
          'task2',
          step('two', (value) => `${value}2`),
          { input: one },
        );
        const three = w.task(
          'task3',
          step('three', (value) => `${value}3`),
          { input: two },
        );
        return w.derive('result', three, (final_result) => ({ final_result }));
      },
    });

    expect(await resultOf(simple, 'x')).toEqual({ final_result: 'x123' });
  });

  it('M099: durability is chosen for a workflow, and seen of its runs', async () => {
    const quick = defineWorkflow({
      name: 'quick',
      version: 1,
      durability: 'fast',
      input: text,
      steps: (w) =>
        w.task(
          'only',
          step('only', (value) => value),
          { input: w.input },
        ),
    });
    const { engine } = await openBench({ workflows: [quick] });

    const { runId } = await engine.start(quick, 'x');

    expect(await engine.get(runId)).toMatchObject({ durability: 'fast' });
  });

  it('M206: the input of a run is a typed thing of its own, whatever the steps are called', async () => {
    const named = defineWorkflow({
      name: 'named',
      version: 1,
      input: z.object({ ingest: text }),
      steps(w) {
        const ingest = w.task(
          'ingest',
          step('in', (value) => `${value}!`),
          {
            input: w.input.$.ingest,
          },
        );
        return w.derive('both', { given: w.input.$.ingest, ingest }, (both) => both);
      },
    });

    expect(await resultOf(named, { ingest: 'alert' })).toEqual({
      given: 'alert',
      ingest: 'alert!',
    });
  });
});

/** Class style: the tasks are methods' work, the instance state is declared context, `define` wires them. */
class DataProcessing {
  readonly batchSize = 100;
  readonly sizes: number[] = [];

  readonly validate = defineTask({
    name: 'validate',
    input: numbers,
    output: numbers,
    compensate: 'none',
    run: async ({ input }) => input.filter((value) => value >= 0),
  });

  readonly analyse = defineTask({
    name: 'analyse',
    input: numbers,
    output: z.object({ count: z.number(), sum: z.number() }),
    compensate: 'none',
    run: async ({ input }) => {
      this.sizes.push(input.length);
      return { count: input.length, sum: input.reduce((sum, value) => sum + value, 0) };
    },
  });

  define() {
    return defineWorkflow({
      name: 'data-processing',
      version: 1,
      input: numbers,
      context: { processed_count: { schema: z.number(), initial: 0, reduce: 'sum' } },
      steps: (w) => {
        const valid = w.task('validate', this.validate, { input: w.input });
        const batches = w.map('analyze_batch', valid, { batch: this.batchSize }, (batch) =>
          w.task('analyze', this.analyse, { input: batch }),
        );
        const processed = w.derive('processed', batches, (all) =>
          all.reduce((sum, { count }) => sum + count, 0),
        );
        w.update('processed_count', processed);
        return w.derive('combine', batches, (all) => ({
          processed_items: all.reduce((sum, { count }) => sum + count, 0),
          batch_count: all.length,
          result: all.reduce((sum, { sum: part }) => sum + part, 0),
        }));
      },
    });
  }
}

describe('class style', () => {
  it('M101, M102: validates, analyses batches of 100 in parallel, and combines', async () => {
    const processing = new DataProcessing();
    const items = Array.from({ length: 250 }, (_, index) => index);

    const result = await resultOf(processing.define(), [...items, -1]);

    expect(result).toEqual({ processed_items: 250, batch_count: 3, result: (249 * 250) / 2 });
    expect(processing.sizes.toSorted((a, b) => b - a)).toEqual([100, 100, 50]);
  });

  it('M100, M108: state that parallel steps change is in the store, and survives a crash between them', async () => {
    const gate = aGate();
    const deeds = createDeeds();
    const counting = defineWorkflow({
      name: 'counting',
      version: 1,
      input: numbers,
      context: { processed_count: { schema: z.number(), initial: 0, reduce: 'sum' } },
      steps(w) {
        const left = w.task('left', deeds.task('left', { compensate: 'none' }), { input: w.input });
        const slow = deeds.task('right', { compensate: 'none', run: () => gate.pass() });
        const right = w.task('right', slow, { input: w.input });
        w.update(
          'processed_count',
          w.derive('two', left, () => 2),
        );
        w.update(
          'processed_count',
          w.derive('three', right, () => 3),
        );
        return w.derive('both', { left, right }, () => 'done');
      },
    });
    const bench = await openBench({ workflows: [counting] });
    const { runId } = await bench.engine.start(counting, [1]);
    await until(async () => (await bench.engine.get(runId)).context['processed_count'] === 2);

    const engine = await bench.crash();
    gate.open();

    expect(await engine.drive(runId, 'finished')).toMatchObject({
      status: 'complete',
      context: { processed_count: 5 },
    });
    expect(deeds.of('left')).toHaveLength(1);
  });

  it('M103: a named step is a checkpoint: what it gave is used again after a crash', async () => {
    const gate = aGate();
    const deeds = createDeeds();
    const named = defineWorkflow({
      name: 'named-steps',
      version: 1,
      input: text,
      steps(w) {
        const first = w.task('process_data', deeds.task('process_data'), { input: w.input });
        return w.task('store', deeds.task('store', { run: () => gate.pass() }), { input: first });
      },
    });
    const bench = await openBench({ workflows: [named] });
    const { runId } = await bench.engine.start(named, 'x');
    await gate.reached;

    const engine = await bench.crash();
    gate.open();
    await engine.drive(runId, 'finished');

    expect(deeds.names).toEqual(['process_data', 'store', 'store']);
    expect(await entryOf(engine, runId, 'store.completed')).toMatchObject({ step: 'store' });
  });
});

describe('parallel steps', () => {
  it('M104: steps that do not read each other are at work at the same time, under their names', async () => {
    const names = ['task_a', 'task_b', 'task_c'] as const;
    const gates = names.map(() => aGate());
    const deeds = createDeeds();
    const side = defineWorkflow({
      name: 'side-by-side',
      version: 1,
      input: text,
      steps(w) {
        const [task_a, task_b, task_c] = names.map((name, index) =>
          w.task(name, deeds.task(name, { run: () => gates[index]?.pass().then(() => name) }), {
            input: w.input,
          }),
        );
        return w.derive('results', { task_a, task_b, task_c }, (results) => results);
      },
    });
    const { engine } = await openBench({ workflows: [side] });
    const run = await engine.start(side, 'x');

    // Each gate is only reached while the others are still shut.
    await Promise.all(gates.map(({ reached }) => reached));
    for (const gate of gates) gate.open();

    expect(await run.result()).toEqual({ task_a: 'task_a', task_b: 'task_b', task_c: 'task_c' });
  });

  it('M111: three processors fan out, one step combines what they gave', async () => {
    const processor = (name: string) => step(name, (value) => `${name}(${value})`);
    const fan = defineWorkflow({
      name: 'fan-out-fan-in',
      version: 1,
      input: text,
      steps(w) {
        const a = w.task('processor_a', processor('a'), { input: w.input });
        const b = w.task('processor_b', processor('b'), { input: w.input });
        const c = w.task('processor_c', processor('c'), { input: w.input });
        const combine = defineTask({
          name: 'combine',
          input: z.array(text),
          output: z.object({ combined: text }),
          compensate: 'none',
          run: async ({ input }) => ({ combined: input.join(' ') }),
        });
        return w.task('combine', combine, { input: [a, b, c] });
      },
    });

    expect(await resultOf(fan, 'x')).toEqual({ combined: 'a(x) b(x) c(x)' });
  });
});

describe('resilient processing', () => {
  async function started(error: () => Error) {
    const deeds = createDeeds();
    const critical = deeds.task('critical', {
      retry: { maxAttempts: 3, backoff: { kind: 'exponential', initial: '1s' } },
      run: () => {
        throw error();
      },
    });
    const workflow = defineWorkflow({
      name: 'resilient',
      version: 1,
      input: text,
      steps: (w) =>
        w.task('critical', critical, {
          input: w.input,
          fallback: deeds.task('fallback_processing', { run: () => 'from the fallback' }),
        }),
    });
    const { engine, clock } = await openBench({ workflows: [workflow] });
    const run = await engine.start(workflow, 'x');
    await until(() => deeds.of('critical').length === 1);
    return { clock, deeds, run };
  }

  it('M119, M120: tries three times with 1 and 2 seconds between, then takes the fallback', async () => {
    const { clock, deeds, run } = await started(() => new TransientError('busy'));
    await clock.advance(0);

    await clock.advance(second - 1);
    expect(deeds.of('critical')).toHaveLength(1);
    await clock.advance(1);
    expect(deeds.of('critical')).toHaveLength(2);
    await clock.advance(2 * second - 1);
    expect(deeds.of('critical')).toHaveLength(2);
    await clock.advance(1);

    expect(await run.result()).toBe('from the fallback');
    expect(deeds.names).toEqual(['critical', 'critical', 'critical', 'fallback_processing']);
  });

  it('M121: a permanent error takes the fallback at once', async () => {
    const { deeds, run } = await started(() => new PermanentError('never'));

    expect(await run.result()).toBe('from the fallback');
    expect(deeds.names).toEqual(['critical', 'fallback_processing']);
  });
});

describe('graphs', () => {
  it('M186: a chain summarises, diagnoses and reports, in this order', async () => {
    const chain = defineWorkflow({
      name: 'chain',
      version: 1,
      input: text,
      steps(w) {
        const summary = w.task(
          'ai_summarize',
          step('summarize', (value) => `sum(${value})`),
          {
            input: w.input,
          },
        );
        const diagnosis = w.task(
          'ai_diagnose',
          step('diagnose', (value) => `dia(${value})`),
          {
            input: summary,
          },
        );
        return w.task(
          'generate_report',
          step('report', (value) => `rep(${value})`),
          {
            input: diagnosis,
          },
        );
      },
    });

    expect(await resultOf(chain, 'log')).toBe('rep(dia(sum(log)))');
  });

  it.each([
    [
      'Device T-101 reports temperature at 95 C',
      { status: 'Critical', reason: 'Temperature exceeds 90 C limit.' },
    ],
    [
      'Device T-101 reports temperature at 85 C',
      { status: 'Normal', reason: 'All systems nominal.' },
    ],
  ])(
    'M195, M196, M201: four tasks judge %j; alert and log run side by side',
    async (alert, analysis) => {
      const gates = { alert: aGate(), log: aGate() };
      const deeds = createDeeds();
      const analyse = defineTask({
        name: 'analyse',
        input: text,
        output: z.object({ status: text, reason: text }),
        compensate: 'none',
        run: async ({ input }) =>
          Number(/at (\d+) C/.exec(input)?.[1]) > 90
            ? { status: 'Critical', reason: 'Temperature exceeds 90 C limit.' }
            : { status: 'Normal', reason: 'All systems nominal.' },
      });
      const four = defineWorkflow({
        name: 'four',
        version: 1,
        input: text,
        steps(w) {
          const ingested = w.task(
            'ingest',
            step('ingest', (value) => value),
            { input: w.input },
          );
          const analysed = w.task('analyze', analyse, { input: ingested });
          for (const name of ['alert', 'log'] as const) {
            w.task(name, deeds.task(name, { run: () => gates[name].pass() }), { input: analysed });
          }
          return analysed;
        },
      });
      const { engine } = await openBench({ workflows: [four] });
      const run = await engine.start(four, alert);

      await Promise.all([gates.alert.reached, gates.log.reached]);
      gates.log.open();
      gates.alert.open();

      expect(await run.result()).toEqual(analysis);
      expect(deeds.all.map(({ input }) => input)).toEqual([analysis, analysis]);
      const order = (await eventsOf(engine, run.runId)).filter((event) =>
        event.endsWith('.completed'),
      );
      expect(order.slice(0, 2)).toEqual(['ingest.completed', 'analyze.completed']);
      expect(order.slice(2).toSorted()).toEqual(['alert.completed', 'log.completed']);
    },
  );
});
