/** The history of a run as a stream. The store is its source, so nothing is missed and nothing is kept for slow readers. */
import { SignalboxError } from '../../errors.ts';
import type { Call } from '../bind.ts';
import type { ServiceParts } from '../parts.ts';
import { createWake } from '../wake.ts';

const pageSize = 100;
/** How often a store is looked at that other processes write to. */
const pollMs = 1_000;

/** Where a reader goes on: after the last entry it has, or else where it asks to begin. @throws SignalboxError `REQUEST_INVALID` */
export function afterOf(headers: Call['headers'], afterSeq: number): number {
  const last = headers['last-event-id'];
  if (last === undefined || last === '') return afterSeq;
  if (typeof last === 'string' && /^\d{1,15}$/.test(last)) return Number(last);
  throw new SignalboxError(
    'REQUEST_INVALID',
    'Header Last-Event-ID is not the number of an entry of the history',
  );
}

/** @throws SignalboxError `RUN_NOT_FOUND`, before the stream begins */
export async function eventsOf(
  { orchestrator, store, clock }: ServiceParts,
  runId: string,
  afterSeq: number,
  signal: AbortSignal,
) {
  const { workflow, entries } = await orchestrator.get(runId);
  // A reader that knows entries there never were knows another run: its store was restored from a copy.
  const from = afterSeq > entries ? 0 : afterSeq;
  return (async function* () {
    const wake = createWake(clock, signal);
    const unsubscribe = orchestrator.subscribe(() => wake.now(), runId);
    try {
      for (let last = from; !signal.aborted; ) {
        const page = await orchestrator.history(runId, { afterSeq: last, limit: pageSize });
        for (const entry of page) {
          yield { id: String(entry.seq), data: { runId, workflow, status: entry.to, entry } };
          last = entry.seq;
        }
        if (page.length < pageSize) await wake.wait(store.shared ? pollMs : null);
      }
    } finally {
      unsubscribe();
    }
  })();
}
