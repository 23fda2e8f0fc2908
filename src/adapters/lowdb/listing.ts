import { join } from 'node:path';
import type { RunCount, RunFilter, RunPage, RunQuery, StoredRun } from '../../ports/store.ts';
import { toStoredRun } from '../shared/run-document.ts';
import {
  type Cursor,
  checkLimit,
  compareNewestFirst,
  countRuns as countsOf,
  isFinal,
  matches,
  parseCursor,
  toCursor,
} from '../shared/run-query.ts';
import { type Disk, findByFileName } from './disk.ts';
import { fileNameOf, hourOf, isHour, parseListingEntry, placeOf } from './layout.ts';

interface Listed {
  readonly place: Cursor;
  readonly run: StoredRun;
}

/** Documents read ahead of what is known to be wanted. */
const readAhead = 32;

/** Newest first; damaged runs are left out. Reads no more documents than it takes to fill the page. */
export async function listRuns(disk: Disk, query: RunQuery): Promise<RunPage> {
  checkLimit(query.limit, 1_000);
  const after = parseCursor(query.cursor);
  const found: Listed[] = [];
  for await (const listed of isOnlyOfLiveRuns(query)
    ? liveRuns(disk)
    : allRuns(disk, query, after)) {
    if (
      (after !== null && compareNewestFirst(after, listed.place) >= 0) ||
      !matches(listed.run, query)
    )
      continue;
    found.push(listed);
    if (found.length > query.limit) break;
  }
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  return {
    runs: page.map(({ run }) => run),
    cursor: last !== undefined && found.length > page.length ? toCursor(last.place) : null,
  };
}

/** Reads every document the filter may mean. */
export async function countRuns(disk: Disk, filter: RunFilter): Promise<readonly RunCount[]> {
  const found: StoredRun[] = [];
  const runs = isOnlyOfLiveRuns(filter)
    ? liveRuns(disk)
    : allRuns(disk, { ...filter, limit: readAhead }, null);
  for await (const { run } of runs) if (matches(run, filter)) found.push(run);
  return countsOf(found);
}

/** These are in memory. */
function isOnlyOfLiveRuns({ status, hasReview }: RunFilter): boolean {
  return hasReview === true || (status?.every((one) => !isFinal(one)) ?? false);
}

async function* liveRuns({ tables }: Disk): AsyncIterable<Listed> {
  const listed = [...tables.live].flatMap((runId) => {
    const document = tables.runs.published.get(runId);
    if (document === undefined) return [];
    const { createdAtMs } = document.header;
    return [
      {
        place: { createdAtMs: placeOf(createdAtMs), tie: fileNameOf(runId) },
        run: toStoredRun(document),
      },
    ];
  });
  yield* listed.sort((a, b) => compareNewestFirst(a.place, b.place));
}

async function* allRuns(disk: Disk, query: RunQuery, after: Cursor | null): AsyncIterable<Listed> {
  const places = placesNewestFirst(disk, {
    ...query,
    createdBeforeMs: Math.min(
      query.createdBeforeMs ?? Number.POSITIVE_INFINITY,
      (after?.createdAtMs ?? Number.POSITIVE_INFINITY) + 1,
    ),
  });
  let batch: Cursor[] = [];
  async function* read(): AsyncIterable<Listed> {
    const documents = await Promise.all(batch.map(({ tie }) => findByFileName(disk, tie)));
    for (const [index, document] of documents.entries()) {
      const place = batch[index];
      // an entry of another time is left from a creation that was interrupted
      if (document !== null && place?.createdAtMs === placeOf(document.header.createdAtMs)) {
        yield { place, run: toStoredRun(document) };
      }
    }
    batch = [];
  }
  for await (const place of places) {
    if (after !== null && compareNewestFirst(after, place) >= 0) continue;
    batch.push(place);
    if (batch.length === Math.min(readAhead, query.limit + 1)) yield* read();
  }
  yield* read();
}

/** Every run of the listing created within the bounds, whether its document is still there or not. */
export async function* placesNewestFirst(
  { files, layout }: Disk,
  bounds: Pick<RunQuery, 'createdAfterMs' | 'createdBeforeMs'>,
): AsyncIterable<Cursor> {
  const latest = hourOf(bounds.createdBeforeMs ?? Number.POSITIVE_INFINITY);
  const earliest = hourOf(bounds.createdAfterMs ?? 0);
  const hours = (await files.list(layout.listing)).filter(isHour).sort().reverse();
  for (const hour of hours) {
    if (hour > latest || hour < earliest) continue;
    const entries = [...(await files.list(join(layout.listing, hour)))].sort().reverse();
    for (const entry of entries) {
      const parsed = parseListingEntry(entry);
      if (parsed !== null) yield { createdAtMs: parsed.createdAtMs, tie: parsed.fileName };
    }
  }
}
