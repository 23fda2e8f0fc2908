/** What the history of a run tells the outside. Nothing a run works on is in it: who may know more asks for it. */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { OutgoingEvent } from '../../api/endpoints.ts';
import type { RunView } from '../../engine/views.ts';
import type { JsonObject } from '../../plan/json.ts';
import type { HistoryEntry } from '../../ports/store.ts';

export type OutgoingType = z.infer<typeof OutgoingEvent>;

export interface Told {
  /** The same whenever it is derived again. */
  readonly id: string;
  readonly type: OutgoingType | 'endpoint.test';
  readonly atMs: number;
  readonly runId: string | null;
  readonly workflow: string | null;
  readonly data: JsonObject;
}

const endings: ReadonlyMap<string, OutgoingType> = new Map([
  ['complete', 'run.completed'],
  ['failed', 'run.failed'],
  ['cancelled', 'run.cancelled'],
]);

export function eventsOfEntry(run: RunView, entry: HistoryEntry): readonly Told[] {
  const { seq, step, actor, data, event } = entry;
  const what = { status: entry.to, seq, step, actor };
  const events: Told[] = [];
  if (step !== null && event === `${step}.decided`) {
    const decided = { ...what, outcome: data?.['outcome'] ?? null };
    events.push(told(run, 'review.decided', entry.atMs, `${run.runId}/${seq}/decided`, decided));
  }
  const type = typeOf(entry);
  if (type !== null) events.push(told(run, type, entry.atMs, `${run.runId}/${seq}`, what));
  return events;
}

function typeOf({ event, from, to }: HistoryEntry): OutgoingType | null {
  if (from === null) return 'run.created';
  if (event === 'run.retried') return 'run.retried';
  return from === to ? null : (endings.get(to) ?? null);
}

/** Of the reviews that are open now; one that was decided before anybody looked has only its decision. */
export function eventsOfReviews(run: RunView): readonly Told[] {
  return run.waitingOn.flatMap(({ kind, step, since, until }) =>
    kind === 'review'
      ? [
          told(run, 'review.opened', Date.parse(since), `${run.runId}/${step}/opened/${since}`, {
            status: run.status,
            step,
            until,
          }),
        ]
      : [],
  );
}

function told(
  { runId, workflow, version, labels }: RunView,
  type: OutgoingType,
  atMs: number,
  identity: string,
  what: JsonObject,
): Told {
  return {
    id: eventIdOf(identity),
    type,
    atMs,
    runId,
    workflow,
    data: { runId, workflow, version, labels, ...what },
  };
}

export function eventIdOf(identity: string): string {
  return `evt_${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
}

/** The body, the same at every attempt. */
export function bodyOf({ type, atMs, data }: Told): string {
  return JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data });
}
