import { describe, expect, it } from 'vitest';
import invoice from '../../machines/invoice-processing/invoice.json' with { type: 'json' };
import {
  extractInvoice,
  InvoiceDocument,
  postInvoice,
  validateInvoice,
} from '../../machines/invoice-processing/tasks.ts';
import { invoiceProcessing } from '../../machines/invoice-processing/workflow.ts';
import { createLedger } from '../../machines/ledger.ts';
import { defineWorkflow } from '../../src/index.ts';
import { check, describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { eventsOf, openBench } from '../support/engine-bench.ts';
import { printWalk } from './support/print-walk.ts';
import {
  closedByPolicy,
  neverTimedOut,
  undoneAtOnce,
  undoneAtTheEndOnly,
  withoutFunctions,
} from './support/unreachable.ts';

useDataDirectory();

describe('invoice processing', () => {
  it('M001: validates, extracts and posts, in this order', async () => {
    const { engine } = await openBench({ workflows: [invoiceProcessing] });

    const run = await engine.start(invoiceProcessing, invoice);

    const { posting_id, ...rest } = await run.result();
    expect(rest).toEqual({ number: '2025-0042', total_cents: 11_900 });
    expect(await createLedger('invoice-processing', 'postings').read(posting_id)).toMatchObject({
      status: 'done',
      details: { document_id: 'doc-7', vendor: 'Station Lamps Ltd' },
    });
    const steps = (await eventsOf(engine, run.runId)).filter((event) =>
      /^(validate|extract|post)\./.test(event),
    );
    expect(steps).toEqual(['validate.completed', 'extract.completed', 'post.completed']);
  });

  it('M001: is proved to have no way past the validation', () => {
    const findings = protectionOf(invoiceProcessing);

    expect(findings?.verdict).toBe('holds');
  });

  it('M001: a definition with such a way does not hold', () => {
    const careless = defineWorkflow({
      name: 'careless',
      version: 1,
      input: InvoiceDocument,
      steps(w) {
        w.task('validate', validateInvoice, { input: w.input, protects: ['post'] });
        const read = w.task('extract', extractInvoice, {
          input: { document_id: w.input.$.document_id, lines: {} },
        });
        return w.task('post', postInvoice, { input: read });
      },
    });

    expect(protectionOf(careless)).toMatchObject({
      verdict: 'violated',
      findings: [{ kind: 'violation', subject: 'post' }],
    });
  });

  it.each([
    ['Total: 119.00', 'Total: 118.00', 'net and tax do not make the total'],
    ['Vendor: Station Lamps Ltd\n', '', '"Vendor" is there 0 times'],
    ['Net: 100.00', 'Net: much', '"Net" is no amount, net and tax do not make the total'],
  ])('posts nothing when %j is %j', async (part, other, problem) => {
    const { engine } = await openBench({ workflows: [invoiceProcessing] });
    const text = invoice.text.replace(part, other);

    const run = await engine.start(invoiceProcessing, { ...invoice, text });

    await expect(run.result()).rejects.toThrow(
      `Workflow failed at step 'validate': Invoice "doc-7" is not valid: ${problem}`,
    );
  });
});

describeWorkflow(invoiceProcessing, {
  unreachable: {
    ...closedByPolicy,
    ...neverTimedOut,
    ...withoutFunctions,
    ...undoneAtOnce,
    ...undoneAtTheEndOnly,
  },
  onDone: printWalk,
});
describeCrashes(invoiceProcessing, sampled(20));

function protectionOf(workflow: Parameters<typeof check>[0]) {
  return check(workflow).rules.find(({ rule }) => rule === 'protected-steps');
}
