import { describe, expect, it } from 'vitest';
import input from '../../machines/analysis-with-agent/measurements.json' with { type: 'json' };
import { analysisWithAgent } from '../../machines/analysis-with-agent/workflow.ts';
import { createLedger } from '../../machines/ledger.ts';
import { describeCrashes, describeWorkflow } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { eventsOf, openBench } from '../support/engine-bench.ts';
import { startModelServer, withoutProvider } from '../support/model-server.ts';
import { closedByPolicy, neverTimedOut, startedUnconditionally } from './support/unreachable.ts';

describeWorkflow(analysisWithAgent, {
  unreachable: {
    ...startedUnconditionally,
    ...neverTimedOut,
    ...closedByPolicy,
    'processing.draining always[2]': 'nothing of the workflow can be undone',
    'compensating.choosing always[2]': 'no undo of the workflow is tried again',
  },
});
describeCrashes(analysisWithAgent, sampled(40));

useDataDirectory();
const notices = createLedger('analysis-with-agent', 'notices');
const results = {
  task_a: { mean: 26 },
  task_b: { least: 20, greatest: 34 },
  task_c: { change: 11 },
};

describe('analysis-with-agent', () => {
  it('M105, M106: processes, computes three results in parallel, asks the agent, calls the tool', async () => {
    const server = await startModelServer('It gets warmer.');
    const { engine } = await openBench({ workflows: [analysisWithAgent] });

    const { runId, result } = await engine.start(analysisWithAgent, input);
    const output = await result();

    const message = 'Workflow complete: It gets warmer.';
    expect(output).toEqual({
      results,
      analysis: 'It gets warmer.',
      notification: { notice_id: expect.any(String), message },
    });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.messages[1]?.content).toBe(
      `Analyze these results: ${JSON.stringify(results)}`,
    );
    expect(await notices.read(output.notification.notice_id)).toEqual({
      status: 'done',
      details: { message },
    });
    const done = (await eventsOf(engine, runId)).filter((event) => event.endsWith('.completed'));
    expect([done[0], done.slice(1, 4).toSorted(), ...done.slice(4)]).toEqual([
      'process_data.completed',
      ['task_a.completed', 'task_b.completed', 'task_c.completed'],
      'analysis.completed',
      'notification.completed',
    ]);
  });

  it('says on the board that no model was asked, if none is configured', async () => {
    withoutProvider();
    const { engine } = await openBench({ workflows: [analysisWithAgent] });

    const { result } = await engine.start(analysisWithAgent, input);

    expect((await result()).notification.message).toBe(
      'Workflow complete: [offline model] mean 26, from 20 to 34, change 11',
    );
  });

  it('says so when there is nothing to analyse', async () => {
    const { engine } = await openBench({ workflows: [analysisWithAgent] });

    const { result } = await engine.start(analysisWithAgent, { values: [null, 999] });

    await expect(result()).rejects.toThrow('no_data');
  });
});
