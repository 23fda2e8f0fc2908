import { defineSchedule } from '../../src/index.ts';
import { monthlyOperationsReport, quarterlyReport } from './workflow.ts';

const timeZone = 'Europe/Berlin';

/** On the first Monday of a quarter, about the one before, before anybody is at work. */
export const quarterlyReportSchedule = defineSchedule({
  name: 'quarterly-report',
  description: 'The figures of the last quarter, on the first Monday after it',
  cron: '0 6 * 1,4,7,10 1#1',
  timeZone,
  workflow: quarterlyReport,
  input: ({ local }) => ({ ...monthsBefore(local, 3), date: local.slice(0, 10) }),
  // A report that was missed is wanted all the same, once.
  catchUp: 1,
});

/** Every night of the first of a month at two, about the month before. */
export const monthlyReportSchedule = defineSchedule({
  name: 'monthly-operations-report',
  description: 'The operations of the last month, in the night to its first day',
  cron: '0 2 1 * *',
  timeZone,
  workflow: monthlyOperationsReport,
  input: ({ local }) => ({ ...monthsBefore(local, 1), date: local.slice(0, 10) }),
  // Not at the same moment as everything else that is due at two.
  jitter: '10m',
});

/** First and last day of the whole months before the month of a local time. */
function monthsBefore(local: string, months: number): { from: string; to: string } {
  const [year, month] = [Number(local.slice(0, 4)), Number(local.slice(5, 7))];
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return {
    from: dayOf(Date.UTC(year, month - 1 - months, 1)),
    to: dayOf(Date.UTC(year, month - 1, 0)),
  };
}
