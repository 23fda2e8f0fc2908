/** One run by chance: the chart decides as it does in the engine, the model says how long things take and how they end. */
import type { AnyMachineSnapshot } from 'xstate';
import { contextOf, statusOf } from '../../chart/advance.ts';
import type { ChartEvent } from '../../chart/events.ts';
import { isTerminal } from '../../chart/lifecycle.ts';
import { type Settled, type Settlement, settle } from '../../plan/settle.ts';
import type { ActiveRun, Next, SampledEnd, SampledRun } from './active-run.ts';
import { carryOut } from './carry-out.ts';
import { chanceOf } from './chance.ts';
import { stepOf } from './events.ts';
import { createOpenItems } from './open-items.ts';
import { entriesOf } from './undo-list.ts';
import type { Subject, World } from './world.ts';

/** @param onEnd - told once, when the run has ended */
export function startSampledRun(
  subject: Subject,
  world: World,
  onEnd: (ended: SampledEnd) => void,
): SampledRun {
  const { compiled, index } = subject;
  const chance = chanceOf(subject, world.random);
  const progress = new Map<string, Settled>();
  let snapshot: AnyMachineSnapshot = compiled.initial;
  let hasEnded = false;
  const run: ActiveRun = {
    subject,
    world,
    items: createOpenItems(world.agenda),
    undoList: { entries: [], undone: 0 },
    children: new Map(),
    context: () => contextOf(snapshot),
    send,
    spawn: startSampledRun,
  };

  function send(...first: Next): void {
    if (hasEnded) return;
    const queue: Next[] = [first];
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      queue.unshift(...take(...next));
    const status = statusOf(snapshot);
    if (hasEnded || !isTerminal(status)) return;
    hasEnded = true;
    run.items.close(() => true);
    const { undone, entries } = run.undoList;
    onEnd({ status, undone, undoable: entries.length });
  }

  /** @returns events that follow at once */
  function take(given: ChartEvent, settles?: Settled, waitMs = 0): readonly Next[] {
    const settlement = settlementOf(given, settles);
    const event = withFacts(given, settlement);
    const advanced = subject.step(snapshot, event);
    if (advanced === null) return [];
    snapshot = advanced.snapshot;
    for (const [id, known] of settlement?.settled ?? []) progress.set(id, known);
    if (settles !== undefined) run.undoList.entries.push(...entriesOf(index, event));
    return advanced.effects.flatMap((effect) => carryOut(run, effect, waitMs));
  }

  function settlementOf(event: ChartEvent, settles: Settled | undefined): Settlement | null {
    const isStart = event.type === 'run.started';
    if (!isStart && (settles === undefined || statusOf(snapshot) !== 'processing')) return null;
    const seeds = settles === undefined ? [] : [[stepOf(event), settles] as const];
    return settle(index, progress, seeds, () => undefined, chance, isStart);
  }

  send({ type: 'run.started' });
  return {
    cancel: (mode) => send({ type: 'run.cancelled', mode }),
  };
}

function withFacts(event: ChartEvent, settlement: Settlement | null): ChartEvent {
  return settlement === null || Object.keys(settlement.facts).length === 0
    ? event
    : { ...event, facts: settlement.facts };
}
