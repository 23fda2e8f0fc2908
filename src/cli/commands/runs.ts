import type { Command } from 'commander';
import type { RunStatus } from '../../plan/plan.ts';
import { labelsOption, parseCount, statusOption } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { localTime } from '../format.ts';
import { labelText, stateText, waitingText } from '../run-lines.ts';
import { table } from '../table.ts';

interface RunsOptions {
  readonly workflow?: string;
  readonly status?: readonly RunStatus[];
  readonly labels: Record<string, string>;
  readonly limit: number;
  readonly cursor?: string;
}

export function addRuns(program: Command, cli: Cli): void {
  program
    .command('runs')
    .description('list runs, newest first')
    .option('--workflow <name>', 'only runs of this workflow')
    .addOption(statusOption())
    .addOption(labelsOption('only runs with all of these labels'))
    .option('--limit <count>', 'runs on one page', parseCount, 50)
    .option('--cursor <cursor>', 'where the page before ended')
    .action(({ workflow, status, labels, limit, cursor }: RunsOptions) =>
      cli.run('read', async ({ orchestrator }) => {
        const page = await orchestrator.list({
          labels,
          limit: Math.min(limit, 1_000),
          ...(workflow === undefined ? {} : { workflow }),
          ...(status === undefined ? {} : { status }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        const rows = page.runs.map((run) => [
          run.runId,
          run.workflow,
          stateText(run),
          localTime(run.updatedAt),
          waitingText(run.waitingOn),
          labelText(run.labels),
        ]);
        return {
          json: page,
          text: [
            ...(rows.length === 0 ? ['No runs'] : table(columns(cli), rows, cli.style.dim)),
            ...(page.cursor === null ? [] : ['', `More: add --cursor ${printable(page.cursor)}`]),
          ],
        };
      }),
    );
}

const columns = ({ style }: Cli) => [
  { title: 'RUN' },
  { title: 'WORKFLOW' },
  { title: 'STATUS', style: style.status },
  { title: 'UPDATED' },
  { title: 'WAITS FOR' },
  { title: 'LABELS' },
];
