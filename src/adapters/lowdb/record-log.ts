/**
 * Records of the service, kept in memory and on the disk as a log: each round of writes adds one document with all it changed, so that a
 * group of changes is there as a whole or not at all, and costs one sync however many they are. Documents of like size are merged, so that
 * there are never many of them.
 */
import { join } from 'node:path';
import type { StoredRecord } from '../../ports/store.ts';
import { parseRecordId } from '../shared/records.ts';
import type { Table } from '../shared/table.ts';
import { type Disk, type Segment, setAside } from './disk.ts';
import { prepareDocument, readDocument } from './document.ts';
import { DamagedDocument } from './document-text.ts';
import { hasCode } from './file-system.ts';
import { type RecordSegment, segmentFormat } from './formats.ts';
import { parseSegmentName } from './layout.ts';

/** Documents of like size that are merged into one. */
const mergedAtOnce = 8;

export function stagedSegment({ staged }: Table<StoredRecord>): RecordSegment {
  return {
    changes: [...staged].map(([id, record]) =>
      record === undefined
        ? { id, revision: 0, value: null }
        : { id, revision: record.revision, value: record.value },
    ),
  };
}

/** Stages every record, and returns the documents they came from in order. */
export async function loadRecords(disk: Disk): Promise<readonly Segment[]> {
  const segments: Segment[] = [];
  for (const { first, last } of await listSegments(disk)) {
    const path = disk.layout.recordSegment(first, last);
    const segment = await readSegment(disk, path);
    if (segment === null) continue;
    for (const { id, revision, value } of segment.changes) {
      if (value === null) disk.tables.records.delete(id);
      else disk.tables.records.set(id, { ...parseRecordId(id), revision, value });
    }
    segments.push({ first, last, size: segment.changes.length });
  }
  return segments;
}

async function readSegment(disk: Disk, path: string): Promise<RecordSegment | null> {
  try {
    return await readDocument(disk.files, path, segmentFormat);
  } catch (error) {
    if (!(error instanceof DamagedDocument)) throw error;
    await setAside(disk, path, 'other', error.reason);
    return null;
  }
}

type Range = Pick<Segment, 'first' | 'last'>;

/** In order; those that a merged one stands for, and that a crash left behind, are removed. */
async function listSegments({ files, layout, readOnly }: Disk): Promise<readonly Range[]> {
  const names = await files.list(layout.records).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const all = names.flatMap((name) => parseSegmentName(name) ?? []);
  all.sort((a, b) => a.first - b.first || b.last - a.last);
  const kept: Range[] = [];
  for (const range of all) {
    const isCovered = range.last <= (kept.at(-1)?.last ?? -1);
    if (!isCovered) kept.push(range);
    else if (!readOnly) await files.remove(layout.recordSegment(range.first, range.last));
  }
  return kept;
}

/** Merges the last documents if there are enough of like size. What fails is left as it is, and tried again later. */
export async function mergeSegments(disk: Disk, token: string): Promise<void> {
  const { segments, layout } = disk;
  const merged = mergeable(segments);
  const [first, last] = [merged[0]?.first, merged.at(-1)?.last];
  if (first === undefined || last === undefined) return;
  try {
    const changes = new Map<string, RecordSegment['changes'][number]>();
    for (const range of merged) {
      const path = layout.recordSegment(range.first, range.last);
      const segment = await readDocument(disk.files, path, segmentFormat);
      // set aside or taken away by hand: what is known of it is in this process only
      if (segment === null) return;
      for (const change of segment.changes) changes.set(change.id, change);
    }
    const isOldest = merged.length === segments.length;
    const kept = [...changes.values()].filter(({ value }) => value !== null || !isOldest);
    await publishMerged(disk, { first, last }, { changes: kept }, token);
    segments.splice(-merged.length, merged.length, { first, last, size: kept.length });
    for (const range of merged)
      await disk.files.remove(layout.recordSegment(range.first, range.last));
  } catch {
    // the documents are all still there
  }
}

/** The longest row of documents at the end of which none is of a larger order than the last, if it is long enough. */
function mergeable(segments: readonly Segment[]): readonly Segment[] {
  const order = orderOf(segments.at(-1)?.size ?? 0);
  const larger = segments.findLastIndex(({ size }) => orderOf(size) > order);
  const row = segments.slice(larger + 1);
  return row.length < mergedAtOnce ? [] : row;
}

function orderOf(size: number): number {
  return Math.floor(Math.log(Math.max(1, size)) / Math.log(mergedAtOnce));
}

async function publishMerged(
  { files, layout }: Disk,
  { first, last }: Range,
  segment: RecordSegment,
  token: string,
): Promise<void> {
  const draft = join(layout.drafts, `${token}-merged-${last}`);
  const path = layout.recordSegment(first, last);
  const document = await prepareDocument(
    files,
    { path, draft, isSynced: true },
    segmentFormat,
    segment,
  );
  try {
    await document.publish();
    await files.syncDirectory(layout.records);
  } catch (error) {
    await document.discard().catch(() => {});
    throw error;
  }
}
