/** Starts runs for past slots that have none. */
import type { z } from 'zod';
import type { AnswerOf } from '../../api/route.ts';
import type { schedules as calls } from '../../api/schedules.ts';
import { SignalboxError } from '../../errors.ts';
import type { Schedule } from '../../triggers/schedule.ts';
import { type Slot, upcoming } from '../../triggers/slots.ts';
import { aFire, type Deps } from './advance.ts';
import { beginSlot, runOfSlot } from './starter.ts';
import { type FireRecord, iso } from './state.ts';
import { slotView } from './view.ts';

type Answer = AnswerOf<(typeof calls)['backfill']>;
type Row = Answer['slots'][number];

export async function backfill(
  deps: Deps,
  schedule: Schedule,
  { from, to, dryRun, limit }: z.output<(typeof calls)['backfill']['body']>,
  by: { readonly actor: string; readonly record: (fires: readonly FireRecord[]) => Promise<void> },
): Promise<Answer> {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs > toMs || toMs > deps.clock.nowMs()) {
    throw new SignalboxError('INPUT_INVALID', `From ${from} to ${to} is no range of the past`, {
      hint: '"from" comes before "to", and "to" is not after now',
    });
  }
  const found = upcoming(schedule.slots, fromMs - 1, limit + 1).filter(({ atMs }) => atMs <= toMs);
  const rows: Row[] = [];
  for (const slot of found.slice(0, limit)) {
    rows.push({ ...slotView(slot), ...(await fill(deps, schedule, slot, dryRun, by)) });
  }
  const next = found[limit];
  return { dryRun, slots: rows, nextFrom: next === undefined ? null : iso(next.atMs) };
}

async function fill(
  deps: Deps,
  schedule: Schedule,
  slot: Slot,
  dryRun: boolean,
  by: Parameters<typeof backfill>[3],
): Promise<Pick<Row, 'outcome' | 'runId' | 'reason'>> {
  const { book, orchestrator, clock } = deps;
  const fired = await book.fire(schedule.name, slot.atMs);
  if (fired?.outcome === 'published') return { outcome: 'exists', runId: null, reason: null };
  const runId =
    fired?.runId ??
    (schedule.target.kind === 'event' ? null : await runOfSlot(orchestrator, schedule, slot.atMs));
  if (runId !== null) return { outcome: 'exists', runId, reason: null };
  if (dryRun) return { outcome: 'would_start', runId: null, reason: null };
  const intent = { slotMs: slot.atMs, local: slot.local, cause: 'backfill' as const };
  const nowMs = clock.nowMs();
  const begun = await beginSlot(orchestrator, schedule, intent, { actor: by.actor, nowMs });
  await by.record([{ ...aFire(intent, nowMs), ...begun, actor: by.actor }]);
  return begun;
}
