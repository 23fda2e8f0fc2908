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

/** What attempts that completed report of themselves, as agents do. */
export const SpendRow = z.object({
  /** `2026-01-31`. */
  day: z.string(),
  workflow: z.string(),
  model: z.string(),
  calls: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  /** Of the calls whose price is known. */
  costUsd: z.number(),
  /** Calls whose price is not. */
  unpricedCalls: z.number(),
});

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
      /** What holds attempts and calls back in this process. */
      limits: z.object({
        /** Attempts at once over all queues; `null`: no limit is known. */
        attempts: z.number().nullable(),
        /** Queues with attempts, or with a limit of their own. One that waits begins when one under way has ended. */
        queues: z
          .array(
            z.object({
              queue: z.string(),
              /** `null`: it shares the places of all. */
              limit: z.number().nullable(),
              waiting: z.number(),
              running: z.number(),
            }),
          )
          .readonly(),
        /** Calls of one address in a minute; `null`: no limit. */
        callsPerMinute: z.number().nullable(),
        webhooksPerMinute: z.number().nullable(),
        /** Calls refused as too many (429) since the start. */
        refusedCalls: z.number(),
      }),
      runs: z.partialRecord(RunStatus, z.number()),
      /** Runs, of whatever status, with a review that waits for somebody. */
      inReview: z.number(),
      /** How late the earliest timer is, in milliseconds; 0: none is. */
      timerLagMs: z.number(),
      breakers: z.array(Breaker).readonly(),
      /** Steps that wait for another attempt, or of which one failed in the last five minutes: storms and those of the most runs first. */
      retrying: z
        .array(
          z.object({
            workflow: z.string(),
            step: z.string(),
            /** That wait for another attempt. */
            runs: z.number(),
            nextAt: z.iso.datetime().nullable(),
            /** That ended in this process in the last five minutes. */
            attempts: z.number(),
            failures: z.number(),
            /** Failures in five minutes over the hour before; `null`: it was not watched long enough. */
            usualFailures: z.number().nullable(),
            /** Many more fail than usual, or very many runs wait. */
            isStorm: z.boolean(),
            lastError: z.string().nullable(),
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
  spend: route({
    method: 'GET',
    path: '/health/spend',
    summary: 'What models were used by day (UTC), workflow and model',
    role: 'viewer',
    query: z.object({
      /** Today is the first. */
      days: z.coerce.number().int().min(1).max(90).default(30),
    }),
    answer: z.object({
      /** By the service's clock. */
      today: z.string(),
      /** The newest day first; days without any are left out. */
      rows: z.array(SpendRow).readonly(),
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
