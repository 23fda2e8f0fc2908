import { z } from 'zod';
import {
  Breakdown,
  capitalised,
  formatAmount,
  formatDay,
  formatShare,
  sum,
  Trend,
} from './figures.ts';

export interface Figures {
  readonly trend: Trend;
  readonly breakdown: Breakdown;
}

const wanted = 3;
const Insights = z.object({
  insights: z.array(z.string().trim().min(1).max(500)).max(wanted),
});

export const offlineSource = 'offline analysis, no language model';

/** Turns figures into insights. Without a provider in the environment they are computed, and {@link offlineSource} is told as their source. */
export const analyst = {
  name: 'analyst',
  system:
    'You find what matters in the figures of a business. Each insight is one sentence with its numbers.',
  input: z.object({ trend: Trend, breakdown: Breakdown }),
  prompt: (figures: Figures) =>
    `Analyse this data summary and provide ${wanted} key insights: ${JSON.stringify(figures)}`,
  output: Insights,
  offline: ({ input }: { input: Figures }) => ({ answer: { insights: insightsOf(input) } }),
};

/** A sentence each, the most important first; none if there is nothing to say. The same figures always give the same. */
function insightsOf({ trend, breakdown }: Figures): string[] {
  return [...direction(trend), ...peak(trend), ...largestPart(breakdown)];
}

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
