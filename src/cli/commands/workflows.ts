import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { isStep } from '../../plan/plan.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { toFailure } from '../failure.ts';
import { loadMachines } from '../machines.ts';
import { table } from '../table.ts';

export function addWorkflows(program: Command, cli: Cli): void {
  program
    .command('workflows')
    .description('list the workflows that can be run')
    .action(async () => {
      const machines = await loadMachines(cli.options.machines);
      const workflows = machines.workflows.map(({ workflow: { name, version, plan }, module }) => ({
        name,
        version,
        description: plan.description ?? null,
        steps: plan.nodes.filter(isStep).length,
        module: relative('', fileURLToPath(module)),
      }));
      const problems = machines.problems.map(({ module, error }) => ({
        module: relative('', module),
        message: toFailure(error).message,
      }));
      const columns = ['WORKFLOW', 'VERSION', 'STEPS', 'MODULE', 'DESCRIPTION'].map((title) => ({
        title,
      }));
      const rows = workflows.map(({ name, version, steps, module, description }) => [
        name,
        String(version),
        String(steps),
        module,
        description ?? '',
      ]);
      await cli.report({
        json: { workflows, problems },
        text: [
          ...(rows.length === 0
            ? [
                printable(
                  `No workflows in ${cli.options.machines}; --machines names another folder`,
                ),
              ]
            : table(columns, rows, cli.style.dim)),
          ...problems.map(({ module, message }) =>
            printable(`Module "${module}" cannot be loaded: ${message}`),
          ),
        ],
        exitCode: problems.length === 0 ? 0 : 1,
      });
    });
}
