import type { z } from 'zod';
import type { Selection } from '../../../api/batches.ts';
import { type RunFilters, toQuery } from './run-filters.ts';

/** All runs a filter finds, as a batch takes them. */
export function toSelection(filters: RunFilters, nowMs: number): z.input<typeof Selection> {
  const { q, label, hasReview, parent: _, ...rest } = toQuery(filters, nowMs);
  return {
    filter: {
      ...rest,
      ...(q !== undefined && { text: q }),
      ...(label !== undefined && { labels: Object.fromEntries(label.map(toLabel)) }),
      ...(hasReview !== undefined && { hasReview: true }),
    },
  };
}

function toLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
