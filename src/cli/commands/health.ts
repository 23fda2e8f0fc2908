import type { Command } from 'commander';
import { actorOption } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { withService } from '../remote/with-service.ts';

interface Acting {
  readonly actor: string;
  readonly reason: string;
}

export function addHealth(program: Command, cli: Cli): void {
  program
    .command('health')
    .description('what a running service works on, and what holds it up')
    .action(() =>
      withService(cli, null, async (client) => {
        const health = await client.health.get();
        const { status, problems, queue, limits, runs, stuck, timerLagMs } = health;
        return {
          json: health,
          text: [
            status,
            ...problems.map((problem) => `  ${problem}`),
            `attempts: ${queue.running} under way, ${queue.waiting} waiting`,
            ...limits.queues
              .filter(({ limit, waiting }) => limit !== null || waiting > 0)
              .map(
                ({ queue, limit, running, waiting }) =>
                  `  queue ${printable(queue)}: ${running} of ${limit ?? 'all places'}, ${waiting} waiting`,
              ),
            `runs: ${Object.entries(runs)
              .map(([name, count]) => `${count} ${name}`)
              .join(', ')}`,
            `stuck: ${stuck}; the earliest timer is ${timerLagMs} ms late`,
          ],
          exitCode: status === 'ok' ? 0 : 1,
        };
      }),
    );
  program
    .command('breaker')
    .description('change a circuit breaker')
    .command('reset')
    .description('close it at once')
    .argument('<name>')
    .requiredOption('--reason <text>', 'why')
    .addOption(actorOption())
    .action((name: string, { actor, reason }: Acting) =>
      withService(cli, actor, async (client) => {
        const breaker = await client.health.resetBreaker({ params: { name }, body: { reason } });
        return { json: breaker, text: [`Breaker "${breaker.name}" is ${breaker.state}`] };
      }),
    );
}
