/** Calls about webhooks that go out: whom the service tells what happens to runs and reviews. */
import { z } from 'zod';
import { Cursor } from './parts.ts';
import { route } from './route.ts';

/** What may be told of. */
export const OutgoingEvent = z.enum([
  'run.created',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'run.retried',
  'review.opened',
  'review.decided',
]);

const EndpointId = z.string().min(1).max(100);
const Url = z.string().min(1).max(2_000);
const Description = z.string().max(500);
const Events = z.array(OutgoingEvent).min(1).max(20);
const params = z.object({ endpointId: EndpointId });

export const Endpoint = z.object({
  endpointId: z.string(),
  url: z.string(),
  description: z.string(),
  events: z.array(OutgoingEvent).readonly(),
  /** `null`: of every workflow. */
  workflows: z.array(z.string()).readonly().nullable(),
  /** `disabled`: its receiver has answered that it is gone (410). */
  status: z.enum(['active', 'paused', 'disabled']),
  createdAt: z.iso.datetime(),
  /** It stands in the settings of the service, and calls do not change it. */
  isFixed: z.boolean(),
  /** Deliveries still to be made. */
  waiting: z.number(),
});

export const OutgoingDelivery = z.object({
  deliveryKey: z.string(),
  /** Header `webhook-id`, the same at every attempt. */
  eventId: z.string(),
  type: z.string(),
  runId: z.string().nullable(),
  status: z.enum(['waiting', 'sent', 'dead']),
  attempts: z.number(),
  /** When it is tried next; `null`: not any more. */
  nextAttemptAt: z.iso.datetime().nullable(),
  lastStatus: z.number().nullable(),
  lastError: z.string().nullable(),
  at: z.iso.datetime(),
});

/** `whsec_` and base64; it is shown in this answer and never again. */
const Secret = z.object({ secret: z.string() });

export const endpoints = {
  list: route({
    method: 'GET',
    path: '/endpoints',
    summary: 'Endpoints that are told of runs and reviews',
    role: 'operator',
    answer: z.object({ endpoints: z.array(Endpoint).readonly() }),
  }),
  create: route({
    method: 'POST',
    path: '/endpoints',
    summary: 'Adds an endpoint; the answer shows its secret, once',
    role: 'admin',
    body: z.strictObject({
      url: Url,
      description: Description.default(''),
      events: Events,
      workflows: z.array(z.string().min(1).max(200)).min(1).max(100).nullable().default(null),
    }),
    answer: Endpoint.extend(Secret.shape),
    status: 201,
  }),
  update: route({
    method: 'PATCH',
    path: '/endpoints/:endpointId',
    summary: 'Changes an endpoint, pauses it, or activates it again',
    role: 'admin',
    params,
    body: z.strictObject({
      url: Url.exactOptional(),
      description: Description.exactOptional(),
      events: Events.exactOptional(),
      workflows: z.array(z.string().min(1).max(200)).min(1).max(100).nullable().exactOptional(),
      status: z.enum(['active', 'paused']).exactOptional(),
    }),
    answer: Endpoint,
  }),
  remove: route({
    method: 'DELETE',
    path: '/endpoints/:endpointId',
    summary: 'Removes an endpoint with its deliveries',
    role: 'admin',
    params,
    answer: null,
  }),
  rotate: route({
    method: 'POST',
    path: '/endpoints/:endpointId/secret',
    summary: 'Makes a new secret, shown once; for a day deliveries are signed by the old one, too',
    role: 'admin',
    params,
    answer: Secret,
  }),
  test: route({
    method: 'POST',
    path: '/endpoints/:endpointId/test',
    summary: 'Sends an event of type endpoint.test',
    role: 'operator',
    params,
    answer: z.object({ deliveryKey: z.string() }),
    status: 202,
  }),
  deliveries: route({
    method: 'GET',
    path: '/endpoints/:endpointId/deliveries',
    summary:
      'Deliveries to an endpoint, newest first: those that wait, or those that were sent or given up',
    role: 'operator',
    params,
    query: z.object({
      status: z.enum(['waiting', 'settled', 'dead']).default('settled'),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: Cursor.exactOptional(),
    }),
    answer: z.object({
      deliveries: z.array(OutgoingDelivery).readonly(),
      cursor: z.string().nullable(),
    }),
  }),
  replay: route({
    method: 'POST',
    path: '/endpoints/:endpointId/replay',
    summary: 'Sends deliveries that were given up once more: those named, or all',
    role: 'operator',
    params,
    body: z.strictObject({
      deliveryKeys: z.array(z.string().min(1).max(500)).min(1).max(1_000).exactOptional(),
    }),
    answer: z.object({ replayed: z.number() }),
  }),
};
