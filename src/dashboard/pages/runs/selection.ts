import type { z } from 'zod';
import type { Selection } from '../../../api/batches.ts';
import { type RunFilters, toQuery } from './run-filters.ts';

/** Whether a batch knows everything the filter says. */
export function isSelectable({ parent, state, waits }: RunFilters): boolean {
  return parent === null && state === null && waits === null;
}

/** All runs a filter finds, as a batch takes them; for filters that are {@link isSelectable}. */
export function toSelection(filters: RunFilters, nowMs: number): z.input<typeof Selection> {
  const { q, label, hasReview, workflow, status, createdAfter } = toQuery(filters, nowMs);
  return {
    filter: {
      ...(workflow !== undefined && { workflow }),
      ...(status !== undefined && { status }),
      ...(createdAfter !== undefined && { createdAfter }),
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
