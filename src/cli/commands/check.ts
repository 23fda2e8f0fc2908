import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { check, worstOf } from '../../proof/check/check.ts';
import { limits } from '../../proof/check/report.ts';
import type { CheckedWorkflow } from '../check/checked.ts';
import { type Drawing, drawViolations } from '../check/drawings.ts';
import { junitOf } from '../check/junit.ts';
import { sarifOf } from '../check/sarif.ts';
import { checkLines } from '../check/text.ts';
import type { Cli } from '../cli.ts';
import { printable, toJsonText } from '../escape.ts';
import { toFailure } from '../failure.ts';
import { workflowUnknown } from '../find-workflow.ts';
import { indented } from '../format.ts';
import { type FoundWorkflow, loadMachines, type Machines } from '../machines.ts';
import { UsageError } from '../usage-error.ts';
import { writeAtomically } from '../write-file.ts';

interface CheckOptions {
  readonly format?: 'sarif' | 'junit';
  readonly output?: string;
  readonly draw?: string;
}

export function addCheck(program: Command, cli: Cli): void {
  program
    .command('check')
    .description(
      'prove that no review can be bypassed, nothing gets stuck, every effect is undone or declared irreversible, and more; exits with 1 on a violation',
    )
    .argument('[workflow...]', 'names; default: all')
    .addOption(
      new Option('--format <format>', 'for other programs: SARIF 2.1.0 or JUnit XML').choices([
        'sarif',
        'junit',
      ]),
    )
    .option('--output <file>', 'write there, as --format says, instead of to standard output')
    .option('--draw <folder>', 'draw the path of every violation into this folder, as SVG')
    .action((names: readonly string[], options: CheckOptions) =>
      checkAll(cli, names, options, program.version() ?? ''),
    );
}

async function checkAll(
  cli: Cli,
  names: readonly string[],
  { format, output, draw }: CheckOptions,
  version: string,
): Promise<void> {
  if (output !== undefined && format === undefined)
    throw new UsageError('--output needs --format sarif or --format junit');
  if (format !== undefined && output === undefined && cli.options.json)
    throw new UsageError(`--json and --format ${format} are two documents; add --output`);
  const machines = await loadMachines(cli.options.machines);
  const { checked, drawings } = await checkedOf(chosen(machines, names), draw);
  const problems = machines.problems.map(({ module, error }) => ({
    module: relative('', module),
    message: toFailure(error).message,
  }));
  for (const { module, message } of problems)
    cli.note(`Module "${module}" cannot be loaded: ${message}`);
  const verdict = worstOf(checked.map(({ report }) => report.verdict));
  // What could not be loaded was not checked: a gate must not open for it.
  const exitCode = verdict === 'violated' || problems.length > 0 ? 1 : 0;
  if (format !== undefined) {
    const text =
      format === 'junit' ? junitOf(checked) : `${toJsonText(sarifOf(checked, version))}\n`;
    if (output === undefined) {
      await cli.report({ json: null, text: [text.trimEnd()], exitCode });
      return;
    }
    await writeAtomically(output, [text]);
  }
  const written = [...drawings.map(({ file }) => file), ...(output === undefined ? [] : [output])];
  await cli.report({
    json: {
      verdict,
      workflows: checked.map(({ report, module }) => ({ ...report, module })),
      problems,
      drawings,
      limits,
    },
    text: [
      ...checked.flatMap((each) => checkLines(each, cli.style)),
      cli.style.dim('What this does not say'),
      ...indented(limits).map(cli.style.dim),
      ...written.map((file) => printable(`Written to ${file}`)),
    ],
    exitCode,
  });
}

async function checkedOf(
  workflows: readonly FoundWorkflow[],
  draw: string | undefined,
): Promise<{
  readonly checked: readonly CheckedWorkflow[];
  readonly drawings: readonly Drawing[];
}> {
  const checked: CheckedWorkflow[] = [];
  const drawings: Drawing[] = [];
  for (const { workflow, module } of workflows) {
    const report = check(workflow);
    checked.push({ report, module: relative('', fileURLToPath(module)).split(sep).join('/') });
    if (draw !== undefined) drawings.push(...(await drawViolations(draw, workflow.plan, report)));
  }
  return { checked, drawings };
}

/** @throws UsageError if there is nothing at all to check: a gate that looks at the wrong folder must not open */
function chosen(machines: Machines, names: readonly string[]): readonly FoundWorkflow[] {
  const { workflows, problems } = machines;
  if (names.length === 0 && workflows.length === 0 && problems.length === 0)
    throw new UsageError(
      'There is no workflow to check',
      'Name the folder or module of your workflows with --machines',
    );
  if (names.length === 0) return workflows;
  return names.flatMap((name) => {
    const found = workflows.filter(({ workflow }) => workflow.name === name);
    if (found.length > 0) return found;
    throw workflowUnknown(machines, name);
  });
}
