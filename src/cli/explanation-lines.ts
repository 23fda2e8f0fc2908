/** What a run accepts, and where its chart stands, in words. */
import type { Explanation } from '../index.ts';
import type { Json } from '../plan/json.ts';
import { printable } from './escape.ts';
import { valueLines } from './format.ts';
import { section } from './run-lines.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** Active states and facts. */
export function stateLines({ state, facts }: Explanation, style: Style): readonly string[] {
  return [
    ...section('State of the chart', statePaths(state).map(printable), style),
    ...(Object.keys(facts).length === 0 ? [] : section('Facts', valueLines(facts), style)),
  ];
}

/** One line per active state: `processing.working.approval.waiting_review`. */
function statePaths(state: Json): readonly string[] {
  if (typeof state !== 'object' || state === null) return [String(state)];
  return Object.entries(state).flatMap(([name, inner]) =>
    statePaths(inner).map((path) => `${name}.${path}`),
  );
}

export function eventLines({ events }: Explanation, style: Style): readonly string[] {
  const open = events
    .filter((event) => event.open)
    .map(({ event, judgedBy = [] }) =>
      printable(judgedBy.length === 0 ? event : `${event} (guard ${judgedBy.join(', ')})`),
    );
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
