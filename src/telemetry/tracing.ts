/** Traces: a span for each run, its steps and their attempts, through the OpenTelemetry API. */
import {
  type Context,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { RunEvent } from '../engine/announcer.ts';
import type { Orchestrator } from '../orchestrator.ts';
import type { JsonObject } from '../plan/json.ts';
import type { AttemptOutcome, Executor } from '../ports/executor.ts';
import type { Store } from '../ports/store.ts';

/** Label of a run under which the trace it belongs to is kept (W3C Trace Context), so that it outlives the process. */
export const traceLabel = 'traceparent';

/** Whether a provider is registered that records spans. */
export function isTraced(): boolean {
  const span = trace.getTracer('signalbox').startSpan('signalbox');
  return isSpanContextValid(span.spanContext());
}

/** Spans of runs, steps and attempts, for OpenTelemetry. */
export interface Tracing {
  /** Gives each attempt and undo of the executor a span, and the handler that span as its active context. */
  executor(inner: Executor): Executor;
  /** Ends the spans of steps and runs when they end. Returns a function that ends this, and every span still open. */
  follow(orchestrator: Pick<Orchestrator, 'subscribe'>): () => void;
}

interface OpenRun {
  readonly span: Span;
  readonly context: Context;
  readonly steps: Map<string, { readonly span: Span; readonly context: Context }>;
}

/** Spans of runs that are kept open; beyond, that of the run seen least lately is ended. */
const maxOpenRuns = 10_000;

/**
 * A run whose process ended goes on under a span of its own in the same trace.
 *
 * @param options.store - where the trace of a run is read from
 * @param options.tracer - default: of the provider that is registered globally; without one nothing is recorded
 */
export function createTracing({
  store,
  tracer = trace.getTracer('signalbox'),
}: {
  readonly store: Pick<Store, 'load'>;
  readonly tracer?: Tracer;
}): Tracing {
  const open = new Map<string, Promise<OpenRun>>();

  async function begin(runId: string, workflow: string): Promise<OpenRun> {
    const labels = (await store.load(runId).catch(() => null))?.header.labels ?? {};
    const parent = contextOfLabels(labels);
    const span = tracer.startSpan(
      `run ${workflow}`,
      { attributes: { 'signalbox.run.id': runId, 'signalbox.workflow': workflow } },
      parent,
    );
    return { span, context: trace.setSpan(parent, span), steps: new Map() };
  }

  function runOf(runId: string, workflow: string): Promise<OpenRun> {
    const known = open.get(runId) ?? begin(runId, workflow);
    // the latest last
    open.delete(runId);
    open.set(runId, known);
    const [oldest] = open.keys();
    if (open.size > maxOpenRuns && oldest !== undefined) void end(oldest);
    return known;
  }

  async function end(runId: string, message?: string): Promise<void> {
    const known = open.get(runId);
    if (known === undefined) return;
    open.delete(runId);
    const { span, steps } = await known;
    for (const step of steps.values()) step.span.end();
    if (message !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message });
    span.end();
  }

  async function endStep(known: Promise<OpenRun>, step: string): Promise<void> {
    const { steps } = await known;
    steps.get(step)?.span.end();
    steps.delete(step);
  }

  async function within(
    parent: Context,
    name: string,
    attributes: Record<string, string | number>,
    work: () => Promise<AttemptOutcome>,
  ): Promise<AttemptOutcome> {
    const span = tracer.startSpan(name, { attributes }, parent);
    const outcome = await context.with(trace.setSpan(parent, span), work);
    if (!outcome.ok) {
      const { name: type, message } = outcome.failure;
      span.setAttribute('error.type', type);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    span.end();
    return outcome;
  }

  function hear({ runId, entry }: RunEvent): void {
    const { step, settles, to, error } = entry;
    const known = open.get(runId);
    if (known === undefined) return;
    if (step !== null && settles !== null) void endStep(known, step);
    if (to === 'complete' || to === 'cancelled') void end(runId);
    else if (to === 'failed') void end(runId, messageOf(error));
  }

  return {
    executor: (inner) => ({
      ...inner,
      async attempt(request) {
        const { run, attempt } = request.context;
        const { step, task } = request;
        const { context: parent, steps } = await runOf(run.runId, run.workflow);
        const known = steps.get(step) ?? spanIn(tracer, parent, `step ${step}`);
        steps.set(step, known);
        return within(
          known.context,
          `attempt ${step}`,
          {
            'signalbox.run.id': run.runId,
            'signalbox.step': step,
            'signalbox.task': task.name,
            'signalbox.attempt': attempt,
          },
          () => inner.attempt(request),
        );
      },
      async undo(request) {
        const { run } = request.context;
        const { context: parent } = await runOf(run.runId, run.workflow);
        const attributes = { 'signalbox.run.id': run.runId, 'signalbox.task': request.task.name };
        return within(parent, `undo ${request.task.name}`, attributes, () => inner.undo(request));
      },
    }),
    follow(orchestrator) {
      const unsubscribe = orchestrator.subscribe(hear);
      return () => {
        unsubscribe();
        for (const runId of open.keys()) void end(runId);
      };
    },
  };
}

function messageOf(error: JsonObject | null): string {
  const message = error?.['message'];
  return typeof message === 'string' ? message : 'failed';
}

function spanIn(tracer: Tracer, parent: Context, name: string) {
  const span = tracer.startSpan(name, {}, parent);
  return { span, context: trace.setSpan(parent, span) };
}

function contextOfLabels(labels: { readonly [name: string]: string }): Context {
  const traceparent = labels[traceLabel];
  return traceparent === undefined
    ? ROOT_CONTEXT
    : propagation.extract(ROOT_CONTEXT, { traceparent });
}
