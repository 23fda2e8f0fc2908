import { type Command, Option } from 'commander';
import type {
  CrashProgress,
  CrashReport,
  CrashStore,
  LabMode,
  WalkReport,
} from '../../testing/crash/index.ts';
import { parseCount } from '../arguments.ts';
import type { Cli, Report } from '../cli.ts';
import { printable } from '../escape.ts';
import { findWorkflow } from '../find-workflow.ts';
import { type FoundWorkflow, loadMachines } from '../machines.ts';
import { createProgressLine } from '../progress-line.ts';

interface TestOptions {
  readonly crash: boolean;
  readonly kill: boolean;
  readonly on?: readonly CrashStore[];
  readonly mode: readonly LabMode[];
  readonly coverage: 'transitions' | 'paths';
  readonly sample?: number;
  readonly seed: number;
}

/** Starting processes is slow: without `--sample` this many are killed on each store. */
const defaultKills = 30;

export function addTest(program: Command, cli: Cli): void {
  program
    .command('test')
    .description('play every path of a workflow with stand-ins for its tasks; crash it on the way')
    .argument('<workflow>', 'name of the workflow; its newest version is tested')
    .option('--crash', 'crash before and after every write and effect, in this process', false)
    .option('--kill', 'kill -9 real processes, on lowdb and sqlite in a temporary folder', false)
    .addOption(
      new Option('--on <store...>', 'stores, each fresh for every path').choices([
        'memory',
        'lowdb',
        'sqlite',
      ]),
    )
    .addOption(
      new Option('--mode <mode...>', 'what --crash does')
        .choices(['kill', 'power_loss', 'standstill'])
        .default(['kill']),
    )
    .addOption(
      new Option('--coverage <coverage>', 'which paths')
        .choices(['transitions', 'paths'])
        .default('transitions'),
    )
    .option('--sample <n>', 'places tried on each store, one of every kind at least', parseCount)
    .option('--seed <n>', 'draws the places of the sample', parseCount, 1)
    .action(async (name: string, options: TestOptions) => {
      const found = findWorkflow(await loadMachines(cli.options.machines), name);
      await cli.report(
        options.crash || options.kill
          ? await crashes(cli, found, options)
          : await walk(cli, found, options),
      );
    });
}

async function walk(
  cli: Cli,
  { workflow, module }: FoundWorkflow,
  { coverage }: TestOptions,
): Promise<Report> {
  const testing = await import('../../testing/crash/index.ts');
  const fixtures = await testing.fixturesBeside(module);
  const line = createProgressLine(process.stderr);
  const onProgress = ({ path, executions }: { path: string; executions: number }) =>
    line.show(`${executions} paths played: ${path}`);
  const walked: WalkReport = await cli.orInterrupted(
    testing.walkPaths(workflow, { ...fixtures, coverage, onProgress }),
  );
  line.clear();
  return {
    json: walked,
    text: testing.walkLines(walked).map(printable),
    exitCode: walked.failures.length === 0 ? 0 : 1,
  };
}

async function crashes(
  cli: Cli,
  { workflow, module }: FoundWorkflow,
  options: TestOptions,
): Promise<Report> {
  const testing = await import('../../testing/crash/index.ts');
  const { coverage, seed, on, sample, mode: modes } = options;
  const line = createProgressLine(process.stderr);
  const onProgress = ({ path, executions, crashes: count }: CrashProgress) =>
    line.show(`${executions} executions, ${count} crashes: ${path}`);
  const common = { coverage, seed, onProgress };
  const reports: { crash?: CrashReport; kill?: CrashReport } = {};
  if (options.crash) {
    const stores = on ?? testing.storesFor(modes);
    const sampled = sample === undefined ? {} : { sample };
    const crashed = testing.crashEverywhere(workflow, {
      ...(await testing.fixturesBeside(module)),
      ...common,
      ...sampled,
      stores,
      modes,
    });
    reports.crash = await cli.orInterrupted(crashed);
  }
  if (options.kill) {
    const stores = (on ?? ['lowdb', 'sqlite']).filter((store) => store !== 'memory');
    const given = { ...common, sample: sample ?? defaultKills, module, stores };
    reports.kill = await cli.orInterrupted(testing.killEverywhere(workflow, given));
  }
  line.clear();
  const all = Object.values(reports);
  return {
    json: reports,
    text: all.flatMap((report) => testing.crashLines(report)).map(printable),
    exitCode: all.every((report) => testing.isCrashProof(report)) ? 0 : 1,
  };
}
