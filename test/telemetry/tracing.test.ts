import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createInlineExecutor } from '../../src/adapters/inline/executor.ts';
import { createMemoryStore } from '../../src/adapters/memory/index.ts';
import { createOrchestrator, defineTask, defineWorkflow, TransientError } from '../../src/index.ts';
import { createTracing, traceLabel } from '../../src/telemetry/index.ts';
import { ManualClock } from '../../src/testing/index.ts';

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
afterAll(() => {
  context.disable();
  propagation.disable();
});

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function traced() {
  const seen: unknown[] = [];
  let tries = 0;
  const call = defineTask({
    name: 'call',
    input: z.object({}),
    output: z.string(),
    compensate: () => Promise.resolve(),
    retry: { maxAttempts: 2, backoff: { kind: 'fixed', initial: '1s' } },
    run() {
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      seen.push(carrier['traceparent']);
      tries += 1;
      return tries === 1 ? Promise.reject(new TransientError('503')) : Promise.resolve('done');
    },
  });
  const order = defineWorkflow({
    name: 'order',
    version: 1,
    input: z.object({}),
    steps: (w) => w.finish(w.task('call', call, { input: w.input }), { approve: 'person' }),
  });
  const store = createMemoryStore();
  const clock = new ManualClock();
  const tracing = createTracing({ store, tracer: provider.getTracer('test') });
  const orchestrator = await createOrchestrator({
    workflows: [order],
    store,
    clock,
    executor: tracing.executor(createInlineExecutor(clock)),
    logger: pino({ level: 'silent' }),
  });
  const end = tracing.follow(orchestrator);
  return { orchestrator, order, clock, seen, end };
}

describe('a traced run', () => {
  it('M139: has a span for the run, each step and each attempt, in the trace it was started in', async () => {
    exporter.reset();
    const { orchestrator, order, clock, seen, end } = await traced();

    const { runId } = await orchestrator.start(
      order,
      {},
      { labels: { [traceLabel]: traceparent } },
    );
    await expect
      .poll(async () => (await orchestrator.get(runId)).waitingOn)
      .toMatchObject([{ kind: 'retry' }]);
    await clock.advance(1_000);
    await orchestrator.drive(runId);
    await orchestrator.decide(runId, 'completion', { outcome: 'approved', actor: 'ann' });
    await orchestrator.drive(runId, 'finished');
    end();
    await new Promise((resolve) => setImmediate(resolve));

    const spans = exporter.getFinishedSpans();
    const byName = (name: string) => spans.filter((span) => span.name === name);
    const [run] = byName('run order');
    const [step] = byName('step call');
    const attempts = byName('attempt call');
    expect(spans).toHaveLength(4);
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(
      new Set(['0af7651916cd43dd8448eb211c80319c']),
    );
    expect(run?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(step?.parentSpanContext?.spanId).toBe(run?.spanContext().spanId);
    expect(attempts.map((span) => span.parentSpanContext?.spanId)).toEqual(
      attempts.map(() => step?.spanContext().spanId),
    );
    expect(attempts.map((span) => span.attributes['error.type'])).toEqual([
      'TransientError',
      undefined,
    ]);
    expect(seen).toEqual(
      attempts.map((span) => `00-0af7651916cd43dd8448eb211c80319c-${span.spanContext().spanId}-01`),
    );
    await orchestrator.close();
  });

  it('has a span for what is undone', async () => {
    exporter.reset();
    const { orchestrator, order, clock, end } = await traced();

    const { runId } = await orchestrator.start(order, {});
    await expect
      .poll(async () => (await orchestrator.get(runId)).waitingOn)
      .toMatchObject([{ kind: 'retry' }]);
    await clock.advance(1_000);
    await orchestrator.drive(runId);
    await orchestrator.cancel(runId);
    await orchestrator.drive(runId, 'finished');
    end();
    await new Promise((resolve) => setImmediate(resolve));

    const spans = exporter.getFinishedSpans();
    const run = spans.find(({ name }) => name === 'run order');
    const undo = spans.find(({ name }) => name === 'undo call');
    expect(undo?.parentSpanContext?.spanId).toBe(run?.spanContext().spanId);
    await orchestrator.close();
  });

  it('costs nothing to whoever has no provider', () => {
    expect(trace.getTracer('signalbox').startSpan('x').isRecording()).toBe(false);
  });
});
