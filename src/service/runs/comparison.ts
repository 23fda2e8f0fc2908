import { canonical } from '../../engine/canonical.ts';
import { notFound } from '../../engine/run-table.ts';
import type { RunView } from '../../engine/views.ts';
import type { HistoryEntry } from '../../ports/store.ts';
import type { Caller } from '../caller.ts';
import type { ServiceParts } from '../parts.ts';
import { entriesOf } from './history.ts';

/**
 * Walks both histories side by side up to the first entry in which they differ.
 *
 * @throws SignalboxError `RUN_NOT_FOUND`, also for a run of a workflow the caller is not to see
 */
export async function compareRuns(
  parts: Pick<ServiceParts, 'orchestrator'>,
  leftId: string,
  rightId: string,
  { workflows }: Pick<Caller, 'workflows'>,
) {
  const [left, right] = await Promise.all([
    parts.orchestrator.get(leftId),
    parts.orchestrator.get(rightId),
  ]);
  if (workflows !== undefined && !workflows.includes(right.workflow)) throw notFound(rightId);
  const rights = entriesOf(parts, rightId, right.entries);
  let common = 0;
  let parting: readonly [HistoryEntry | null, HistoryEntry | null] | null = null;
  for await (const mine of entriesOf(parts, leftId, left.entries)) {
    const other = await rights.next();
    const theirs = other.done === true ? null : other.value;
    if (theirs === null || differenceOf(mine, theirs) !== null) {
      parting = [mine, theirs];
      break;
    }
    common += 1;
  }
  if (parting === null) {
    const other = await rights.next();
    if (other.done !== true) parting = [null, other.value];
  }
  await rights.return(undefined);
  return {
    left: headOf(left),
    right: headOf(right),
    common,
    divergence:
      parting === null
        ? null
        : {
            left: sideOf(parting[0]),
            right: sideOf(parting[1]),
            what:
              parting[0] === null || parting[1] === null
                ? 'one history ends here'
                : `the ${differenceOf(parting[0], parting[1])} differs`,
          },
  };
}

/** Times, actors and hashes differ between any two runs and say nothing. */
function differenceOf(left: HistoryEntry, right: HistoryEntry): string | null {
  for (const field of ['event', 'step', 'attempt', 'to', 'settles'] as const)
    if (left[field] !== right[field]) return field === 'to' ? 'status' : field;
  if (left.inputHash !== right.inputHash) return 'input';
  if (canonical(left.output ?? null) !== canonical(right.output ?? null)) return 'output';
  return null;
}

function sideOf(entry: HistoryEntry | null) {
  if (entry === null) return null;
  const { seq, event, step, to, atMs } = entry;
  return { seq, event, step, to, at: new Date(atMs).toISOString() };
}

function headOf({ runId, workflow, version, status }: RunView) {
  return { runId, workflow, version, status };
}
