/** The form of what the benchmarks print; how fast anything is, no test says. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const entry = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));
const tiny = ['--rounds', '1', '--json'];
const aFigure = expect.toSatisfy((value: unknown) => typeof value === 'number' && value > 0);
const anEnvironment = { node: process.version, cpus: aFigure, logLevel: 'warn' };

async function bench(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [entry, ...args], { encoding: 'utf8' });
}

describe('the benchmarks', () => {
  it.each(['sqlite', 'lowdb', 'memory'])(
    'compares hello-seq3 on %s with the floor',
    async (store) => {
      const { stdout } = await bench('hello-seq3', '--store', store, '--runs', '20', ...tiny);

      expect(JSON.parse(stdout)).toMatchObject({
        benchmark: 'hello-seq3',
        store,
        inflight: 64,
        runs: 20,
        runsPerSecond: aFigure,
        stepsPerSecond: aFigure,
        p50Ms: aFigure,
        p99Ms: aFigure,
        floorRunsPerSecond: aFigure,
        ratioToFloor: aFigure,
        singleFlight: {
          p50Ms: aFigure,
          p99Ms: aFigure,
          floorP50Ms: aFigure,
          ratioToFloor: aFigure,
        },
        environment: anEnvironment,
      });
    },
  );

  it('says how many paths workflows have', async () => {
    const { stdout } = await bench('paths', '--steps', '8', ...tiny);

    const { rows } = JSON.parse(stdout);
    expect(rows.map((row: { case: string }) => row.case)).toEqual(['fork-2', 'fork-4', 'fork-8']);
    for (const row of rows)
      expect(row).toMatchObject({ paths: aFigure, states: aFigure, events: aFigure });
  });

  it('says what a step and what opening costs as things grow', async () => {
    const { stdout } = await bench('growth', '--steps', '100', '--finished', '0,20', ...tiny);

    const { rows, open, environment } = JSON.parse(stdout);
    const row = { microsPerStep: aFigure, ratioToFirst: aFigure };
    expect(rows).toMatchObject([
      { case: 'sequence-10', steps: 10, ...row, ratioToFirst: 1 },
      { case: 'sequence-100', steps: 100, ...row },
      { case: 'fork-10', steps: 10, ...row },
      { case: 'fork-100', steps: 100, ...row },
    ]);
    const opened = {
      openMs: aFigure,
      firstRunMs: aFigure,
      totalMs: aFigure,
      ratioToEmpty: aFigure,
    };
    expect(open).toMatchObject([
      { store: 'sqlite', finishedRuns: 0, ...opened, ratioToEmpty: 1 },
      { store: 'sqlite', finishedRuns: 20, ...opened },
      { store: 'lowdb', finishedRuns: 0, ...opened, ratioToEmpty: 1 },
      { store: 'lowdb', finishedRuns: 20, ...opened },
    ]);
    expect(environment).toMatchObject(anEnvironment);
  });

  it('compares the modes of durability', async () => {
    const { stdout } = await bench('modes', '--runs', '20', ...tiny);

    const row = { runsPerSecond: aFigure, p50Ms: aFigure, singleFlightP50Ms: aFigure };
    expect(JSON.parse(stdout).rows).toMatchObject([
      { durability: 'durable', ...row },
      { durability: 'fast', ...row },
    ]);
  });

  it('says how long the proofs take', async () => {
    const { stdout } = await bench('check', '--steps', '10', ...tiny);

    const row = { totalMs: aFigure, microsPerStep: aFigure, verdict: 'assumed' };
    expect(JSON.parse(stdout).rows).toMatchObject([
      { case: 'sequence-10', steps: 10, ...row },
      { case: 'fork-10', ...row },
    ]);
  });

  it('M240, M256: says how much faster records are verified than by a script', async () => {
    const { stdout } = await bench(
      'credential-verification',
      '--records',
      '3',
      '--latency',
      '5',
      ...tiny,
    );

    expect(JSON.parse(stdout)).toMatchObject({
      benchmark: 'credential-verification',
      records: 3,
      latencyMs: 5,
      scriptMsPerRecord: aFigure,
      engineMsPerRecord: aFigure,
      ratio: aFigure,
      oneAtATime: { msPerRecord: aFigure, ratio: aFigure },
      environment: anEnvironment,
    });
  });

  it('prints a table to people', async () => {
    const { stdout } = await bench(
      'hello-seq3',
      '--store',
      'memory',
      '--runs',
      '20',
      '--rounds',
      '1',
    );

    expect(stdout).toMatch(/^64 in flight +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ of its runs\/s$/m);
  });

  it.each([
    [['hello-seq4'], 'There is no benchmark "hello-seq4"'],
    [['hello-seq3', '--runs', 'many'], '--runs is "many"; expected a whole number from 1'],
    [['hello-seq3', '--store', 'tape'], '--store is "tape"; expected one of sqlite, lowdb, memory'],
  ])('refuses %j with what is wrong and the usage', async (args, message) => {
    await expect(bench(...args)).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^${message}[^]*Usage:`)),
    });
  });
});
