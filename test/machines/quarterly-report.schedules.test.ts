import { describe, expect, it } from 'vitest';
import {
  monthlyReportSchedule,
  quarterlyReportSchedule,
} from '../../machines/quarterly-report/triggers.ts';
import {
  monthlyOperationsReport,
  quarterlyReport,
} from '../../machines/quarterly-report/workflow.ts';
import { loadMachines } from '../../src/cli/machines.ts';
import type { Schedule } from '../../src/index.ts';
import { tickOf } from '../../src/triggers/schedule.ts';
import { upcoming } from '../../src/triggers/slots.ts';

const newYear = Date.UTC(2026, 0, 1);

/** Local time of each slot, and the range of its report. */
function slotsOf(schedule: Schedule, count: number, afterMs = newYear) {
  return upcoming(schedule.slots, afterMs, count).map((slot) => {
    const { from, to } = schedule.input(tickOf(schedule, slot)) as { from: string; to: string };
    return `${slot.local}: ${from} to ${to}`;
  });
}

describe('schedules of the reports', () => {
  it('report each quarter on the first Monday of the next', () => {
    expect(slotsOf(quarterlyReportSchedule, 4)).toEqual([
      '2026-01-05T06:00:00+01:00: 2025-10-01 to 2025-12-31',
      '2026-04-06T06:00:00+02:00: 2026-01-01 to 2026-03-31',
      '2026-07-06T06:00:00+02:00: 2026-04-01 to 2026-06-30',
      '2026-10-05T06:00:00+02:00: 2026-07-01 to 2026-09-30',
    ]);
  });

  it('report each month at two in the night to the first of the next, winter and summer', () => {
    expect(slotsOf(monthlyReportSchedule, 4, Date.UTC(2026, 1, 1, 12))).toEqual([
      '2026-03-01T02:00:00+01:00: 2026-02-01 to 2026-02-28',
      '2026-04-01T02:00:00+02:00: 2026-03-01 to 2026-03-31',
      '2026-05-01T02:00:00+02:00: 2026-04-01 to 2026-04-30',
      '2026-06-01T02:00:00+02:00: 2026-05-01 to 2026-05-31',
    ]);
  });

  it('give inputs their workflows accept', () => {
    for (const [schedule, workflow] of [
      [quarterlyReportSchedule, quarterlyReport],
      [monthlyReportSchedule, monthlyOperationsReport],
    ] as const) {
      const [slot] = upcoming(schedule.slots, newYear, 1);

      const input = schedule.input(tickOf(schedule, slot ?? { atMs: newYear, local: '' }));

      expect(workflow.bindings.input.parse(input)).toMatchObject({ ok: true });
    }
  });

  it('are found beside the workflows', async () => {
    const { triggers, problems } = await loadMachines('machines/quarterly-report');

    expect(triggers.map(({ trigger }) => trigger.name).sort()).toEqual([
      'monthly-operations-report',
      'quarterly-report',
    ]);
    expect(problems).toEqual([]);
  });
});
