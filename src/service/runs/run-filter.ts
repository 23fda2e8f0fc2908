import type { z } from 'zod';
import type { runFilter } from '../../api/runs.ts';
import type { RunFilter } from '../../ports/store.ts';

type Given = { readonly [K in keyof typeof runFilter]?: z.output<(typeof runFilter)[K]> };

/** What the address says of the runs that are meant, as stores know it. */
export function toRunFilter(
  { label, q, hasReview, createdAfter, createdBefore, waitsLongerThanMs, ...plain }: Given,
  nowMs: number,
): RunFilter {
  return {
    ...plain,
    ...(label === undefined ? {} : { labels: Object.fromEntries(label.map(toLabel)) }),
    ...(q === undefined ? {} : { text: q }),
    ...(hasReview === undefined ? {} : { hasReview: true }),
    ...(waitsLongerThanMs === undefined ? {} : { waitsBeforeMs: nowMs - waitsLongerThanMs }),
    ...(createdAfter === undefined ? {} : { createdAfterMs: Date.parse(createdAfter) }),
    ...(createdBefore === undefined ? {} : { createdBeforeMs: Date.parse(createdBefore) }),
  };
}

function toLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
