/** What the service keeps of outgoing webhooks, as records. */
import { z } from 'zod';
import { OutgoingEvent } from '../../api/endpoints.ts';
import type { StoredRecord } from '../../ports/store.ts';

export const endpointsCollection = 'outgoing-endpoints';
/** Still to be sent; by delivery key. */
export const waitingCollection = 'outgoing-waiting';
/** Sent or given up; by delivery key. */
export const settledCollection = 'outgoing-settled';
/** By run: the entry of its history up to which everything is told. */
export const cursorsCollection = 'outgoing-cursors';

export const StoredEndpoint = z.object({
  url: z.string(),
  description: z.string(),
  events: z.array(OutgoingEvent),
  workflows: z.array(z.string()).nullable(),
  status: z.enum(['active', 'paused', 'disabled']),
  /** Readable to whoever may read the store: it has to sign. */
  secret: z.string(),
  /** Signs beside the new one until `oldSecretUntilMs`. */
  oldSecret: z.string().nullable(),
  oldSecretUntilMs: z.number(),
  createdAtMs: z.number(),
});
export type StoredEndpoint = z.infer<typeof StoredEndpoint>;

export const StoredDelivery = z.object({
  eventId: z.string(),
  type: z.string(),
  runId: z.string().nullable(),
  atMs: z.number(),
  body: z.string(),
  status: z.enum(['waiting', 'sent', 'dead']),
  attempts: z.number(),
  nextAtMs: z.number(),
  lastStatus: z.number().nullable(),
  lastError: z.string().nullable(),
});
export type StoredDelivery = z.infer<typeof StoredDelivery>;

export const StoredCursor = z.object({ seq: z.number(), isOver: z.boolean() });

/** Sorts by time within an endpoint, and is the same whenever the event is derived again. */
export function deliveryKeyOf(endpointId: string, atMs: number, eventId: string): string {
  return `${endpointId}/${new Date(atMs).toISOString()}-${eventId}`;
}

export function endpointIdOf(deliveryKey: string): string {
  return deliveryKey.slice(0, deliveryKey.indexOf('/'));
}

export function removal({ collection, key, revision }: StoredRecord) {
  return { collection, key, expectedRevision: revision, value: null };
}
