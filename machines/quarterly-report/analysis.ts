import {
  type Breakdown,
  capitalised,
  formatAmount,
  formatDay,
  formatShare,
  sum,
  type Trend,
} from './figures.ts';

export interface AnalysisRequest {
  readonly trend: Trend;
  readonly breakdown: Breakdown;
  /** For analysts that ask a language model; the offline one needs neither. */
  readonly model: string;
  readonly maxTokens: number;
}

export interface Analysis {
  /** A sentence each, the most important first; none if there is nothing to say. */
  readonly insights: string[];
  /** Who or what wrote them; printed in the report. */
  readonly source: string;
}

/** Turns figures into insights. An analyst that asks a language model is put in the place of {@link analyseOffline}. */
export type Analyst = (request: AnalysisRequest, signal: AbortSignal) => Promise<Analysis>;

/** The same figures always give the same three insights. No network, and no pretence of a language model. */
export const analyseOffline: Analyst = async ({ trend, breakdown }) => ({
  insights: [...direction(trend), ...peak(trend), ...largestPart(breakdown)],
  source: 'offline analysis, no language model',
});

function direction({ points, subject, unit, per }: Trend): string[] {
  const half = Math.floor(points.length / 2);
  if (half === 0) return [];
  const before = sum(points.slice(0, half)) / half;
  const after = sum(points.slice(-half)) / half;
  if (before === 0) return [];
  const verb = after < before ? 'fell' : 'rose';
  return [
    `${subject} ${verb} by ${formatShare(Math.abs(after - before), before)}: ${formatAmount(after, unit)} ` +
      `a ${per} on average in the second half of the period, after ${formatAmount(before, unit)} in the first.`,
  ];
}

function peak({ points, subject, unit, per }: Trend): string[] {
  const [first, ...rest] = points;
  if (first === undefined) return [];
  const best = rest.reduce((top, point) => (point.value > top.value ? point : top), first);
  const average = sum(points) / points.length;
  return [
    `${subject} peaked at ${formatAmount(best.value, unit)} in the ${per} of ${formatDay(best.label)}, ` +
      `${formatShare(best.value - average, average)} above the average ${per}.`,
  ];
}

function largestPart({ points, subject, unit }: Breakdown): string[] {
  const [largest] = points;
  const total = sum(points);
  if (largest === undefined || total === 0) return [];
  return [
    `${capitalised(largest.label)} is the largest part of ${subject.toLowerCase()}: ` +
      `${formatAmount(largest.value, unit)}, ${formatShare(largest.value, total)} of ${formatAmount(total, unit)}.`,
  ];
}
