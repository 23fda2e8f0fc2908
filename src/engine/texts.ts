/** Short texts from outside: bounded, and Unicode that every store and hash has a form for. */

import { z } from 'zod';
import { SignalboxError } from '../errors.ts';
import { issuesText } from '../plan/issues.ts';

export const Text = z
  .string()
  .refine((text) => text.isWellFormed(), 'has half a character (a lone surrogate)');
export const Name = Text.min(1).max(200);
export const Reason = Text.max(2_000);

/** @throws SignalboxError `INPUT_INVALID` with what is wrong, and where */
export function accept<S extends z.ZodType>(what: string, schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  throw new SignalboxError('INPUT_INVALID', `${what}: ${issuesText(issues)}`, {
    details: { issues },
  });
}
