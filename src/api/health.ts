/** Health: what the service works on, what holds it up, and what it has used. */
import { z } from 'zod';
import { Reason, RunStatus } from './parts.ts';
import { route } from './route.ts';

export const Breaker = z.object({
  name: z.string(),
  state: z.enum(['closed', 'open', 'half_open']),
  /** Failures in a row while closed. */
  failures: z.number(),
  failureThreshold: z.number(),
  openedAt: z.iso.datetime().nullable(),
  /** When an open one lets a probe through. */
  probesAt: z.iso.datetime().nullable(),
});
export type Breaker = z.output<typeof Breaker>;

export const health = {
  get: route({
    method: 'GET',
    path: '/health',
    summary: 'Queue, workers, store, breakers, retries and what models have used',
    role: 'viewer',
    answer: z.object({
      /** `degraded`: it works, and something needs a look: `problems` says what. */
      status: z.enum(['ok', 'degraded']),
      problems: z.array(z.string()).readonly(),
      version: z.string(),
      startedAt: z.iso.datetime(),
      store: z.object({ kind: z.string(), shared: z.boolean(), readOnly: z.boolean() }),
      /** This process; a store that several share has one each. */
      worker: z.object({
        pid: z.number(),
        /** Resident memory in bytes. */
        memoryBytes: z.number(),
        /** How late the event loop was in the last minute, 99th percentile, in milliseconds. */
        loopDelayMs: z.number(),
      }),
      /** Attempts handed over and not begun, and under way, in this process. */
      queue: z.object({ waiting: z.number(), running: z.number() }),
      runs: z.partialRecord(RunStatus, z.number()),
      /** How late the earliest timer is, in milliseconds; 0: none is. */
      timerLagMs: z.number(),
      breakers: z.array(Breaker).readonly(),
      /** Steps that wait for another attempt, those of the most runs first. */
      retrying: z
        .array(
          z.object({
            workflow: z.string(),
            step: z.string(),
            runs: z.number(),
            nextAt: z.iso.datetime().nullable(),
          }),
        )
        .readonly(),
      /** Runs without progress, deadline or owner. */
      stuck: z.number(),
      /** What models were used by attempts since `startedAt`, in this process. */
      models: z
        .array(
          z.object({
            model: z.string(),
            calls: z.number(),
            inputTokens: z.number(),
            outputTokens: z.number(),
            /** `null`: the price of some of it is not known. */
            costUsd: z.number().nullable(),
          }),
        )
        .readonly(),
      /** When runs under way were last looked through; `null`: not yet. */
      lookedThroughAt: z.iso.datetime().nullable(),
      /** There are more runs under way than are looked through. */
      isPartial: z.boolean(),
    }),
  }),
  metrics: route({
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics of this process in the text format of Prometheus',
    role: 'viewer',
    answer: z.string(),
    media: 'text/plain',
  }),
  breakers: route({
    method: 'GET',
    path: '/breakers',
    summary: 'Circuit breakers and their state',
    role: 'viewer',
    answer: z.object({ breakers: z.array(Breaker).readonly() }),
  }),
  resetBreaker: route({
    method: 'POST',
    path: '/breakers/:name/reset',
    summary: 'Closes a breaker at once',
    role: 'operator',
    params: z.object({ name: z.string().min(1).max(200) }),
    body: z.strictObject({ reason: Reason.min(1) }),
    answer: Breaker,
  }),
};
