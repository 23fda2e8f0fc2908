/** Signals that came before anybody waited: declared names only, first in first out, bounded in number and age, each consumed once. */
import type { Json, JsonObject } from '../plan/json.ts';
import { canonical } from './canonical.ts';
import type { LiveRun } from './live-run.ts';
import type { Mail } from './run-body.ts';

export const maxMails = 100;
/** The mailbox is rewritten with every commit. */
export const maxMailBytes = 1024 * 1024;
export const maxMailAgeMs = 30 * 24 * 60 * 60 * 1000;

/** Takes the oldest signal that fits out of the mailbox, or returns `null`. */
export function takeMail(run: LiveRun, event: string, where: JsonObject): Mail | null {
  const found = run.mailbox.find((mail) => mail.event === event && matches(mail.payload, where));
  if (found === undefined) return null;
  run.mailbox = run.mailbox.filter((mail) => mail !== found);
  return found;
}

/** Every key of `where` has the same JSON value in the payload. */
export function matches(payload: Json, where: JsonObject): boolean {
  const keys = Object.keys(where);
  if (keys.length === 0) return true;
  if (payload === null || typeof payload !== 'object' || Array.isArray(payload)) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(payload, key) &&
      canonical((payload as JsonObject)[key]) === canonical(where[key]),
  );
}
