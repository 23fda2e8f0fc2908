/** What people and programs did to the service; what they did to a run stands in the run's history. */
import { z } from 'zod';
import { AnyObject } from './parts.ts';
import { route } from './route.ts';

export const AuditEntry = z.object({
  /** From 1, without gaps. */
  seq: z.number(),
  at: z.iso.datetime(),
  actor: z.string(),
  /** A noun and what became of it, as `token.created`. */
  action: z.string(),
  /** What it was done to, as `token/4f…`. */
  subject: z.string(),
  outcome: z.enum(['done', 'refused']),
  details: AnyObject,
  /** SHA-256 of the entry, the hash of the one before it included; `previousHash` of the first is 64 zeros. */
  previousHash: z.string(),
  hash: z.string(),
});

export const audit = {
  list: route({
    method: 'GET',
    path: '/audit',
    summary: 'What was done to the service by whom, newest first',
    role: 'admin',
    query: z.object({
      actor: z.string().max(200).exactOptional(),
      /** An action, or the beginning of several that ends in a dot: `token.` */
      action: z.string().max(100).exactOptional(),
      /** The whole subject, or a beginning that ends in a slash: `token/` */
      subject: z.string().max(300).exactOptional(),
      outcome: z.enum(['done', 'refused']).exactOptional(),
      after: z.iso.datetime().exactOptional(),
      before: z.iso.datetime().exactOptional(),
      order: z.enum(['ascending', 'descending']).default('descending'),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: z.string().max(100).exactOptional(),
    }),
    answer: z.object({ entries: z.array(AuditEntry).readonly(), cursor: z.string().nullable() }),
  }),
  verify: route({
    method: 'GET',
    path: '/audit/verify',
    summary: 'Recomputes the chain of the audit log',
    role: 'admin',
    answer: z.object({
      /** Sound entries from the beginning. */
      entries: z.number(),
      /** Where the chain breaks first; `null`: it is sound. */
      fault: z.object({ seq: z.number(), reason: z.string() }).nullable(),
      /** Keep it elsewhere: a log rewritten as a whole has another. */
      headHash: z.string(),
    }),
  }),
};
