/**
 * Runs of one workflow pass the same states by the same events. A transition depends on snapshot and event alone and snapshots never change, so
 * the answer one run got is the answer for all; it is looked up instead of being worked out again.
 */
import type { AnyMachineSnapshot } from 'xstate';
import type { Advance, ChartEvent } from './events.ts';

export interface KnownTransitions {
  find(snapshot: AnyMachineSnapshot, event: ChartEvent): Advance | null;
  /** Ignored for a snapshot that no other run can share, and when there are many already. */
  keep(snapshot: AnyMachineSnapshot, event: ChartEvent, advance: Advance): void;
}

/** Of one chart: about 2 MB. */
const maxTransitions = 1_000;

/** @param initial - the snapshot every run begins with; the others shared are those reached from it by transitions kept here */
export function createKnownTransitions(initial: AnyMachineSnapshot): KnownTransitions {
  const shared = new WeakMap<AnyMachineSnapshot, Map<string, Advance>>();
  let count = 0;
  shared.set(initial, new Map());
  return {
    find: (snapshot, event) => shared.get(snapshot)?.get(keyOf(event) ?? '') ?? null,
    keep(snapshot, event, advance) {
      const known = shared.get(snapshot);
      const key = keyOf(event);
      if (known === undefined || key === null || count >= maxTransitions) return;
      known.set(key, advance);
      if (!shared.has(advance.snapshot)) shared.set(advance.snapshot, new Map());
      count += 1;
    },
  };
}

/** `null` if the event carries what hardly another one does, such as an error message. */
function keyOf(event: ChartEvent): string | null {
  for (const name in event) if (!repeated.has(name)) return null;
  const { type, outcome, undo, facts } = event;
  if (outcome === undefined && undo === undefined && facts === undefined) return type;
  return `${type}\n${outcome ?? ''}\n${undo ?? ''}\n${JSON.stringify(facts)}`;
}

const repeated: ReadonlySet<string> = new Set(['type', 'outcome', 'undo', 'facts']);
