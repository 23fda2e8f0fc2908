import type { Command } from 'commander';
import type { Explanation } from '../../index.ts';
import type { Json } from '../../plan/json.ts';
import { runArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../escape.ts';
import { findRun } from '../find-run.ts';
import { valueLines } from '../format.ts';
import { runLines, section } from '../run-lines.ts';
import { outputOf } from '../run-report.ts';
import type { Style } from '../style.ts';
import { table } from '../table.ts';

export function addExplain(program: Command, cli: Cli): void {
  program
    .command('explain')
    .description(
      'say why a run waits: for whom or what, until when, what then; which events it accepts now, and which guards shut out the others',
    )
    .argument('<run>', runArgument)
    .action((given: string) =>
      cli.run('read', async (session) => {
        const runId = await findRun(session.store, given);
        const explanation = await session.orchestrator.explain(runId);
        const output = await outputOf(session, explanation);
        return {
          json: explanation,
          text: [
            ...runLines(explanation, output, cli.style, Date.now()),
            ...eventLines(explanation, cli.style),
            ...section(
              'State of the chart',
              statePaths(explanation.state).map(printable),
              cli.style,
            ),
            ...(Object.keys(explanation.facts).length === 0
              ? []
              : section('Facts', valueLines(explanation.facts), cli.style)),
          ],
        };
      }),
    );
}

/** One line per active state: `processing.working.approval.waiting_review`. */
function statePaths(state: Json): readonly string[] {
  if (typeof state !== 'object' || state === null) return [String(state)];
  return Object.entries(state).flatMap(([name, inner]) =>
    statePaths(inner).map((path) => `${name}.${path}`),
  );
}

function eventLines({ events }: Explanation, style: Style): readonly string[] {
  const open = events.filter((event) => event.open).map(({ event }) => printable(event));
  const shut = events.filter((event) => !event.open);
  return [
    ...section('Events it accepts now', open.length === 0 ? ['(none)'] : open, style),
    ...section(
      'Events that a guard shuts out',
      table(
        [{ title: '' }, { title: '' }],
        shut.map(({ event, blockedBy }) => [event, `guard ${blockedBy.join(', ')}`]),
        null,
      ),
      style,
    ),
  ];
}
