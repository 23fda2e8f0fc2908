import { type Command, Option } from 'commander';
import { textOf } from '../../proof/paths/move.ts';
import type { Coverage, PathReport } from '../../proof/paths/paths.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { findWorkflow } from '../find-workflow.ts';
import { loadMachines } from '../machines.ts';
import { section } from '../run-lines.ts';
import type { Style } from '../style.ts';

export function addPaths(program: Command, cli: Cli): void {
  program
    .command('paths')
    .description(
      'list paths through a workflow, each from its start to an end, that together take every transition of its chart',
    )
    .argument('<workflow>', 'its name')
    .addOption(
      new Option('--coverage <what>', 'every transition, or every way through each step as well')
        .choices(['transitions', 'paths'])
        .default('transitions'),
    )
    .action(async (name: string, { coverage }: { readonly coverage: Coverage }) => {
      const { workflow } = findWorkflow(await loadMachines(cli.options.machines), name);
      // Generators of values take time to load, which no other command needs to spend.
      const { paths } = await import('../../testing/player/paths.ts');
      const report = paths(workflow, { coverage });
      await cli.report({ json: toJson(report), text: linesOf(report, cli.style) });
    });
}

/** States are left out: each is as large as the chart is deep, and the chart gives them from the events. */
function toJson({ paths: all, transitionIds: _, ...rest }: PathReport) {
  return {
    ...rest,
    paths: all.map(({ id, steps, covers, end, undo }) => ({
      id,
      end,
      events: steps.map(({ move, facts, status, taken }) => ({ ...move, facts, status, taken })),
      covers,
      undo,
    })),
  };
}

function linesOf(report: PathReport, style: Style): readonly string[] {
  const { workflow, version, paths: all, transitions, unreachable, events } = report;
  const taken = transitions - unreachable.length;
  return [
    printable(
      `${workflow} version ${version}: ${all.length} paths with ${events} events take ${taken} of ${transitions} transitions`,
    ),
    ...section(
      'Paths',
      all.map(({ id, steps, end }) =>
        printable(`${id}. ${steps.map(({ move }) => textOf(move)).join(' → ')} → ${end}`),
      ),
      style,
    ),
    ...section(
      'Transitions no path takes',
      unreachable.map(({ transition, reason }) => printable(`${transition}: ${reason}`)),
      style,
    ),
  ];
}
