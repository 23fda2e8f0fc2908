import { type Command, Option } from 'commander';
import { toPng } from '../../adapters/canvas/index.ts';
import { toDot } from '../../diagram/dot.ts';
import { drawChange, drawSvg } from '../../diagram/draw.ts';
import type { View } from '../../diagram/graph.ts';
import { overlayOfPath } from '../../diagram/highlight.ts';
import { toMachineConfig } from '../../diagram/machine-config.ts';
import { toMermaid } from '../../diagram/mermaid.ts';
import { combine, noOverlay, type Overlay } from '../../diagram/overlay.ts';
import type { Theme } from '../../diagram/palette.ts';
import { overlayOfRun } from '../../diagram/run-overlay.ts';
import type { Plan } from '../../plan/plan.ts';
import { parseCount } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable, toJsonText } from '../escape.ts';
import { findRun } from '../find-run.ts';
import { parseHighlight } from '../highlight-argument.ts';
import { loadMachines } from '../machines.ts';
import { findPlan, planArgument } from '../plan-source.ts';
import { traceOf } from '../run-trace.ts';
import { withTwoVersions } from '../two-versions.ts';
import { UsageError } from '../usage-error.ts';
import { writeAtomically } from '../write-file.ts';

interface DiagramOptions {
  readonly format: 'svg' | 'png' | 'mermaid' | 'dot' | 'json';
  readonly view: View;
  readonly theme: Theme;
  readonly run?: string;
  readonly at?: number;
  readonly highlight?: string;
  readonly since?: string;
  readonly output?: string;
}

export function addDiagram(program: Command, cli: Cli): void {
  program
    .command('diagram')
    .description('draw a workflow: its steps or its statechart, and where a run stands in it')
    .argument('<workflow>', planArgument)
    .addOption(
      new Option('--format <format>', 'json is the configuration that XState and Stately read')
        .choices(['svg', 'png', 'mermaid', 'dot', 'json'])
        .default('svg'),
    )
    .addOption(
      new Option('--view <view>', 'the steps as they were wired, or the statechart that runs')
        .choices(['steps', 'states'])
        .default('steps'),
    )
    .addOption(
      new Option('--theme <theme>', 'auto follows the system of the reader')
        .choices(['auto', 'light', 'dark'])
        .default('auto'),
    )
    .option('--run <run>', 'show where this run stands')
    .addOption(
      new Option('--at <entry>', 'as it stood after this entry of its history').argParser(
        parseCount,
      ),
    )
    .option(
      '--since <old>',
      'draw what changed since an older version: added, removed, changed, on one chart',
    )
    .option('--highlight <path>', 'a path to point at: a,b,c or the JSON file of a check')
    .option('--output <file>', 'write there instead of to standard output')
    .action((workflow: string, options: DiagramOptions) => draw(cli, program, workflow, options));
}

async function draw(
  cli: Cli,
  program: Command,
  workflow: string,
  options: DiagramOptions,
): Promise<void> {
  const { format, view, output } = options;
  if (options.at !== undefined && options.run === undefined)
    throw new UsageError('--at needs --run', 'Name the run whose history is meant');
  const { plan, drawn } =
    options.since === undefined
      ? await drawOne(cli, workflow, options)
      : await drawBoth(cli, program, workflow, options.since, options);
  if (output !== undefined) {
    await writeAtomically(output, [drawn]);
    await cli.report({
      json: { file: output, workflow: plan.name, version: plan.version, format, view },
      text: [printable(`${plan.name} version ${plan.version} drawn to ${output}`)],
    });
  } else if (cli.options.json && format !== 'json') {
    if (typeof drawn !== 'string') throw new UsageError('--json prints no PNG; add --output');
    const { name, version } = plan;
    await cli.report({ json: { workflow: name, version, format, view, drawing: drawn }, text: [] });
  } else await cli.stream(once(drawn));
}

interface Drawn {
  readonly plan: Plan;
  readonly drawn: string | Uint8Array;
}

async function drawOne(cli: Cli, workflow: string, options: DiagramOptions): Promise<Drawn> {
  const { plan, overlay } = await subjectOf(cli, workflow, options);
  return { plan, drawn: await render(plan, overlay, options) };
}

async function drawBoth(
  cli: Cli,
  program: Command,
  workflow: string,
  since: string,
  { format, view, theme, run, highlight }: DiagramOptions,
): Promise<Drawn> {
  if (run !== undefined || highlight !== undefined)
    throw new UsageError('--since draws two versions; leave out --run and --highlight');
  if (format !== 'svg' && format !== 'png')
    throw new UsageError(`--since draws svg and png, not ${format}`);
  const [older, newer] = [
    ['--since', since],
    ['<workflow>', workflow],
  ] as const;
  return withTwoVersions(cli, program, older, newer, async ({ before, after: { plan } }) => {
    const isPng = format === 'png';
    const colours = isPng && theme === 'auto' ? 'light' : theme;
    const svg = await drawChange(before.plan, plan, { view, theme: colours });
    return { plan, drawn: isPng ? await toPng(svg) : svg };
  });
}

async function* once(drawn: string | Uint8Array): AsyncGenerator<string | Uint8Array> {
  yield drawn;
}

/** A run is drawn on the plan it was started on. */
async function subjectOf(
  cli: Cli,
  workflow: string,
  { run, at, highlight }: DiagramOptions,
): Promise<{ readonly plan: Plan; readonly overlay: Overlay }> {
  const pointed = async (plan: Plan) =>
    highlight === undefined
      ? noOverlay
      : overlayOfPath(plan, await parseHighlight(plan, highlight));
  if (run === undefined) {
    const machines = await loadMachines(cli.options.machines);
    const { plan } = await findPlan('<workflow>', workflow, machines, null, 'code');
    return { plan, overlay: await pointed(plan) };
  }
  return cli.look(async (session) => {
    const { store } = session;
    const runId = await findRun(session.orchestrator, run);
    const trace = await traceOf(session, runId, at);
    const header = (await store.load(runId))?.header;
    const plan =
      header === undefined
        ? null
        : await store.plan(header.workflow, header.version, header.planHash);
    if (plan === null || plan.name !== workflow.replace(/[@#].*$/, ''))
      throw new UsageError(
        `Run "${runId}" is one of "${header?.workflow ?? 'another workflow'}", not of "${workflow}"`,
      );
    return { plan, overlay: combine(overlayOfRun(plan, trace), await pointed(plan)) };
  });
}

async function render(
  plan: Plan,
  overlay: Overlay,
  { format, view, theme }: DiagramOptions,
): Promise<string | Uint8Array> {
  switch (format) {
    case 'svg':
      return drawSvg(plan, { view, theme, overlay });
    case 'png':
      return toPng(
        await drawSvg(plan, { view, overlay, theme: theme === 'auto' ? 'light' : theme }),
      );
    case 'mermaid':
      return toMermaid(plan, { view, overlay });
    case 'dot':
      return toDot(plan, { view, overlay });
    case 'json':
      return `${toJsonText(toMachineConfig(plan))}\n`;
    default:
      return format satisfies never;
  }
}
