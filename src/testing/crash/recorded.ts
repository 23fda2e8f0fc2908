/** What a store says has been done: none of it may be done again. */
import { childRunId, fallbackPath, idempotencyKey, undoKey } from '../../engine/keys.ts';
import type { JsonObject } from '../../plan/json.ts';
import type { ExportedRun, HistoryEntry, MapItem } from '../../ports/store.ts';
import type { Effect } from './stage.ts';

/** `key#attempt` of everything whose result is recorded: it must never be done again. */
export function recordedIn(runs: readonly ExportedRun[]): ReadonlySet<string> {
  const recorded = new Set<string>();
  for (const run of runs) {
    const { id } = run.header;
    for (const entry of run.history) recordEntry(recorded, run, entry, runs);
    for (const item of run.items) recordItem(recorded, id, item);
    for (const { generation, path, name } of run.checkpoints)
      recorded.add(`${idempotencyKey(id, path, generation)}:${name}`);
  }
  return recorded;
}

function recordEntry(
  recorded: Set<string>,
  { header: { id } }: ExportedRun,
  { event, step, attempt, generation, data }: HistoryEntry,
  runs: readonly ExportedRun[],
): void {
  if (step === null) return;
  const path = data?.['fallback'] === true ? fallbackPath(step) : step;
  if (event === 'undo.completed' || event === 'undo.failed') {
    const owner = ownerOf(runs, id, step, generation);
    recorded.add(`${undoKey(owner, step, generation)}#${attempt}`);
  } else if (event === `${step}.completed` || event === `${step}.happened`) {
    recorded.add(idempotencyKey(id, path, generation));
  } else if (event === `${step}.failed`) {
    recorded.add(`${idempotencyKey(id, path, generation)}#${attempt} failed`);
  } else if (event === 'run.failure_handled')
    recorded.add(idempotencyKey(id, 'onFailed', generation));
}

/** The run that did what `child/step` names. */
function ownerOf(
  runs: readonly ExportedRun[],
  runId: string,
  path: string,
  generation: number,
): string {
  const [first = '', ...rest] = path.split('/');
  if (rest.length === 0) return runId;
  const child = childRunId(runId, first, generation);
  return runs.some(({ header }) => header.id === child)
    ? ownerOf(runs, child, rest.join('/'), 1)
    : runId;
}

function recordItem(
  recorded: Set<string>,
  runId: string,
  { step, index, generation, state }: MapItem,
): void {
  const { results, undone } = state as { results: JsonObject; undone?: readonly string[] };
  for (const node of Object.keys(results))
    recorded.add(idempotencyKey(runId, `${step}/${index}/${node}`, generation));
  for (const node of undone ?? [])
    recorded.add(undoKey(runId, `${step}/${index}/${node}`, generation));
}

/** @param countsAfresh - a retry by hand counts failed attempts anew, under the same key */
export function isRecorded(
  recorded: ReadonlySet<string>,
  { kind, key, attempt, name }: Omit<Effect, 'life'>,
  countsAfresh: boolean,
): boolean {
  if (kind === 'compute') return recorded.has(`${key}:${name.slice(name.indexOf(':') + 1)}`);
  if (recorded.has(key) || recorded.has(`${key}#${attempt}`)) return true;
  return !countsAfresh && recorded.has(`${key}#${attempt} failed`);
}
