/** How the service stands, as gauges that are read when somebody asks. */
import type { Meter } from '@opentelemetry/api';
import type { Health } from '../health/health.ts';

const breakerStates = { closed: 0, half_open: 1, open: 2 } as const;

export function registerGauges(meter: Meter, read: () => Promise<Health>): void {
  const gauge = (name: string, description: string, unit?: string) =>
    meter.createObservableGauge(`signalbox.${name}`, {
      description,
      ...(unit === undefined ? {} : { unit }),
    });
  const waiting = gauge('queue.waiting', 'Attempts handed over that have not begun');
  const running = gauge('queue.running', 'Attempts under way');
  const runs = gauge('runs', 'Runs in the store, by status');
  const stuck = gauge('runs.stuck', 'Runs without progress, deadline or owner');
  const retrying = gauge('runs.retrying', 'Runs whose step waits for another attempt');
  const lag = gauge('timer.lag', 'How late the earliest timer is', 's');
  const loop = gauge('event_loop.delay', 'How late the event loop was, 99th percentile', 's');
  const breaker = gauge('breaker.state', '0 closed, 1 half open, 2 open');
  const tokens = gauge('model.tokens', 'Tokens models have read and written since the start');

  meter.addBatchObservableCallback(
    async (result) => {
      const health = await read();
      result.observe(waiting, health.queue.waiting);
      result.observe(running, health.queue.running);
      for (const [status, count] of Object.entries(health.runs)) {
        result.observe(runs, count, { status });
      }
      result.observe(stuck, health.stuck);
      for (const { workflow, step, runs: count } of health.retrying) {
        result.observe(retrying, count, { workflow, step });
      }
      result.observe(lag, health.timerLagMs / 1_000);
      result.observe(loop, health.worker.loopDelayMs / 1_000);
      for (const { name, state } of health.breakers) {
        result.observe(breaker, breakerStates[state], { breaker: name });
      }
      for (const { model, inputTokens, outputTokens } of health.models) {
        result.observe(tokens, inputTokens, { model, direction: 'input' });
        result.observe(tokens, outputTokens, { model, direction: 'output' });
      }
    },
    [waiting, running, runs, stuck, retrying, lag, loop, breaker, tokens],
  );
}
