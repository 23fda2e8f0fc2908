import { SignalboxError } from '../../errors.ts';
import type { RunStatus } from '../../plan/plan.ts';
import type {
  PruneQuery,
  RunCount,
  RunFilter,
  RunHeader,
  RunState,
  StoredRun,
} from '../../ports/store.ts';

const finalStatuses: ReadonlySet<RunStatus> = new Set<RunStatus>([
  'complete',
  'failed',
  'cancelled',
]);

export function isFinal(status: RunStatus): boolean {
  return finalStatuses.has(status);
}

/** Nothing will happen to the run unless somebody asks: finished, and nothing scheduled or awaited. */
export function isSettled(state: RunState): boolean {
  return (
    isFinal(state.status) &&
    !state.active &&
    state.dueAtMs === null &&
    state.awaits.length === 0 &&
    state.reviews.length === 0
  );
}

/** When the run needs an engine; `null` while it is paused. */
export function dueAtMsOf(state: RunState): number | null {
  return state.pausedAtMs === null ? state.dueAtMs : null;
}

export function matches({ header, state }: StoredRun, query: RunFilter): boolean {
  return (
    (query.workflow === undefined || header.workflow === query.workflow) &&
    (query.version === undefined || header.version === query.version) &&
    (query.status === undefined || query.status.includes(state.status)) &&
    (query.parent === undefined || header.parent?.runId === query.parent) &&
    (query.hasReview !== true || state.reviews.length > 0) &&
    (query.createdAfterMs === undefined || header.createdAtMs > query.createdAfterMs) &&
    (query.createdBeforeMs === undefined || header.createdAtMs < query.createdBeforeMs) &&
    Object.entries(query.labels ?? {}).every(
      ([name, value]) => Object.hasOwn(header.labels, name) && header.labels[name] === value,
    ) &&
    (query.text === undefined || searchText(header).includes(query.text.toLowerCase())) &&
    (query.state === undefined || isIn(state, query.state)) &&
    doesWait(state, query)
  );
}

function isIn({ status, standing }: RunState, path: string): boolean {
  if (status === path) return true;
  return standing?.states.some((state) => state === path || state.startsWith(`${path}.`)) ?? false;
}

function doesWait({ standing }: RunState, { waitsFor, waitsBeforeMs }: RunFilter): boolean {
  if (waitsFor === undefined && waitsBeforeMs === undefined) return true;
  const waits = Object.entries(standing?.waits ?? {});
  return waits.some(
    ([kind, sinceMs]) =>
      (waitsFor === undefined || waitsFor.includes(kind)) &&
      (waitsBeforeMs === undefined || sinceMs < waitsBeforeMs),
  );
}

/** What a text search looks through; a line feed keeps its parts apart. */
export function searchText({
  id,
  key,
  workflow,
  labels,
}: Pick<RunHeader, 'id' | 'key' | 'workflow' | 'labels'>): string {
  const parts = [
    id,
    workflow,
    key ?? '',
    ...Object.entries(labels).map((label) => label.join('=')),
  ];
  return parts.join('\n').toLowerCase();
}

/** @param runs - those that are counted */
export function countRuns(runs: Iterable<StoredRun>): readonly RunCount[] {
  const counts = new Map<string, RunCount>();
  for (const { header, state } of runs) {
    const key = `${state.status} ${header.workflow}`;
    const known = counts.get(key)?.runs ?? 0;
    counts.set(key, { workflow: header.workflow, status: state.status, runs: known + 1 });
  }
  return [...counts.values()];
}

/**
 * A child goes with its parents, not before: until then they may read its result, or undo what it did.
 *
 * @param find - a run of the store, `null` if there is none
 */
export function isPrunable(
  run: StoredRun,
  query: PruneQuery,
  find: (runId: string) => StoredRun | null,
): boolean {
  const { header } = run;
  return (
    isOver(run, query) &&
    (query.workflow === undefined || header.workflow === query.workflow) &&
    areParentsOver(run, query, find)
  );
}

function isOver({ state }: StoredRun, { finishedBeforeMs, status }: PruneQuery): boolean {
  return (
    isSettled(state) &&
    state.finishedAtMs !== null &&
    state.finishedAtMs < finishedBeforeMs &&
    (status === undefined || status.includes(state.status))
  );
}

function areParentsOver(
  { header: { parent } }: StoredRun,
  query: PruneQuery,
  find: (runId: string) => StoredRun | null,
): boolean {
  const found = parent === null ? null : find(parent.runId);
  return found === null || (isOver(found, query) && areParentsOver(found, query, find));
}

/** A prune of all runs also drops what expired before its date: keys, remembered results, answered messages to nobody in particular. */
export function isUnrestricted(query: PruneQuery): boolean {
  return query.status === undefined && query.workflow === undefined;
}

/** Place in a list: runs are sorted by time of creation, then by `tie`, both descending. */
export interface Cursor {
  readonly createdAtMs: number;
  readonly tie: string;
}

export function toCursor(place: Cursor): string {
  return Buffer.from(JSON.stringify([place.createdAtMs, place.tie])).toString('base64url');
}

/** @throws SignalboxError `INPUT_INVALID` */
export function parseCursor(cursor: string | undefined): Cursor | null {
  if (cursor === undefined) return null;
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (
      Array.isArray(place) &&
      place.length === 2 &&
      Number.isFinite(place[0]) &&
      typeof place[1] === 'string'
    ) {
      return { createdAtMs: place[0], tie: place[1] };
    }
  } catch {
    // reported below
  }
  throw new SignalboxError(
    'INPUT_INVALID',
    `Cursor "${cursor}" is not one that a list of runs returned`,
    { details: { cursor } },
  );
}

/** Negative if `a` comes before `b` in a list. */
export function compareNewestFirst(a: Cursor, b: Cursor): number {
  return b.createdAtMs - a.createdAtMs || (a.tie < b.tie ? 1 : a.tie > b.tie ? -1 : 0);
}

/** @throws SignalboxError `INPUT_INVALID` unless the limit is a whole number from 1 to `max` */
export function checkLimit(limit: number, max: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return;
  throw new SignalboxError(
    'INPUT_INVALID',
    `Limit is ${limit}; expected a whole number from 1 to ${max}`,
    { details: { limit, max } },
  );
}
