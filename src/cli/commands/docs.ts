import { join } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { loadMachines } from '../machines.ts';
import { processPages, type StalePage, stalePages, writePages } from '../process-pages.ts';

interface DocsOptions {
  readonly check: boolean;
  readonly output: string;
}

export function addDocs(program: Command, cli: Cli): void {
  program
    .command('docs')
    .description(
      'write a process page for each workflow, with its drawings; or check that they are fresh',
    )
    .option(
      '--check',
      'write nothing; exit with 1 if a page is not what its definition yields',
      false,
    )
    .option('--output <folder>', 'where the pages are', 'docs/processes')
    .action(async ({ check, output }: DocsOptions) => {
      const machines = await loadMachines(cli.options.machines);
      const [broken] = machines.problems;
      // A page less would look like a workflow less.
      if (broken !== undefined) throw broken.error;
      const pages = await processPages(machines.workflows.map(({ workflow }) => workflow));
      const stale = await stalePages(output, pages);
      if (!check) await writePages(output, pages, stale);
      const isFresh = stale.length === 0;
      await cli.report({
        json: { folder: output, pages: [...pages.keys()], stale, written: !check },
        text: isFresh
          ? [printable(`${pages.size} files in ${output} are up to date`)]
          : [
              ...stale.flatMap((each) => staleLines(output, each, check)),
              ...(check ? ['Run `signalbox docs` and commit what it writes'] : []),
            ],
        exitCode: check && !isFresh ? 1 : 0,
      });
    });
}

function staleLines(folder: string, { file, kind, difference }: StalePage, isCheck: boolean) {
  const name = join(folder, file);
  if (!isCheck) return [printable(`${kind === 'superfluous' ? 'removed' : 'written'}: ${name}`)];
  if (kind === 'superfluous') return [printable(`${name}: its workflow is gone`)];
  if (kind === 'missing') return [printable(`${name} is missing`)];
  if (difference === null) return [printable(`${name} is not what its definition yields`)];
  return [
    `${name}:${difference.line} differs`,
    `  - ${difference.committed}`,
    `  + ${difference.wanted}`,
  ].map(printable);
}
