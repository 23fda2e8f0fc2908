/** What a stand-in of an external system can be told to do wrong. */
import { z } from 'zod';

export const Fault = z.object({
  /** Milliseconds before the request is looked at; lasts until it is set anew. */
  delayMs: z.int().min(0).max(600_000).default(0),
  /** Answers the next `times` requests with this status and does nothing. */
  status: z.int().min(400).max(599).optional(),
  /** Cuts the connection of the next `times` requests: before it does what was asked, or after. */
  drop: z.enum(['before', 'after']).optional(),
  times: z.int().min(0).default(1),
  retryAfterS: z.int().min(0).optional(),
});
export type Fault = z.input<typeof Fault>;

/** By route, `POST /charges`, or `*` for those without their own. */
export const Faults = z.record(z.string(), Fault);
export const FaultsOfAll = z.record(z.string(), Faults);
