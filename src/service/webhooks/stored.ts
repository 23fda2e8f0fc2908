/** What the service keeps of webhooks, as records. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AnyJson } from '../../api/parts.ts';

/** Accepted, and not processed yet; by delivery key. */
export const inboxCollection = 'webhook-inbox';
/** Processed; by delivery key, the same as in the inbox. */
export const deliveriesCollection = 'webhook-deliveries';
/** Nothing could be done with; by delivery key. */
export const deadLettersCollection = 'webhook-dead-letters';
/** By source and the sender's id: these were received. */
export const seenCollection = 'webhook-seen';

export const StoredArrival = z.object({
  source: z.string(),
  deliveryId: z.string(),
  event: z.string().nullable(),
  receivedAtMs: z.number(),
  payload: AnyJson,
  headers: z.record(z.string(), z.string()),
  testedBy: z.string().nullable(),
  /** When it was put into the inbox: when it came, or was replayed. */
  enteredAtMs: z.number(),
  replays: z.number(),
});
export type StoredArrival = z.infer<typeof StoredArrival>;

export const StoredProblem = z.object({
  code: z.string(),
  message: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })),
});
export type StoredProblem = z.infer<typeof StoredProblem>;

const Target = z.object({ kind: z.enum(['workflow', 'event', 'signal']), name: z.string() });

export const StoredDelivery = z.object({
  source: z.string(),
  deliveryId: z.string(),
  event: z.string().nullable(),
  receivedAtMs: z.number(),
  processedAtMs: z.number(),
  status: z.enum(['done', 'ignored', 'dead']),
  target: Target.nullable(),
  runId: z.string().nullable(),
  testedBy: z.string().nullable(),
  problem: StoredProblem.nullable(),
});
export type StoredDelivery = z.infer<typeof StoredDelivery>;

/** Sorts by time. */
export function deliveryKeyOf(receivedAtMs: number, token: string): string {
  return `${new Date(receivedAtMs).toISOString()}-${token}`;
}

/** No two ids of a source share a key, whatever they are made of. */
export function seenKeyOf(source: string, deliveryId: string): string {
  const isPlain = /^[!-~]{1,200}$/.test(deliveryId) && !deliveryId.startsWith('sha256:');
  return `${source}/${isPlain ? deliveryId : `sha256:${sha256(deliveryId)}`}`;
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
