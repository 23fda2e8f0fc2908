import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { localTime } from '../format.ts';
import { table } from '../table.ts';

export function addBreakers(program: Command, cli: Cli): void {
  program
    .command('breakers')
    .description('list circuit breakers')
    .action(() =>
      cli.runOnStore('read', async (store) => {
        const breakers = await store.breakers();
        const rows = breakers.map(({ name, state, failures, failureThreshold, openedAtMs }) => [
          name,
          state,
          `${failures} of ${failureThreshold}`,
          openedAtMs === null ? '' : localTime(openedAtMs),
        ]);
        const columns = ['BREAKER', 'STATE', 'FAILURES', 'OPENED'].map((title) => ({ title }));
        return {
          json: { breakers },
          text: rows.length === 0 ? ['No breakers'] : table(columns, rows, cli.style.dim),
        };
      }),
    );
}
