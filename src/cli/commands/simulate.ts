import { type Command, InvalidArgumentError } from 'commander';
import { toPng } from '../../adapters/canvas/index.ts';
import { observeRuns } from '../../analysis/observed-runs.ts';
import { simulationOf } from '../../analysis/simulated-workflow.ts';
import { parseDuration } from '../../plan/duration.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import { modelFrom } from '../../simulation/learn.ts';
import { type Model, mergeModels, parseModel } from '../../simulation/model.ts';
import { drawSimulation } from '../../simulation/picture.ts';
import type { SimulationReport } from '../../simulation/simulate.ts';
import { shortSpan } from '../../simulation/span.ts';
import { parseCount } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { findWorkflow } from '../find-workflow.ts';
import { readJson } from '../json-argument.ts';
import { loadMachines } from '../machines.ts';
import { section } from '../run-lines.ts';
import type { Style } from '../style.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage-error.ts';
import { writeAtomically } from '../write-file.ts';

interface SimulateOptions {
  readonly runs: number;
  readonly model?: string;
  readonly learn: boolean;
  readonly arrivals?: number;
  readonly reviewers?: number;
  readonly seed: number;
  readonly output?: string;
}

export function addSimulate(program: Command, cli: Cli): void {
  program
    .command('simulate')
    .description(
      'run a workflow many times by chance: how long it takes, how often it fails or expires, how queues build up',
    )
    .argument('<workflow>', 'name of a workflow')
    .option('--runs <count>', 'how many', parseCount, 10_000)
    .option('--model <json>', 'durations, failure rates, people and arrivals')
    .option('--learn', 'take them from the runs in the store; --model goes first', false)
    .option(
      '--arrivals <rate>',
      'how often runs start: 12/h, or 5m for one in five minutes on average',
      parseArrivals,
    )
    .option('--reviewers <count>', 'people who decide reviews', parseCount)
    .option('--seed <number>', 'another one, another chance', parseCount, 1)
    .option('--output <file>', 'a picture: .svg or .png')
    .action(async (name: string, options: SimulateOptions) => {
      const { workflow } = findWorkflow(await loadMachines(cli.options.machines), name);
      const given =
        options.model === undefined ? {} : await readJson('--model', options.model, process.stdin);
      const parsed = parseModel(given, workflow.plan);
      const learned = options.learn ? await learn(cli, workflow) : { model: {}, runs: 0 };
      const model = withOptions(mergeModels(learned.model, parsed), options);
      if (model.reviewers !== undefined && model.arrivals === undefined)
        throw new UsageError(
          'Reviewers share work only if runs come one after the other',
          'Add --arrivals, such as --arrivals 12/h',
        );
      const simulation = simulationOf(workflow, model, options);
      simulation.advance(Number.POSITIVE_INFINITY);
      const report = simulation.report();
      if (options.output !== undefined) await writePicture(options.output, report);
      await cli.report({
        json: { ...report, learnedFrom: options.learn ? learned.runs : null },
        text: reportLines(report, learned.runs, cli.style),
      });
    });
}

async function learn(
  cli: Cli,
  workflow: RunnableWorkflow,
): Promise<{ readonly model: Model; readonly runs: number }> {
  return cli.look(async ({ store }) => {
    const { seen, runs } = await observeRuns(store, workflow);
    return { model: modelFrom(seen), runs };
  });
}

function withOptions(model: Model, { arrivals, reviewers }: SimulateOptions): Model {
  return {
    ...model,
    ...(reviewers === undefined ? {} : { reviewers }),
    ...(arrivals === undefined ? {} : { arrivals: { kind: 'exponential', mean: arrivals } }),
  };
}

function parseArrivals(text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\/(s|m|h|d)$/.exec(text) ?? [];
  const meanMs =
    count === undefined ? parseDuration(text) : (parseDuration(`1${unit}`) ?? 0) / Number(count);
  if (meanMs !== null && Number.isFinite(meanMs) && meanMs > 0) return meanMs;
  throw new InvalidArgumentError('It must be a rate such as 12/h or a duration such as 5m.');
}

async function writePicture(file: string, report: SimulationReport): Promise<void> {
  const isPng = file.endsWith('.png');
  if (!isPng && !file.endsWith('.svg'))
    throw new UsageError(`--output: "${file}" is neither .svg nor .png`);
  const drawing = drawSimulation(report, isPng ? 'light' : 'auto');
  await writeAtomically(file, [isPng ? await toPng(drawing) : drawing]);
}

function reportLines(
  report: SimulationReport,
  learnedFrom: number,
  style: Style,
): readonly string[] {
  const { duration, rates, steps, queues, assumptions } = report;
  const percent = (rate: number) => `${Number((rate * 100).toFixed(2))}%`;
  const durations = (['p50', 'p90', 'p95', 'p99'] as const).map((name) => [
    name,
    shortSpan(duration[`${name}Ms`]),
  ]);
  const figures = Object.entries(rates).map(([name, rate]) => [name, percent(rate)]);
  return [
    `${report.runs} runs of ${printable(report.workflow)} version ${report.version}, seed ${report.seed}${learnedFrom > 0 ? `, as learned from ${learnedFrom} stored runs` : ''}`,
    ...section(
      'Duration',
      table(
        [{ title: '' }, { title: '', align: 'right' }],
        [...durations, ['mean', shortSpan(duration.meanMs)]],
        null,
      ),
      style,
    ),
    ...section('Runs', table([{ title: '' }, { title: '', align: 'right' }], figures, null), style),
    ...section(
      'Steps',
      table(
        ['STEP', 'ATTEMPTS', 'FAILURES', 'REVIEWS', 'EXPIRIES', 'UNDOS'].map((title, at) => ({
          title,
          align: at === 0 ? ('left' as const) : ('right' as const),
        })),
        steps.map((one) =>
          [one.step, one.attempts, one.failures, one.reviews, one.expiries, one.undos].map(String),
        ),
        style.dim,
      ),
      style,
    ),
    ...section(
      'Queues',
      queues
        .filter(({ size }) => size !== null)
        .map(({ name, size, utilisation, meanWaitMs, p95WaitMs, maxLength }) =>
          printable(
            `${name} (${size}): busy ${percent(utilisation ?? 0)}, wait ${shortSpan(meanWaitMs)} on average, 95% within ${shortSpan(p95WaitMs)}, at most ${maxLength} waiting`,
          ),
        ),
      style,
    ),
    ...section('Taken for granted', assumptions.map(printable), style),
  ];
}
