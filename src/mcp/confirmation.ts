/** Words to confirm with, given by a tool that has said what it would do. */
import { createHash } from 'node:crypto';

/** @param seen - what was shown; another one gives another word */
export function confirmationOf(...seen: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex').slice(0, 12);
}
