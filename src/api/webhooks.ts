/** Calls about webhooks that come in. They themselves come to `POST /webhooks/:source`, signed by their senders. */
import { z } from 'zod';
import { AnyJson, AnyObject, Cursor } from './parts.ts';
import { route } from './route.ts';

const Source = z.string().min(1).max(64);
const DeliveryKey = z.string().min(1).max(200);
const params = z.object({ deliveryKey: DeliveryKey });
const Limit = z.coerce.number().int().min(1).max(200).default(50);

export const WebhookTarget = z.object({
  /** What an event becomes: a run, an event for whoever waits for it, or a signal to one run. */
  kind: z.enum(['workflow', 'event', 'signal']),
  name: z.string(),
});

export const WebhookSource = z.object({
  source: z.string(),
  description: z.string().nullable(),
  /** Where its sender posts to, on the host of the service: with its base path, if it has one. */
  path: z.string(),
  preset: z.enum(['standard', 'github', 'stripe', 'slack', 'generic', 'bearer', 'sns']),
  /** Why it cannot be received from, such as a missing secret; `null`: it is open. */
  problem: z.string().nullable(),
  /** Secrets that are valid now: two while one is rotated. Of `sns`: topics. */
  secrets: z.number(),
  /** Its secret was made by this process, for trying out: no sender can know it. */
  isTestOnly: z.boolean(),
  events: z
    .array(
      z.object({
        /** `*`: every event that has no entry of its own. */
        event: z.string(),
        target: WebhookTarget,
        /** JSON Schema of the payload. */
        payload: AnyObject,
      }),
    )
    .readonly(),
});

export const WebhookProblem = z.object({
  code: z.string(),
  message: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).readonly(),
});

export const WebhookDelivery = z.object({
  /** Under which the service keeps it; sorts by time. */
  deliveryKey: z.string(),
  source: z.string(),
  /** As the sender calls it. */
  deliveryId: z.string(),
  event: z.string().nullable(),
  receivedAt: z.iso.datetime(),
  status: z.enum(['accepted', 'done', 'ignored', 'dead']),
  processedAt: z.iso.datetime().nullable(),
  target: WebhookTarget.nullable(),
  /** Run that was started, or signalled. */
  runId: z.string().nullable(),
  /** Who sent it as a test; `null`: it came from outside. */
  testedBy: z.string().nullable(),
  problem: WebhookProblem.nullable(),
});

export const DeadLetter = WebhookDelivery.extend({
  /** Sensitive values replaced. */
  payload: AnyJson,
  headers: z.record(z.string(), z.string()),
  /** How often it was replayed. */
  replays: z.number(),
});

export const webhooks = {
  sources: route({
    method: 'GET',
    path: '/webhooks/sources',
    summary: 'Sources of webhooks, with the events each may send',
    role: 'viewer',
    answer: z.object({ sources: z.array(WebhookSource).readonly() }),
  }),
  deliveries: route({
    method: 'GET',
    path: '/webhooks/deliveries',
    summary: 'What was received, newest first, and what became of it',
    role: 'viewer',
    query: z.object({
      source: Source.exactOptional(),
      limit: Limit,
      cursor: Cursor.exactOptional(),
    }),
    answer: z.object({
      deliveries: z.array(WebhookDelivery).readonly(),
      cursor: z.string().nullable(),
      /** Accepted and not processed yet, of all sources. */
      waiting: z.number(),
    }),
  }),
  test: route({
    method: 'POST',
    path: '/webhooks/sources/:source/test',
    summary:
      'Signs a payload with the source’s secret and receives it like any other; it is marked as a test',
    role: 'operator',
    params: z.object({ source: Source }),
    body: z.strictObject({
      payload: AnyJson,
      /** Where the preset names events in a header, as GitHub does. */
      event: z.string().min(1).max(200).exactOptional(),
      /** Default: a new one. */
      deliveryId: z.string().min(1).max(200).exactOptional(),
    }),
    answer: z.object({
      deliveryId: z.string(),
      /** `null`: the id was known, so nothing happened. */
      deliveryKey: z.string().nullable(),
    }),
    status: 202,
  }),
  deadLetters: route({
    method: 'GET',
    path: '/webhooks/dead-letters',
    summary: 'Deliveries nothing could be done with, newest first',
    role: 'operator',
    query: z.object({
      source: Source.exactOptional(),
      limit: Limit,
      cursor: Cursor.exactOptional(),
    }),
    answer: z.object({
      deadLetters: z.array(DeadLetter).readonly(),
      cursor: z.string().nullable(),
    }),
  }),
  deadLetter: route({
    method: 'GET',
    path: '/webhooks/dead-letters/:deliveryKey',
    summary: 'One dead letter with its payload',
    role: 'operator',
    params,
    answer: DeadLetter,
  }),
  replay: route({
    method: 'POST',
    path: '/webhooks/dead-letters/:deliveryKey/replay',
    summary: 'Processes a dead letter again, as if it had come now',
    role: 'operator',
    params,
    answer: null,
  }),
  replayAll: route({
    method: 'POST',
    path: '/webhooks/dead-letters/replay',
    summary: 'Processes dead letters again, oldest first, after what kept them was mended',
    role: 'operator',
    body: z.strictObject({
      source: Source.exactOptional(),
      event: z.string().max(200).exactOptional(),
      /** Code of the problem. */
      code: z.string().max(100).exactOptional(),
      limit: z.number().int().min(1).max(1_000).default(1_000),
      /** Only count. Default: no. */
      dryRun: z.boolean().default(false),
    }),
    answer: z.object({ replayed: z.number(), isMore: z.boolean() }),
  }),
  discard: route({
    method: 'DELETE',
    path: '/webhooks/dead-letters/:deliveryKey',
    summary: 'Removes a dead letter for good',
    role: 'operator',
    params,
    answer: null,
  }),
};
