import type { Command } from 'commander';
import type { api } from '../../api/api.ts';
import type { AnswerOf } from '../../api/route.ts';
import { parseCount } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { withService } from '../remote/with-service.ts';
import { table } from '../table.ts';

type Row = AnswerOf<typeof api.health.spend>['rows'][number];

export function addSpend(program: Command, cli: Cli): void {
  program
    .command('spend')
    .description('what language models were used by day, workflow and model, as a service counted')
    .option('--days <count>', 'today is the first; at most 90', parseCount, 7)
    .action(({ days }: { days: number }) =>
      withService(cli, null, async (client) => {
        const { rows } = await client.health.spend({ query: { days } });
        const columns = ['DAY', 'WORKFLOW', 'MODEL', 'CALLS', 'IN', 'OUT', 'COST'];
        return {
          json: { rows },
          text:
            rows.length === 0
              ? ['No attempt has reported the use of a model']
              : table(
                  columns.map((title) => ({ title })),
                  rows.map(cellsOf),
                  cli.style.dim,
                ),
        };
      }),
    );
}

function cellsOf(row: Row): readonly string[] {
  const { day, workflow, model, calls, inputTokens, outputTokens, costUsd, unpricedCalls } = row;
  const cost = `$${costUsd.toFixed(4)}`;
  return [
    day,
    printable(workflow),
    printable(model),
    String(calls),
    String(inputTokens),
    String(outputTokens),
    unpricedCalls === 0 ? cost : `${cost} and ${unpricedCalls} calls without a price`,
  ];
}
