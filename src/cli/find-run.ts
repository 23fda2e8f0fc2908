import { SignalboxError } from '../errors.ts';
import type { Orchestrator } from '../orchestrator.ts';

/** Shorter ones would name another run tomorrow. */
const shortestPrefix = 6;

/**
 * The id of the run that is meant: a whole id, or the beginning of one if no other run's begins so.
 *
 * @throws SignalboxError `RUN_NOT_FOUND`
 */
export async function findRun(
  runs: Pick<Orchestrator, 'get' | 'list'>,
  given: string,
): Promise<string> {
  if (given.length < shortestPrefix || (await isRun(runs, given))) return given;
  const found = await idsBeginningWith(runs, given);
  if (found.length <= 1) return found[0] ?? given;
  throw new SignalboxError('RUN_NOT_FOUND', `"${given}" is the beginning of ${found.length} runs`, {
    details: { given, runs: found.slice(0, 10) },
    hint: `They are: ${found.slice(0, 10).join(', ')}`,
  });
}

async function isRun(runs: Pick<Orchestrator, 'get'>, id: string): Promise<boolean> {
  try {
    await runs.get(id);
    return true;
  } catch (error) {
    if (error instanceof SignalboxError && error.code === 'RUN_NOT_FOUND') return false;
    throw error;
  }
}

async function idsBeginningWith(
  runs: Pick<Orchestrator, 'list'>,
  prefix: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Orchestrator['list']>> = await runs.list({
      text: prefix.slice(0, 200),
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { runId } of page.runs) if (runId.startsWith(prefix)) found.push(runId);
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}
