/** The runs a batch means. */
import { maxBatchRuns, type Selection } from '../../api/batches.ts';
import type { RunView } from '../../engine/views.ts';
import { SignalboxError } from '../../errors.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { RunFilter } from '../../ports/store.ts';
import type { Caller } from '../caller.ts';

const pageSize = 500;

/**
 * Found a page at a time, newest first, each run once.
 *
 * @throws SignalboxError `INPUT_INVALID` if there are more than a batch may hold, `RUN_NOT_FOUND` for a run that was named
 */
export async function* selectRuns(
  orchestrator: Orchestrator,
  selection: Selection,
  { workflows }: Caller,
  nowMs: number,
): AsyncGenerator<RunView> {
  const isAllowed = (run: RunView) => workflows === undefined || workflows.includes(run.workflow);
  if ('runIds' in selection) {
    for (const runId of new Set(selection.runIds)) {
      const run = await orchestrator.get(runId);
      if (isAllowed(run)) yield run;
    }
    return;
  }
  const filter = toRunFilter(selection.filter, nowMs);
  let found = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Orchestrator['list']>> = await orchestrator.list({
      ...filter,
      limit: pageSize,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const run of page.runs) {
      if (!isAllowed(run)) continue;
      found += 1;
      if (found > maxBatchRuns) throw tooMany();
      yield run;
    }
    cursor = page.cursor;
  } while (cursor !== null);
}

type Filter = Extract<Selection, { filter: unknown }>['filter'];

function toRunFilter(
  { createdAfter, createdBefore, waitsLongerThanMs, ...plain }: Filter,
  nowMs: number,
): RunFilter {
  return {
    ...plain,
    ...(waitsLongerThanMs === undefined ? {} : { waitsBeforeMs: nowMs - waitsLongerThanMs }),
    ...(createdAfter === undefined ? {} : { createdAfterMs: Date.parse(createdAfter) }),
    ...(createdBefore === undefined ? {} : { createdBeforeMs: Date.parse(createdBefore) }),
  };
}

function tooMany(): SignalboxError {
  return new SignalboxError(
    'INPUT_INVALID',
    `The filter finds more than ${maxBatchRuns} runs, which is as many as a batch may hold`,
    { hint: 'Narrow it, by workflow, status or time, and make several batches' },
  );
}
