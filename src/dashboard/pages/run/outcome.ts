/** How a run that did not complete ended; an outcome of a shape this page does not know counts as none. */
import { z } from 'zod';
import { AnyObject } from '../../../api/parts.ts';

const Outcome = z.object({
  failure: AnyObject.nullable(),
  cancelled: z.object({ reason: z.string().nullable() }).nullable(),
  completed: z.array(z.string()),
  undone: z.array(z.string()),
  notUndone: z.array(z.object({ step: z.string(), reason: z.string() })),
  compensation: z.enum(['nothing', 'complete', 'partial', 'impossible']),
});
export type Outcome = z.infer<typeof Outcome>;

export function toOutcome(given: unknown): Outcome | null {
  const parsed = Outcome.safeParse(given);
  return parsed.success ? parsed.data : null;
}
