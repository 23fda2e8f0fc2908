import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { printable, toJsonText } from '../escape.ts';
import { loadMachines } from '../machines.ts';
import { findPlan } from '../plan-source.ts';
import { writeAtomically } from '../write-file.ts';

export function addPlan(program: Command, cli: Cli): void {
  const plan = program.command('plan').description('plans of workflows, as plain JSON');
  plan
    .command('export')
    .description('write the plan of a workflow: what `diff` compares before a deploy')
    .argument('<workflow>', 'name of the workflow, or name@version')
    .option('--output <file>', 'write there instead of to standard output')
    .action(async (workflow: string, { output }: { readonly output?: string }) => {
      const machines = await loadMachines(cli.options.machines);
      const { plan: found } = await findPlan('<workflow>', workflow, machines, null, 'code');
      const text = `${toJsonText(found)}\n`;
      if (output === undefined) {
        await cli.stream(once(text));
        return;
      }
      await writeAtomically(output, [text]);
      const { name, version, hash } = found;
      await cli.report({
        json: { file: output, name, version, hash },
        text: [printable(`Plan of ${name} version ${version} written to ${output}`)],
      });
    });
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
