/**
 * What happens to all runs, as a stream. The last few thousand events are kept in memory, once for all readers: who reads slowly or comes back
 * late goes on where it was, or is told that it has missed some.
 */
import type { RunEvent } from '../../engine/announcer.ts';
import type { Orchestrator } from '../../orchestrator.ts';
import type { RunStatus } from '../../plan/plan.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Caller } from '../caller.ts';
import { createWake } from '../wake.ts';

interface Told {
  readonly kind: 'entry';
  readonly runId: string;
  readonly workflow: string;
  readonly status: RunStatus;
  readonly seq: number;
  readonly event: string;
  readonly step: string | null;
  readonly actor: string;
  readonly at: string;
}

type Tells = (told: Pick<Told, 'workflow' | 'status'>) => boolean;

export interface News {
  /**
   * @param lastEventId - of the last event the reader has; `undefined`: it begins now
   * @param signal - ends the stream
   */
  follow(
    tells: Tells,
    lastEventId: string | readonly string[] | undefined,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly id: string; readonly data: Told | { readonly kind: 'missed' } }>;
  close(): void;
}

interface NewsOptions {
  readonly clock: Clock;
  /** Ids of another process, or of this one before it was started anew, mean nothing. */
  readonly epoch: string;
  /** Events kept. Default 5,000. */
  readonly capacity?: number;
}

export function createNews(
  orchestrator: Pick<Orchestrator, 'subscribe'>,
  { clock, epoch, capacity = 5_000 }: NewsOptions,
): News {
  /** The event of place n stands at n modulo the capacity. */
  const kept: Told[] = [];
  /** Events so far. */
  let end = 0;
  const readers = new Set<() => void>();
  const unsubscribe = orchestrator.subscribe((event) => {
    kept[end % capacity] = toldOf(event);
    end += 1;
    for (const wake of readers) wake();
  });

  async function* follow(
    tells: Tells,
    from: number | null,
    signal: AbortSignal,
  ): ReturnType<News['follow']> & AsyncGenerator {
    const wake = createWake(clock, signal);
    readers.add(wake.now);
    try {
      let place = from ?? end;
      if (from === null) yield { id: `${epoch}-${place}`, data: { kind: 'missed' } };
      while (!signal.aborted) {
        if (place < end - capacity) {
          place = end;
          yield { id: `${epoch}-${place}`, data: { kind: 'missed' } };
        }
        const told = place < end ? kept[place % capacity] : undefined;
        if (told === undefined) await wake.wait(null);
        else {
          place += 1;
          if (tells(told)) yield { id: `${epoch}-${place}`, data: told };
        }
      }
    } finally {
      readers.delete(wake.now);
    }
  }

  /** `null`: nobody knows where the reader was. */
  function placeOf(lastEventId: string): number | null {
    const place = Number(lastEventId.slice(epoch.length + 1));
    const isOurs = lastEventId.startsWith(`${epoch}-`) && Number.isSafeInteger(place);
    return isOurs && place >= Math.max(0, end - capacity) && place <= end ? place : null;
  }

  return {
    follow(tells, lastEventId, signal) {
      const from = typeof lastEventId === 'string' ? placeOf(lastEventId) : end;
      return follow(tells, from, signal);
    },
    close: unsubscribe,
  };
}

function toldOf({ runId, workflow, status, entry }: RunEvent): Told {
  const { seq, event, step, actor, atMs } = entry;
  const at = new Date(atMs).toISOString();
  return { kind: 'entry', runId, workflow, status, seq, event, step, actor, at };
}

/** What the reader asked for, of what it may see. */
export function tellsOf(
  { workflow, status }: { readonly workflow?: string; readonly status?: readonly RunStatus[] },
  caller: Caller,
): Tells {
  return (told) =>
    (workflow === undefined || told.workflow === workflow) &&
    (status === undefined || status.includes(told.status)) &&
    (caller.workflows === undefined || caller.workflows.includes(told.workflow));
}
