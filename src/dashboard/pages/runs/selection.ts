import type { z } from 'zod';
import type { BatchAction, Selection } from '../../../api/batches.ts';
import { type RunFilters, toQuery } from './run-filters.ts';

/** All runs a filter finds, as a batch takes them. */
export function toSelection(filters: RunFilters, nowMs: number): z.input<typeof Selection> {
  const { q, label, hasReview, ...plain } = toQuery(filters, nowMs);
  return {
    filter: {
      ...plain,
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

/** The same batch on the command line. */
export function toArguments(
  action: z.input<typeof BatchAction>,
  runs: z.input<typeof Selection>,
  reason: string,
): readonly string[] {
  return [
    'batch',
    'start',
    action.kind,
    ...('runIds' in runs ? ['--run', ...runs.runIds] : filterArguments(runs.filter)),
    ...(action.kind === 'cancel' ? ['--mode', action.mode ?? 'drain'] : []),
    ...(action.kind === 'retry' && action.acceptNotUndone ? ['--accept-not-undone'] : []),
    '--reason',
    reason,
  ];
}

type Filter = Extract<z.input<typeof Selection>, { readonly filter: unknown }>['filter'];

function filterArguments(filter: Filter): readonly string[] {
  const { workflow, status = [], labels = {}, text, parent, state } = filter;
  const { createdAfter, waitsLongerThanMs, hasReview } = filter;
  const option = (name: string, value: string | undefined) =>
    value === undefined ? [] : [name, value];
  return [
    ...option('--workflow', workflow),
    ...status.flatMap((one) => ['--status', one]),
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...option('--text', text),
    ...option('--parent', parent),
    ...option('--state', state),
    ...(hasReview === true ? ['--has-review'] : []),
    ...option(
      '--waits-longer-than',
      waitsLongerThanMs === undefined ? undefined : `${Math.round(waitsLongerThanMs / 1_000)}s`,
    ),
    ...option('--created-after', createdAfter),
  ];
}
