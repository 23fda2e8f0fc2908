import { describe, expect, it } from 'vitest';
import invoices from '../../machines/partial-success/invoices.json' with { type: 'json' };
import { partialSuccess } from '../../machines/partial-success/workflow.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { entryOf, eventsOf, openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  neverUndone,
  startedUnconditionally,
} from './support/unreachable.ts';

const [first, second, third, fourth] = invoices.items;

describe('partial success', () => {
  it('M122: says how many succeeded and failed, which, with what result or error', async () => {
    const { output } = await anEnd(invoices);

    expect(output).toEqual({
      successful_count: 2,
      failed_count: 2,
      successful_items: [
        { item: first, result: { vat_cents: 1_900, gross_cents: 11_900 } },
        { item: second, result: { vat_cents: 175, gross_cents: 2_675 } },
      ],
      failed_items: [
        { item: third, error: 'Invoice "R-1003" has 16 % tax; there are 0, 7, 19 %' },
        { item: fourth, error: 'Invoice "R-1004" asks for no money' },
      ],
      summary: '2 invoices, 145.75 EUR in all, 20.75 EUR of it tax',
    });
  });

  it('M123: makes the summary from the items that succeeded, and no others', async () => {
    const { engine, runId } = await anEnd(invoices);

    const { output } = await entryOf(engine, runId, 'items.completed');

    expect(output).toMatchObject({ complete: [{ index: 0 }, { index: 1 }], failed: [{}, {}] });
    expect((await entryOf(engine, runId, 'generate_summary.completed')).output).toBe(
      '2 invoices, 145.75 EUR in all, 20.75 EUR of it tax',
    );
  });

  it.each([
    ['all failed', { items: invoices.items.slice(2) }, 2],
    ['there were none', { items: [] }, 0],
  ])('M123: says "No items processed successfully" when %s', async (_when, input, failed_count) => {
    const { engine, runId, output } = await anEnd(input);

    expect(output).toMatchObject({
      successful_count: 0,
      failed_count,
      successful_items: [],
      summary: 'No items processed successfully',
    });
    expect(await eventsOf(engine, runId)).not.toContain('generate_summary.completed');
  });

  it('says one invoice of one', async () => {
    const { output } = await anEnd({ items: invoices.items.slice(0, 1) });

    expect(output).toMatchObject({ summary: expect.stringContaining('1 invoice, 119.00 EUR') });
  });
});

describeWorkflow(partialSuccess, {
  unreachable: {
    'processing.working.items.running items.failed': 'failures of items are collected',
    // Of the items of a path all succeed or the map as a whole fails; the tests above show what this branch yields.
    'processing.working.generate_summary.blocked always[1]':
      '"items.completed" never makes "some item succeeded" false and "summary" otherwise',
    ...neverUndone,
    ...startedUnconditionally,
    ...neverTimedOut,
    ...closedByPolicy,
  },
  onDone: printWalk,
});
describeCrashes(partialSuccess, sampled(40));

async function anEnd(input: typeof invoices) {
  const { engine } = await openBench({ workflows: [partialSuccess] });
  const { runId, result } = await engine.start(partialSuccess, input);
  return { engine, runId, output: await result() };
}
