/** A run in words. */
import type { RunOutcome, RunView, Waiting } from '../index.ts';
import { printable } from './escape.ts';
import { deadline, indented, localTime, span, valueLines } from './format.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** Status, what it waits for, how it ended, what it yielded. */
export function runLines(
  view: RunView,
  output: unknown,
  style: Style,
  nowMs: number,
): readonly string[] {
  const state = stateText(view);
  return [
    `Run ${style.bold(printable(view.runId))} of ${printable(view.workflow)} is ${style.status(state)}`,
    ...section('Waiting for', waitingLines(view.waitingOn, nowMs), style),
    ...section('How it ended', outcomeLines(view.outcome), style),
    ...(view.status === 'complete' ? section('Output', valueLines(output), style) : []),
  ];
}

/** Status, and whether it is paused: by itself, or with its workflow or everything. */
export function stateText({ status, paused, heldBy }: RunView): string {
  return paused || heldBy.length > 0 ? `${status}, paused` : status;
}

/** Where it comes from. */
export function detailLines(view: RunView, style: Style): readonly string[] {
  const facts: [string, string | null][] = [
    ['version', String(view.version)],
    ['created', localTime(view.createdAt)],
    ['updated', localTime(view.updatedAt)],
    ['finished', view.finishedAt === null ? null : localTime(view.finishedAt)],
    ['actor', view.actor],
    ['key', view.key],
    ['labels', labelText(view.labels) || null],
    ['priority', view.priority === 'default' ? null : view.priority],
    ['durability', view.durability === 'durable' ? null : view.durability],
    ['mode', view.mode],
    ['parent', view.parent === null ? null : `${view.parent.runId}, step ${view.parent.step}`],
    [
      'forked from',
      view.forkedFrom === null ? null : `${view.forkedFrom.runId}, entry ${view.forkedFrom.seq}`,
    ],
    ['generation', view.generation === 1 ? null : String(view.generation)],
    ['entries', String(view.entries)],
  ];
  const rows = facts.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  const milestones = view.milestones.map(({ name, at }) => [name, localTime(at)]);
  return [
    ...section('Details', table([{ title: '' }, { title: '' }], rows, null), style),
    ...section('Milestones', table([{ title: '' }, { title: '' }], milestones, null), style),
    ...(Object.keys(view.context).length === 0
      ? []
      : section('Context', valueLines(view.context), style)),
  ];
}

/** `review approval, event payment`. */
export function waitingText(
  waitingOn: readonly { readonly kind: string; readonly step: string }[],
): string {
  return waitingOn.map(({ kind, step }) => `${kind} ${step}`).join(', ');
}

export function labelText(labels: RunView['labels']): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

export function section(title: string, lines: readonly string[], style: Style): readonly string[] {
  return lines.length === 0 ? [] : [style.bold(title), ...indented(lines)];
}

/** How far a review has come, and who deals with it; nothing of one that is as it was opened. */
function reviewLines(review: NonNullable<Waiting['review']>): readonly string[] {
  const { approvals, rejections, claimedBy, delegatedTo, escalatedTo } = review;
  const given = approvals.given.map(({ actor, onBehalfOf }) =>
    onBehalfOf === null ? actor : `${actor} for ${onBehalfOf}`,
  );
  const names = given.length === 0 ? '' : `: ${given.join(', ')}`;
  return [
    ...(approvals.needed === 1 ? [] : [`${given.length} of ${approvals.needed} approvals${names}`]),
    ...approvals.from.map(({ group, needed, given: of }) => `${of} of ${needed} of ${group}`),
    ...(rejections.needed === 1
      ? []
      : [
          `${rejections.given.length} of ${rejections.needed} rejections${rejections.given.map(({ actor }, index) => `${index === 0 ? ': ' : ', '}${actor}`).join('')}`,
        ]),
    ...(claimedBy === null
      ? []
      : [
          `claimed by ${claimedBy.actor}${claimedBy.until === null ? '' : ` until ${localTime(claimedBy.until)}`}`,
        ]),
    ...delegatedTo.map(({ from, to }) => `delegated by ${from} to ${to}`),
    ...(escalatedTo.length === 0 ? [] : [`escalated to ${escalatedTo.join(', ')}`]),
  ].map(printable);
}

function waitingLines(waitingOn: readonly Waiting[], nowMs: number): readonly string[] {
  return waitingOn.flatMap(
    ({ kind, step, what, since, until, remainingMs, afterwards, shown, review }) => {
      const then = afterwards === null ? '' : `, then ${afterwards}`;
      return [
        printable(`${kind} "${step}": ${what}`),
        ...indented([
          `since ${localTime(since)}`,
          ...(until === null ? [] : [`until ${deadline(until, nowMs)}${then}`]),
          ...(remainingMs === undefined ? [] : [`stands still, ${span(remainingMs)} left${then}`]),
          ...(review === undefined ? [] : reviewLines(review)),
          ...(shown === undefined || shown === null ? [] : valueLines(shown)),
        ]),
      ];
    },
  );
}

function outcomeLines(outcome: RunOutcome | null): readonly string[] {
  if (outcome === null) return [];
  const { failure, cancelled, completed, undone, notUndone, compensation } = outcome;
  const list = (names: readonly string[]) => printable(names.join(', '));
  return [
    ...(failure === null ? [] : [printable(failure.message)]),
    ...(cancelled === null
      ? []
      : [`cancelled${cancelled.reason === null ? '' : `: ${printable(cancelled.reason)}`}`]),
    ...(completed.length === 0 ? [] : [`completed: ${list(completed)}`]),
    ...(compensation === 'nothing' ? ['nothing had to be undone'] : []),
    ...(undone.length === 0 ? [] : [`undone: ${list(undone)}`]),
    ...notUndone.map(({ step, reason }) => printable(`not undone: ${step} (${reason})`)),
  ];
}
