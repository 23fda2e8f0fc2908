import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { table } from '../table.ts';

export function addDamaged(program: Command, cli: Cli): void {
  program
    .command('damaged')
    .description('list runs whose stored state cannot be trusted')
    .action(() =>
      cli.runOnStore('read', async (store) => {
        const damaged = await store.damaged();
        const rows = damaged.map(({ runId, reason, location }) => [runId, reason, location]);
        const columns = ['RUN', 'WHY', 'KEPT AT'].map((title) => ({ title }));
        return {
          json: { damaged },
          text: rows.length === 0 ? ['No run is damaged'] : table(columns, rows, cli.style.dim),
        };
      }),
    );
}
