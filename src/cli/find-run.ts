import { SignalboxError } from '../errors.ts';
import type { Store } from '../ports/store.ts';

/** Shorter ones would name another run tomorrow. */
const shortestPrefix = 6;

/**
 * The id of the run that is meant: a whole id, or the beginning of one if no other run's begins so.
 *
 * @throws SignalboxError `RUN_NOT_FOUND`
 */
export async function findRun(store: Store, given: string): Promise<string> {
  if ((await store.load(given)) !== null || given.length < shortestPrefix) return given;
  const found = await idsBeginningWith(store, given);
  if (found.length <= 1) return found[0] ?? given;
  throw new SignalboxError('RUN_NOT_FOUND', `"${given}" is the beginning of ${found.length} runs`, {
    details: { given, runs: found.slice(0, 10) },
    hint: `They are: ${found.slice(0, 10).join(', ')}`,
  });
}

async function idsBeginningWith(store: Store, prefix: string): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { header } of page.runs) if (header.id.startsWith(prefix)) found.push(header.id);
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}
