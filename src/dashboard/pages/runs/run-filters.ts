/** Which runs a list shows, as the address of the page says it. */
import { type Status, statusLooks } from '../../parts/status-badge.tsx';

/** How far back, by the time of the start. */
export const periods = {
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '24h': { label: 'Last 24 hours', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 7 * 86_400_000 },
  '30d': { label: 'Last 30 days', ms: 30 * 86_400_000 },
} as const;
export type Period = keyof typeof periods;

/** How long a run has waited at least. */
export const waits = {
  '1h': { label: '1 hour', ms: 3_600_000 },
  '24h': { label: '24 hours', ms: 86_400_000 },
  '7d': { label: '7 days', ms: 7 * 86_400_000 },
} as const;
export type Wait = keyof typeof waits;

export interface RunFilters {
  readonly q: string;
  readonly workflow: string | null;
  readonly status: readonly Status[];
  /** As `name=value`. */
  readonly label: readonly string[];
  readonly period: Period | null;
  /** Only runs with an open review. */
  readonly hasReview: boolean;
  /** Path of a state of the chart in which, or inside which, a run is. */
  readonly state: string | null;
  readonly waits: Wait | null;
  /** Only children of this run. */
  readonly parent: string | null;
}

export function toFilters(search: URLSearchParams): RunFilters {
  const period = search.get('period');
  const wait = search.get('waits');
  return {
    q: search.get('q') ?? '',
    workflow: search.get('workflow'),
    status: search.getAll('status').filter(isStatus),
    label: search.getAll('label').filter((text) => text.includes('=')),
    period: period !== null && isPeriod(period) ? period : null,
    hasReview: search.get('review') === 'open',
    state: search.get('state'),
    waits: wait !== null && isWait(wait) ? wait : null,
    parent: search.get('parent'),
  };
}

export function toSearch(filters: RunFilters): URLSearchParams {
  const search = new URLSearchParams();
  if (filters.q !== '') search.set('q', filters.q);
  if (filters.workflow !== null) search.set('workflow', filters.workflow);
  for (const status of filters.status) search.append('status', status);
  for (const label of filters.label) search.append('label', label);
  if (filters.period !== null) search.set('period', filters.period);
  if (filters.hasReview) search.set('review', 'open');
  if (filters.state !== null) search.set('state', filters.state);
  if (filters.waits !== null) search.set('waits', filters.waits);
  if (filters.parent !== null) search.set('parent', filters.parent);
  return search;
}

/** The same for the service. @param nowMs - what a period counts back from */
export function toQuery(filters: RunFilters, nowMs: number) {
  const { q, workflow, status, label, period, hasReview, state, parent } = filters;
  return {
    ...(q !== '' && { q }),
    ...(workflow !== null && { workflow }),
    ...(status.length > 0 && { status: [...status] }),
    ...(label.length > 0 && { label: [...label] }),
    ...(period !== null && {
      createdAfter: new Date(nowMs - periods[period].ms).toISOString(),
    }),
    ...(hasReview && { hasReview: 'true' as const }),
    ...(state !== null && { state }),
    ...(filters.waits !== null && { waitsLongerThanMs: waits[filters.waits].ms }),
    ...(parent !== null && { parent }),
  };
}

/** The same list on the command line. */
export function toArguments({ workflow, status, label }: RunFilters): readonly string[] {
  return [
    'runs',
    ...(workflow === null ? [] : ['--workflow', workflow]),
    ...status.flatMap((one) => ['--status', one]),
    ...label.flatMap((one) => ['--label', one]),
  ];
}

export function isNarrowed(filters: RunFilters): boolean {
  return toSearch(filters).size > 0;
}

const isStatus = (text: string): text is Status => Object.hasOwn(statusLooks, text);
const isWait = (text: string): text is Wait => Object.hasOwn(waits, text);
const isPeriod = (text: string): text is Period => Object.hasOwn(periods, text);
