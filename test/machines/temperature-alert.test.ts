import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import alert from '../../machines/temperature-alert/alert.json' with { type: 'json' };
import normal from '../../machines/temperature-alert/normal.json' with { type: 'json' };
import {
  supervisedTemperatureAlert,
  temperatureAlert,
} from '../../machines/temperature-alert/workflow.ts';
import { createInlineExecutor } from '../../src/adapters/inline/executor.ts';
import { failureOf } from '../../src/failure.ts';
import { TransientError } from '../../src/index.ts';
import { describeCrashes, describeWorkflow, ManualClock } from '../../src/testing/index.ts';
import { sampled } from '../crash/support/seed.ts';
import { useDataDirectory } from '../support/data-directory.ts';
import { entryOf, openBench, second } from '../support/engine-bench.ts';
import { closedByPolicy, neverTimedOut, startedUnconditionally } from './support/unreachable.ts';

const dataDirectory = useDataDirectory();
const unreadable = { report: 'Device T-101 reports nothing.' };

async function aReport(workflow: typeof temperatureAlert, input: typeof alert) {
  const bench = await openBench({ workflows: [temperatureAlert, supervisedTemperatureAlert] });
  const run = await bench.engine.start(workflow, input);
  return { ...bench, engine: bench.engine, run, runId: run.runId };
}

async function ledgers(): Promise<readonly string[]> {
  const files = await readdir(dataDirectory(), { recursive: true });
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.split('/')[1] ?? '')
    .toSorted();
}

describe('temperature-alert', () => {
  it('M195, M196: 95 °C is critical, alerted about and logged', async () => {
    const { run } = await aReport(temperatureAlert, alert);

    expect(alert.report).toBe('Device T-101 reports temperature at 95°C.');
    expect(await run.result()).toMatchObject({
      analysis: { severity: 'Critical', details: 'Temperature exceeds 90°C limit.' },
    });
    expect(await ledgers()).toEqual(['alerts', 'log-entries']);
  });

  it.each([
    normal,
    { report: 'Device T-101 reports temperature at 90 C' },
    { report: 'Device T-101 reports temperature at -5.5°C' },
  ])('M196: $report is normal, and logged only', async (input) => {
    const { run } = await aReport(temperatureAlert, input);

    expect(await run.result()).toMatchObject({
      analysis: { severity: 'Normal', details: 'All systems nominal.' },
    });
    expect(await ledgers()).toEqual(['log-entries']);
  });

  it('M199, M200: the order is recorded, and a step reads the results of those it names', async () => {
    const { engine, run, runId } = await aReport(temperatureAlert, alert);
    await run.result();

    const settled = (await engine.history(runId)).filter(({ event }) =>
      event.endsWith('.completed'),
    );

    expect(settled.map(({ step }) => step).slice(0, 2)).toEqual(['ingest', 'analyze']);
    expect(settled[0]?.output).toEqual({ raw_data: alert.report });
    const { plan } = temperatureAlert;
    expect(plan.nodes.filter(({ kind }) => kind === 'task').map(({ id }) => id)).toEqual([
      'ingest',
      'analyze',
      'alert',
      'log',
    ]);
  });

  it('M201: alert and log are under way at the same time', async () => {
    const waiting: string[] = [];
    let release = () => {};
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bench = await benchWith(async (step) => {
      if (step !== 'alert' && step !== 'log') return null;
      waiting.push(step);
      if (waiting.length === 2) release();
      await both;
      return null;
    });

    const run = await bench.engine.start(temperatureAlert, alert);

    // Neither ends before the other has begun.
    await run.result();
    expect(waiting.toSorted()).toEqual(['alert', 'log']);
  });

  it('M202: stops at a failure, and a failed step feeds no other', async () => {
    const { engine, run, runId } = await aReport(temperatureAlert, unreadable);

    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });

    expect(await engine.get(runId)).toMatchObject({
      status: 'failed',
      outcome: { failure: { step: 'analyze' }, completed: ['ingest'] },
    });
    expect(await ledgers()).toEqual([]);
  });

  it('M202: hands a failure to the task for failures', async () => {
    const { engine, run, runId } = await aReport(supervisedTemperatureAlert, unreadable);

    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED' });
    await engine.drive(runId, 'finished');

    expect(await engine.get(runId)).toMatchObject({ status: 'failed' });
    expect(await ledgers()).toEqual(['failure-tickets']);
  });

  it('M207, M208, M209: what may pass is tried again after a second, as often as declared', async () => {
    const { engine, clock, log, runId } = await withDownAlerts(2);
    await clock.advance(2 * second);
    await engine.result(runId);
    const failing = await withDownAlerts(3);
    await failing.clock.advance(2 * second);

    expect(log.saying('retrying in 1s').map(({ message }) => message)).toEqual([
      'retrying in 1s (attempt 2/3)',
      'retrying in 1s (attempt 3/3)',
    ]);
    expect(log.saying('succeeded on retry')).toHaveLength(1);
    await expect(failing.engine.result(failing.runId)).rejects.toMatchObject({
      code: 'RUN_FAILED',
    });
    expect(failing.log.saying('task failed after 3 attempt(s)')).toHaveLength(1);
    expect(await entryOf(failing.engine, failing.runId, 'alert.failed')).toMatchObject({
      attempt: 3,
    });
  });
});

/** The alerting service is down for the first attempts. */
async function withDownAlerts(times: number) {
  let left = times;
  const bench = await benchWith(async (step) => {
    if (step !== 'alert' || left === 0) return null;
    left -= 1;
    return new TransientError('The pager does not answer');
  });
  const { runId } = await bench.engine.start(temperatureAlert, alert);
  return { ...bench, engine: bench.engine, runId };
}

/** @param before - runs before each attempt; an error takes its place */
function benchWith(before: (step: string) => Promise<Error | null>) {
  const clock = new ManualClock();
  const inline = createInlineExecutor(clock);
  return openBench({
    workflows: [temperatureAlert],
    clock,
    executor: {
      ...inline,
      async attempt(request) {
        const error = await before(request.step);
        return error === null
          ? inline.attempt(request)
          : { ok: false, failure: failureOf(error), durationMs: 0 };
      },
    },
  });
}

const unreachable = { ...neverTimedOut, ...closedByPolicy, ...startedUnconditionally };
describeWorkflow(supervisedTemperatureAlert, { unreachable });
describeCrashes(temperatureAlert, { ...sampled(20) });
describeCrashes(supervisedTemperatureAlert, { stores: ['lowdb'], ...sampled(10) });
