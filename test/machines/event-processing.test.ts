import { describe, expect, it } from 'vitest';
import event from '../../machines/event-processing/event.json' with { type: 'json' };
import { all, readMetrics } from '../../machines/event-processing/records.ts';
import { updateMetrics } from '../../machines/event-processing/tasks.ts';
import { eventProcessing } from '../../machines/event-processing/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { callTask, undoTask } from '../support/call-task.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  startedUnconditionally,
  undoneAtOnce,
} from './support/unreachable.ts';

useDataDirectory();

const alert = {
  id: 'evt-2',
  type: 'system_alert',
  data: { severity: 'critical', message: 'Disk full' },
};
const sale = { id: 'evt-3', type: 'business_event', data: { name: 'sale', amount: 12.5 } };
const stranger = { id: 'evt-4', type: 'moon_phase', data: { phase: 'full' } };

describe('event processing', () => {
  it.each([
    [event, 'actions', { event_id: 'evt-1', user: 'ann', action: 'signed in' }, 'ann: signed in'],
    [
      alert,
      'alerts',
      { event_id: 'evt-2', severity: 'critical', message: 'Disk full' },
      'critical: Disk full',
    ],
    [sale, 'bookings', { event_id: 'evt-3', name: 'sale', amount: 12.5 }, 'sale: 12.5'],
  ])('M138, M140: $type goes to its handler', async (sent, table, row, message) => {
    expect(await outcomeOf(sent)).toEqual({
      event_id: sent.id,
      event_type: sent.type,
      processed: true,
      result: { success: true, message },
    });
    expect(all(table)).toEqual([row]);
    expect(all('log')).toEqual([
      { event_id: sent.id, event_type: sent.type, success: true, message },
    ]);
  });

  it('M138: an event of an unknown type is set aside, and said not to be processed', async () => {
    expect(await outcomeOf(stranger)).toEqual({
      event_id: 'evt-4',
      event_type: 'moon_phase',
      processed: false,
      result: { success: false, message: 'Events of type "moon_phase" are unknown' },
    });
    expect(all('set_aside')).toEqual([
      { event_id: 'evt-4', type: 'moon_phase', data: { phase: 'full' } },
    ]);
  });

  it('M139: counts by type and outcome', async () => {
    const { engine } = await openBench({ workflows: [eventProcessing] });
    const vague = { ...sale, data: { name: 'sale' } };

    for (const sent of [event, event, alert, sale, vague, stranger])
      await (await engine.start(eventProcessing, sent)).result();

    expect(readMetrics()).toEqual({
      'user_action succeeded': 2,
      'system_alert succeeded': 1,
      'business_event succeeded': 1,
      'business_event failed': 1,
      'unknown failed': 1,
    });
  });

  it('M139: counts once, however often it is attempted, and not any more when undone', async () => {
    const input = { type: 'user_action' as const, success: true };

    await callTask(updateMetrics, input, { idempotencyKey: 'k-1' });
    const output = await callTask(updateMetrics, input, { idempotencyKey: 'k-1', attempt: 2 });
    expect(readMetrics()).toEqual({ 'user_action succeeded': 1 });

    await undoTask(updateMetrics, { input, output });
    expect(readMetrics()).toEqual({});
  });

  it('M140: what is no event is answered with the error, and changes nothing', async () => {
    expect(await outcomeOf({ id: 'evt-5', data: [] })).toEqual({
      processed: false,
      error: expect.stringMatching(/^type: .*; data: /),
    });
    expect(all('log')).toEqual([]);
    expect(readMetrics()).toEqual({});
  });

  it('M099: durability is switched in the definition, and the run says so', async () => {
    const { engine } = await openBench({ workflows: [eventProcessing] });

    const { runId } = await engine.start(eventProcessing, event);

    expect(eventProcessing.plan.durability).toBe('fast');
    expect((await engine.get(runId)).durability).toBe('fast');
  });
});

describeWorkflow(eventProcessing, {
  unreachable: { ...closedByPolicy, ...neverTimedOut, ...startedUnconditionally, ...undoneAtOnce },
  onDone: printWalk,
});
describeCrashes(eventProcessing, sampled(40));
describeCrashes(eventProcessing, { stores: ['lowdb'], ...sampled(16) });

async function outcomeOf(sent: object): Promise<unknown> {
  const { engine } = await openBench({ workflows: [eventProcessing] });
  return (await engine.start('event-processing', sent)).result();
}
