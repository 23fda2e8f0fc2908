import { type Command, Option } from 'commander';
import { toPng } from '../../adapters/canvas/index.ts';
import { overlayOfCoverage } from '../../analysis/coverage-overlay.ts';
import { cover } from '../../analysis/store-coverage.ts';
import { drawSvg } from '../../diagram/draw.ts';
import type { RunnableWorkflow } from '../../ports/bindings.ts';
import type { CoverageReport } from '../../proof/coverage.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { findWorkflow } from '../find-workflow.ts';
import { loadMachines } from '../machines.ts';
import { section } from '../run-lines.ts';
import { openIfThere } from '../store-location.ts';
import type { Style } from '../style.ts';
import { UsageError } from '../usage-error.ts';
import { writeAtomically } from '../write-file.ts';

interface CoverageOptions {
  readonly paths: boolean;
  readonly by?: 'runs' | 'tests';
  readonly output?: string;
}

export function addCoverage(program: Command, cli: Cli): void {
  program
    .command('coverage')
    .description(
      'which transitions the path tests and the stored runs took, and which of them nobody tests',
    )
    .argument('<workflow>', 'name of a workflow')
    .option('--no-paths', 'leave the path tests out')
    .addOption(
      new Option(
        '--by <whom>',
        'whose counts the picture shows; default: runs, if there are any',
      ).choices(['runs', 'tests']),
    )
    .option('--output <file>', 'a heat map of the statechart: .svg or .png')
    .action(async (name: string, options: CoverageOptions) => {
      const { workflow } = findWorkflow(await loadMachines(cli.options.machines), name);
      // The path tests can be looked at before there are any runs.
      const store = await openIfThere(cli, program);
      try {
        const report = await cover(store, workflow, options.paths);
        if (options.output !== undefined)
          await writePicture(options.output, workflow, report, options);
        await cli.report({ json: report, text: reportLines(report, cli.style) });
      } finally {
        await store?.close();
      }
    });
}

async function writePicture(
  file: string,
  { plan }: RunnableWorkflow,
  report: CoverageReport,
  { by = report.runs > 0 ? 'runs' : 'tests' }: CoverageOptions,
): Promise<void> {
  const isPng = file.endsWith('.png');
  if (!isPng && !file.endsWith('.svg'))
    throw new UsageError(`--output: "${file}" is neither .svg nor .png`);
  if (by === 'tests' && report.paths === null)
    throw new UsageError('--by tests needs the path tests', 'Leave --no-paths out');
  const overlay = overlayOfCoverage(plan, report, by);
  const theme = isPng ? 'light' : 'auto';
  const drawing = await drawSvg(plan, { view: 'states', theme, overlay });
  await writeAtomically(file, [isPng ? await toPng(drawing) : drawing]);
}

function reportLines(report: CoverageReport, style: Style): readonly string[] {
  const { transitions, paths, runs, otherVersions, untestedButTaken, neverTested } = report;
  const count = (isTaken: (one: CoverageReport['transitions'][number]) => boolean) =>
    `${transitions.filter(isTaken).length} of ${transitions.length}`;
  return [
    `Transitions of ${printable(report.workflow)} version ${report.version}`,
    ...(paths === null
      ? []
      : [`  ${count(({ byTests }) => (byTests ?? 0) > 0)} on ${paths} path tests`]),
    `  ${count(({ byRuns }) => byRuns > 0)} taken by ${runs} stored runs`,
    ...(otherVersions === 0 ? [] : [`  ${otherVersions} stored runs of other versions left out`]),
    ...section(
      'Never tested, but taken',
      untestedButTaken.map(({ id, count: times }) => printable(`${id} (${times} times)`)),
      style,
    ),
    ...section('Never tested', neverTested.map(printable), style),
    ...section(
      'Cannot be reached',
      transitions.flatMap(({ id, unreachable }) =>
        unreachable === null ? [] : [printable(`${id}: ${unreachable}`)],
      ),
      style,
    ),
  ];
}
